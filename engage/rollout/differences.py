"""What one published set has that another has not: in plain words, and line by line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Literal

from sqlalchemy.orm import Session

from engage.errors import PlaybookError
from engage.language.check import has_errors
from engage.language.normalizing import dumped, normalized_playbook
from engage.language.spec import Playbook
from engage.language.telling import Line, tell
from engage.language.workspace import Workspace
from engage.messages.textpart import derive_text
from engage.releases.library import Library
from engage.releases.tables import PlaybookVersion, Release
from engage.rollout.apply import used_templates
from engage.rollout.checking import check, compile_all

Kind = Literal["playbook", "template", "shared"]
Part = tuple[Kind, str]  # a template is named `name (locale)`


@dataclass(frozen=True, slots=True)
class Written:
    """One part of a published set: its text in one form, and the playbook where it is one."""

    text: str
    playbook: Playbook | None = None
    look: str = ""  # of a mail: its HTML
    templates: tuple[str, ...] = ()  # of a playbook: those that it sends


PublishedSet = Mapping[Part, Written]


@dataclass(frozen=True, slots=True)
class Change:
    """One part that is new, changed or withdrawn."""

    kind: Kind
    name: str
    what: Literal["new", "changed", "withdrawn"]
    words: tuple[str, ...]  # plain words, each begun by "+ " or "- "
    diff: str  # of the normalized text
    only_look: bool = False  # a mail that reads the same and looks different


def of_workspace(workspace: Workspace) -> PublishedSet:
    """What publishing the files would make live; raises PlaybookError where `check` finds an error."""
    problems = check(workspace)
    if has_errors(problems):
        raise PlaybookError([problem for problem in problems if problem.severity == "error"])
    parts: dict[Part, Written] = {}
    used: set[str] = set()
    for file in workspace.playbooks:
        names = used_templates(file.playbook)
        used.update(names)
        text = normalized_playbook(file.document.text)
        parts["playbook", file.playbook.key] = Written(text, file.playbook, templates=tuple(names))
    for each in compile_all(workspace):
        if each.name in used:
            written = _template(each.locale, each.kind, each.subject, each.html, each.text, each.meta)
            parts["template", f"{each.name} ({each.locale})"] = written
    return parts | _shared(workspace.vocabulary.model_dump(mode="json"))


def of_release(session: Session, library: Library, release: Release | None) -> PublishedSet:
    """What a release made live; nothing before the first."""
    if release is None:
        return {}
    parts: dict[Part, Written] = {}
    for key, version_id in release.playbooks.items():
        live = library.playbook(session, version_id)
        text = normalized_playbook(session.get_one(PlaybookVersion, version_id).source)
        parts["playbook", key] = Written(text, live.playbook, templates=tuple(live.templates))
        for name, locales in live.templates.items():
            for locale, id_ in locales.items():
                one = library.template(session, id_)
                written = _template(locale, one.kind, one.subject, one.html, one.text, dict(one.meta))
                parts["template", f"{name} ({locale})"] = written
    return parts | _shared(release.vocabulary)


def fingerprint(parts: PublishedSet) -> str:
    """The same for the same content, however it is written down."""
    said = sorted((kind, name, one.text, one.look) for (kind, name), one in parts.items())
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def differences(before: PublishedSet, after: PublishedSet, *, locale: str) -> tuple[Change, ...]:
    """Every part that differs, in a fixed order."""
    found = (_change(part, before.get(part), after.get(part), locale) for part in sorted({*before, *after}))
    return tuple(change for change in found if change is not None)


def concerning(changes: Iterable[Change], key: str, parts: Iterable[PublishedSet]) -> tuple[Change, ...]:
    """The changes of one playbook and of the templates that it sends, before or after."""
    owned = [one[("playbook", key)] for one in parts if ("playbook", key) in one]
    names = {name for one in owned for name in one.templates}
    return tuple(
        change
        for change in changes
        if (change.kind == "playbook" and change.name == key)
        or (change.kind == "template" and change.name.rpartition(" (")[0] in names)
    )


def _template(locale: str, kind: str, subject: str, html: str, text: str | None, meta: dict[str, Any]) -> Written:
    body = text if text is not None else derive_text(html, locale=locale)
    return Written(f"{dumped({'kind': kind, **meta})}---\n{subject.strip()}\n---\n{body.strip()}\n", look=html)


def _shared(vocabulary: Mapping[str, Any]) -> dict[Part, Written]:
    sections = {name: said for name, said in vocabulary.items() if said and name != "defaults"}
    return {("shared", name): Written(dumped(said)) for name, said in sections.items()}


def _change(part: Part, before: Written | None, after: Written | None, locale: str) -> Change | None:
    old, new = before or Written(""), after or Written("")
    if (old.text, old.look) == (new.text, new.look):
        return None
    kind, name = part
    what: Literal["new", "changed", "withdrawn"] = (
        "new" if before is None else "withdrawn" if after is None else "changed"
    )
    words = tuple(_marked(_told(old.playbook, locale), _told(new.playbook, locale)))
    diff = "".join(unified_diff(old.text.splitlines(True), new.text.splitlines(True), f"live/{name}", f"files/{name}"))
    return Change(kind, name, what, words, diff, only_look=old.text == new.text)


def _told(playbook: Playbook | None, locale: str) -> list[str]:
    return [] if playbook is None else list(_flat(tell(playbook, locale)))


def _flat(line: Line, depth: int = 0) -> Iterator[str]:
    yield "  " * depth + line.text
    for under in line.under:
        yield from _flat(under, depth + 1)


def _marked(old: list[str], new: list[str]) -> Iterator[str]:
    for line in list(unified_diff(old, new, n=0, lineterm=""))[2:]:
        if not line.startswith("@@"):
            yield f"{line[0]} {line[1:].strip()}"
