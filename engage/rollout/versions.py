"""Which playbooks are played: those written in files, or those that are live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import DeclarativeBase, Session

from engage.db.sets import one_of
from engage.errors import NotFoundError
from engage.language.workspace import Workspace
from engage.releases.tables import PlaybookVersion, Release, TemplateVersion
from engage.rollout.apply import apply_workspace, newest_release

Publish = Callable[[Session, datetime], None]


def written(workspace: Workspace) -> Publish:
    """Publishes files; raises PlaybookError where `check` finds an error."""

    def publish(session: Session, now: datetime) -> None:
        apply_workspace(session, workspace, author="simulation", now=now, replay=True)

    return publish


def live(source: Session) -> Publish:
    """Publishes what is live in another store, version by version as it stands there."""
    release = newest_release(source)
    if release is None:
        raise NotFoundError("nothing is live yet", hint="engage playbooks apply")
    versions = _rows(source, PlaybookVersion, set(release.playbooks.values()))
    pinned = [release.templates, *(version["templates"] for version in versions)]
    wanted = {id_ for templates in pinned for locales in templates.values() for id_ in locales.values()}
    templates = _rows(source, TemplateVersion, wanted)
    columns = {column.key: getattr(release, column.key) for column in Release.__table__.c}

    def publish(session: Session, now: datetime) -> None:
        session.execute(insert(Release), [{**columns, "created_at": now}])
        for table, rows in ((TemplateVersion, templates), (PlaybookVersion, versions)):
            if rows:
                session.execute(insert(table), [{**row, "created_at": now} for row in rows])

    _only_release(versions, release.id)
    return publish


def _rows(source: Session, table: type[DeclarativeBase], ids: set[int]) -> list[dict[str, Any]]:
    columns: Any = table.__table__.c
    found = source.execute(select(*columns).where(one_of(columns.id, ids)).order_by(columns.id))
    return [dict(row._mapping) for row in found]


def _only_release(versions: list[dict[str, Any]], release_id: int) -> None:
    """Older versions came with releases that are not taken along."""
    for version in versions:
        version["release_id"] = release_id
