"""A new playbook in a team's folder: a copy of another one with its templates, or the smallest that can run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engage.errors import ConflictError, InputError, NotFoundError
from engage.language.guessing import way_out
from engage.language.schema import MODE_LINE, SCHEMAS
from engage.language.spec import walk
from engage.language.steps import messages_in, templates_sent
from engage.language.templates import LAYOUT, LOCALES
from engage.language.workspace import PlaybookFile, Workspace, load_workspace

_KEY = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_FIRST_LINE = re.compile(r"^playbook:.*$", re.MULTILINE)
_PLAYBOOK = """\
# Say here in a sentence who gets what, and when.
playbook: {key}
title: {{ja: {key}, en: {key}}}
stage: use
subject: account
trigger: manual # engage playbooks start {key} --account ID
from: [csm, team]
to: [champion, admin]
topic: {topic}
goal: none # better: what success is, such as {{event: feature.used, within: 30 days}}
steps:
  - email: {key}/first
tests:
  - then: [{{at: 2027-01-13 10:00, start: true}}]
    expect: [{{at: 2027-01-13, email: {key}/first, to: champion}}]
never:
  - more than 1 email per run
"""
_META = """\
kind: email
purpose: relationship
topic: {topic}
description: {{ja: {key} の最初のメール, en: First mail of {key}}}
needs: [] # facts without which the mail is held, such as goal.text
"""
_BODY = """\
<mjml lang="{locale}">
<mj-head>
{{% include "_layout/head.mjml" %}}
<mj-preview>{beside}</mj-preview>
</mj-head>
<mj-body background-color="#f2f4f7" css-class="page">
{{% include "_layout/header.mjml" %}}
<mj-section>
  <mj-column>
    <mj-text>
      {{% include "_layout/greeting.mjml" %}}
      <p>{said}</p>
    </mj-text>
  </mj-column>
</mj-section>
{{% include "_layout/footer.mjml" %}}
</mj-body>
</mjml>
"""
_SUBJECT = {"ja": "{{ company.product }}について", "en": "About {{ company.product }}"}
_SAID = {"ja": "{{ account.name }}様にお伝えしたいことを、ここに書きます。", "en": "Write to {{ account.name }} here."}
_BESIDE = {"ja": "件名の横に出る一行を、ここに書きます。", "en": "Write here what stands beside the subject."}


@dataclass(frozen=True, slots=True)
class Folders:
    """Where playbooks and their templates stand."""

    playbooks: Path
    templates: Path

    def read(self) -> Workspace:
        """What stands there."""
        return load_workspace(self.playbooks, self.templates)


def begin_playbook(key: str, *, like: str | None, ours: Folders, shipped: Folders) -> list[Path]:
    """Writes a new playbook and its templates into our folders, nothing over what stands there; the new files.

    `like` names one of ours or a shipped one; the copy has templates of its own under the new name.
    Pieces that all mails share are brought along where we have none.
    """
    if not _KEY.fullmatch(key):
        raise InputError(f"{key} is no key", code="bad_key", hint="small letters, digits and '-', such as first-report")
    if ours.playbooks.resolve() == shipped.playbooks.resolve():
        hint = "engage init DIR, then set ENGAGE_PLAYBOOKS and ENGAGE_TEMPLATES to its folders"
        raise ConflictError("these are the shipped playbooks, not your own", where=str(ours.playbooks), hint=hint)
    texts = _copied(key, like, ours, shipped) if like else _smallest(key, ours)
    layout = dict(_layout(ours, shipped))
    for path in texts:
        if path.exists():
            raise ConflictError("there is such a file already", where=str(path), hint="choose another key")
    texts[ours.playbooks / f"{key}.yaml"] = _for_editors(texts[ours.playbooks / f"{key}.yaml"], ours)
    for path, text in {**texts, **layout}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return [*texts, *([ours.templates / LAYOUT] if layout else [])]


def _for_editors(text: bytes, ours: Folders) -> bytes:
    """With the line by which every editor finds the schema, where the team keeps the schemas beside its playbooks."""
    schema = f"{SCHEMAS}/playbook.schema.json"
    if MODE_LINE.encode() in text or not (ours.playbooks.parent / schema).exists():
        return text
    return f"{MODE_LINE}../{schema}\n".encode() + text


def _copied(key: str, like: str, ours: Folders, shipped: Folders) -> dict[Path, bytes]:
    file, home = _found(like, ours, shipped)
    names = _renamed(key, file)
    text = _FIRST_LINE.sub(f"playbook: {key}", file.document.text, count=1)
    for old, new in names.items():
        text = re.sub(rf"(?<=: ){re.escape(old)}(?=[\s,}}\]]|$)", new, text)
    texts = {ours.playbooks / f"{key}.yaml": text.encode()}
    for old, new in names.items():
        source = _folder_of(old, ours, home)
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            texts[ours.templates / new / path.relative_to(source)] = path.read_bytes()
    return texts


def _found(like: str, ours: Folders, shipped: Folders) -> tuple[PlaybookFile, Folders]:
    known: dict[str, tuple[PlaybookFile, Folders]] = {}
    for folders in (shipped, ours):
        known |= {file.playbook.key: (file, folders) for file in folders.read().playbooks}
    if like not in known:
        raise NotFoundError(f"there is no playbook {like}", hint=way_out(like, known))
    return known[like]


def _renamed(key: str, file: PlaybookFile) -> dict[str, str]:
    """The templates of a playbook and their names in the copy: short where that is clear."""
    messages = (message for step in walk(file.playbook.steps) for message in messages_in(step))
    names = list(dict.fromkeys(name for message in messages for name in templates_sent(message)))
    lasts = [name.rpartition("/")[2] for name in names]
    return {
        name: f"{key}/{last if lasts.count(last) == 1 else name.replace('/', '-')}"
        for name, last in zip(names, lasts, strict=True)
    }


def _folder_of(template: str, ours: Folders, home: Folders) -> Path:
    """Our own words for it where there are some."""
    own = ours.templates / template
    return own if own.is_dir() else home.templates / template


def _smallest(key: str, ours: Folders) -> dict[Path, bytes]:
    topics = [*ours.read().vocabulary.topics, "onboarding"]
    home, said = ours.templates / key / "first", {"key": key, "topic": topics[0]}
    texts = {ours.playbooks / f"{key}.yaml": _PLAYBOOK.format(**said), home / "meta.yaml": _META.format(**said)}
    for locale in LOCALES:
        texts[home / locale / "subject.txt"] = f"{_SUBJECT[locale]}\n"
        texts[home / locale / "body.mjml"] = _BODY.format(locale=locale, said=_SAID[locale], beside=_BESIDE[locale])
    return {path: text.encode() for path, text in texts.items()}


def _layout(ours: Folders, shipped: Folders) -> Iterator[tuple[Path, bytes]]:
    """The shared pieces of mails that we do not have yet."""
    source = shipped.templates / LAYOUT
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        own = ours.templates / LAYOUT / path.relative_to(source)
        if not own.exists():
            yield own, path.read_bytes()
