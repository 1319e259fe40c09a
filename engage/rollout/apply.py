"""Publishing: a checked workspace becomes an immutable release; what did not change keeps its version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.errors import PlaybookError
from engage.journeys.shadows import end_shadows
from engage.language.check import has_errors
from engage.language.compiling import CompiledTemplate
from engage.language.spec import Playbook
from engage.language.steps import messages_in, templates_sent, walk
from engage.language.templates import OWN_MAILS
from engage.language.workspace import PlaybookFile, Workspace
from engage.releases.library import forget_newest
from engage.releases.tables import PlaybookVersion, Release, TemplateVersion
from engage.rollout.broadcasts import refuse_passed_moments
from engage.rollout.checking import check, compile_all
from engage.staff.audit import record

Pinned = dict[str, dict[str, int]]


def apply_workspace(
    session: Session, workspace: Workspace, *, author: str, now: datetime, note: str = "", replay: bool = False
) -> Release:
    """Makes the workspace live; returns the release that stands already when nothing changed.

    Raises PlaybookError, and publishes nothing, when the check finds an error, or a broadcast comes too late; in a
    replay its moment may have passed.
    """
    problems = check(workspace)
    if has_errors(problems):
        raise PlaybookError([problem for problem in problems if problem.severity == "error"])
    one_at_a_time(session)
    vocabulary = workspace.vocabulary.model_dump(mode="json")
    templates = _publish_templates(session, compile_all(workspace), now)
    before = newest_release(session)
    if not replay:
        refuse_passed_moments(session, workspace, before, now=now)
    wanted = {file.playbook.key: _fingerprint(file, templates) for file in workspace.playbooks}
    existing = _existing(session, wanted)
    own = _own(templates)
    same = before and _written(before.vocabulary) == _written(vocabulary) and before.templates == own
    if before and same and before.playbooks == {key: existing.get(key) for key in wanted}:
        return before
    said = {"vocabulary": vocabulary, "playbooks": {}, "templates": own}
    release = Release(created_at=now, author=author, note=note, **said)
    session.add(release)
    session.flush()
    for file in workspace.playbooks:
        key = file.playbook.key
        if key not in existing:
            existing[key] = _publish(session, file, wanted[key], templates, release=release, now=now)
    release.playbooks = existing
    session.flush()
    end_shadows(session, existing.values(), now=now)
    forget_newest(session)
    _tell(session, release, before, author, now)
    return release


def publish_beside(
    session: Session, workspace: Workspace, file: PlaybookFile, *, release: Release, now: datetime
) -> int:
    """Stores the version of one file, as `apply` would find it again, without making it live; its id."""
    one_at_a_time(session)
    templates = _publish_templates(session, compile_all(workspace), now)
    sha = _fingerprint(file, templates)
    known = _existing(session, {file.playbook.key: sha}).get(file.playbook.key)
    return known or _publish(session, file, sha, templates, release=release, now=now)


def publish_release(
    session: Session,
    vocabulary: dict[str, Any],
    playbooks: dict[str, Any],
    templates: dict[str, Any],
    *,
    author: str,
    now: datetime,
    note: str,
    action: str,
) -> Release:
    """Makes versions that stand already live, as a new release."""
    one_at_a_time(session)
    before = newest_release(session)
    said = {"vocabulary": vocabulary, "playbooks": playbooks, "templates": templates}
    release = Release(created_at=now, author=author, note=note, **said)
    session.add(release)
    session.flush()
    end_shadows(session, playbooks.values(), now=now)
    forget_newest(session)
    _tell(session, release, before, author, now, action=action)
    return release


def one_at_a_time(session: Session) -> None:
    """Nobody else publishes until the commit; a reader never waits for it, and SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE releases IN SHARE ROW EXCLUSIVE MODE"))


def newest_release(session: Session) -> Release | None:
    """The release that is live."""
    return session.scalar(select(Release).order_by(Release.id.desc()).limit(1))


def used_templates(playbook: Playbook) -> list[str]:
    """The names of the templates that its steps send."""
    messages = [message for step in walk(playbook.steps) for message in messages_in(step)]
    return sorted({name for message in messages for name in templates_sent(message)})


def _written(vocabulary: dict[str, Any]) -> str:
    """As text, since the order counts: choices of a question are offered as they stand in the file."""
    return json.dumps(vocabulary, ensure_ascii=False)


def _publish_templates(
    session: Session, compiled: Iterable[CompiledTemplate], now: datetime
) -> dict[tuple[str, str], tuple[int, str]]:
    """Stores what is new; the id and sha of each template by (name, locale)."""
    wanted = {(each.name, each.locale, each.sha): each for each in compiled}
    rows = [
        {
            "name": each.name,
            "locale": each.locale,
            "kind": each.kind,
            "sha": sha,
            "subject": each.subject,
            "html": each.html,
            "text": each.text,
            "meta": each.meta,
            "created_at": now,
        }
        for (_, _, sha), each in wanted.items()
    ]
    insert_ignore(session, TemplateVersion, rows)
    table = TemplateVersion
    stored = session.execute(
        select(table.id, table.name, table.locale, table.sha).where(table.sha.in_([sha for *_, sha in wanted]))
    )
    return {(row.name, row.locale): (row.id, row.sha) for row in stored if (row.name, row.locale, row.sha) in wanted}


def _own(templates: Mapping[tuple[str, str], tuple[int, str]]) -> Pinned:
    """The versions of what Engage sends by itself, as far as the workspace has it."""
    found: Pinned = {}
    for (name, locale), (id_, _) in sorted(templates.items()):
        if name in OWN_MAILS:
            found.setdefault(name, {})[locale] = id_
    return found


def _pinned(playbook: Playbook, templates: Mapping[tuple[str, str], tuple[int, str]]) -> Pinned:
    used = used_templates(playbook)
    return {name: {locale: id for (n, locale), (id, _) in sorted(templates.items()) if n == name} for name in used}


def _fingerprint(file: PlaybookFile, templates: Mapping[tuple[str, str], tuple[int, str]]) -> str:
    used = set(used_templates(file.playbook))
    shas = sorted((name, locale, sha) for (name, locale), (_, sha) in templates.items() if name in used)
    return hashlib.sha256(json.dumps([file.document.text, shas]).encode()).hexdigest()


def _existing(session: Session, wanted: Mapping[str, str]) -> dict[str, int]:
    """The version ids of the playbooks that were published before exactly so."""
    table = PlaybookVersion
    rows = session.execute(select(table.id, table.key, table.sha).where(table.sha.in_(wanted.values())))
    return {row.key: row.id for row in rows if wanted.get(row.key) == row.sha}


def _publish(
    session: Session,
    file: PlaybookFile,
    sha: str,
    templates: Mapping[tuple[str, str], tuple[int, str]],
    *,
    release: Release,
    now: datetime,
) -> int:
    key = file.playbook.key
    last = session.scalar(select(func.max(PlaybookVersion.version)).where(PlaybookVersion.key == key)) or 0
    version = PlaybookVersion(
        key=key,
        version=last + 1,
        release_id=release.id,
        file=file.document.file,
        source=file.document.text,
        sha=sha,
        templates=_pinned(file.playbook, templates),
        created_at=now,
    )
    session.add(version)
    session.flush()
    return version.id


def _tell(
    session: Session,
    release: Release,
    before: Release | None,
    author: str,
    now: datetime,
    *,
    action: str = "playbooks.apply",
) -> None:
    old = before.playbooks if before else {}
    changed = sorted(key for key, version in release.playbooks.items() if old.get(key) != version)
    detail = {"changed": changed, "withdrawn": sorted(set(old) - set(release.playbooks))}
    record(
        session,
        actor=author,
        action=action,
        object_kind="release",
        object_id=str(release.id),
        detail=detail,
        now=now,
    )
    nudge(session, "occurrences")
