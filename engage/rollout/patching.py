"""`apply --patch`: a fix of texts reaches those who are inside; anything else is refused, with what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.errors import ConflictError
from engage.journeys.patching import patch_runs, versions_inside
from engage.language.edits import edits
from engage.language.workspace import PlaybookFile, Workspace
from engage.releases.library import Library, LivePlaybook
from engage.releases.tables import Release
from engage.rollout.apply import apply_workspace
from engage.rollout.differences import Change, PublishedSet
from engage.staff.audit import record

_WHO_MAY = ("purpose", "topic")


@dataclass(frozen=True, slots=True)
class Patched:
    """One version whose subjects got the new texts, or stay because their steps are others."""

    playbook: str
    version: int
    inside: int
    stays: tuple[str, ...]  # what differs; empty = they got the new texts

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def apply_only(
    session: Session, library: Library, workspace: Workspace, *, author: str, now: datetime, note: str = ""
) -> tuple[Release, list[Patched]]:
    """Publishes the files and leaves those inside where they are."""
    return apply_workspace(session, workspace, author=author, now=now, note=note), []


def apply_patch(
    session: Session, library: Library, workspace: Workspace, *, author: str, now: datetime, note: str = ""
) -> tuple[Release, list[Patched]]:
    """Publishes the files, which may differ from what is live in texts only, and gives the texts to those inside."""
    if not workspace.problems:
        _refuse_more_than_texts(session, library, workspace)
    release = apply_workspace(session, workspace, author=author, now=now, note=note)
    patched = [one for live in library.live(session) for one in _patch(session, library, live, by=author, now=now)]
    if patched:
        detail = {"patched": [one.as_json() for one in patched]}
        record(
            session, actor=author, action="playbooks.patch", object_kind="release", object_id=str(release.id),
            detail=detail, now=now,
        )  # fmt: skip
    return release, patched


def texts_reach(
    session: Session, before: PublishedSet, after: PublishedSet, changes: Iterable[Change]
) -> dict[str, int]:
    """How many are inside each playbook of which only texts change: those whom `--patch` would reach."""
    changed = {change.name.rpartition(" (")[0] for change in changes if change.kind == "template"}
    found: dict[str, int] = {}
    for part, new in sorted(after.items()):
        old = before.get(part)
        if old is None or old.playbook is None or new.playbook is None or not changed.intersection(new.templates):
            continue
        if not edits(old.playbook, new.playbook) and (inside := sum(versions_inside(session, part[1]).values())):
            found[part[1]] = inside
    return found


def _refuse_more_than_texts(session: Session, library: Library, workspace: Workspace) -> None:
    live = {one.key: one for one in library.live(session)}
    files = {file.playbook.key: file for file in workspace.playbooks}
    said = [f"{key}: it is not live" for key in sorted(files.keys() - live.keys())]
    said += [f"{key}: its file is gone" for key in sorted(live.keys() - files.keys())]
    for key in sorted(files.keys() & live.keys()):
        said += [f"{key}: {edit}" for edit in edits(live[key].playbook, files[key].playbook)]
        said += _of_templates(session, library, live[key], files[key], workspace)
    if said:
        told = "\n".join(f"  {one}" for one in said)
        hint = "without --patch: engage playbooks apply, then engage playbooks migrate for those inside"
        raise ConflictError(f"--patch is for texts only, and more has changed:\n{told}\n", code="no_patch", hint=hint)


def _of_templates(
    session: Session, library: Library, live: LivePlaybook, file: PlaybookFile, workspace: Workspace
) -> Iterator[str]:
    for name, locales in live.templates.items():
        written = workspace.templates.get(name)
        for version_id in locales.values():
            if written is None:
                continue
            was, now = library.template(session, version_id).meta, written.meta.model_dump(mode="json")
            changed = [field for field in _WHO_MAY if field in was and was[field] != now.get(field)]
            if changed:
                yield f"{file.playbook.key}: template {name} has another {' and '.join(changed)}"
                break


def _patch(session: Session, library: Library, live: LivePlaybook, *, by: str, now: datetime) -> Iterator[Patched]:
    for version_id, count in sorted(versions_inside(session, live.key).items()):
        if version_id == live.version_id:
            continue
        old = library.playbook(session, version_id)
        differ = tuple(edits(old.playbook, live.playbook))
        if not differ:
            patch_runs(session, old, live, by=by, now=now)
        yield Patched(live.key, old.version, count, differ)
