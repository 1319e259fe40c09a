"""The audit trail: who did what to which thing; ids and changes only, no texts of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.staff.tables import AuditEntry


def record(
    session: Session,
    *,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Appends one entry, in the transaction that does the deed."""
    entry = AuditEntry(at=now, actor=actor, action=action, object_kind=object_kind, object_id=object_id)
    entry.detail = dict(detail or {})
    session.add(entry)


def entries_about(session: Session, object_kind: str, object_id: str) -> Sequence[AuditEntry]:
    """What was done to one thing, oldest first."""
    about = (AuditEntry.object_kind == object_kind, AuditEntry.object_id == object_id)
    return session.scalars(select(AuditEntry).where(*about).order_by(AuditEntry.id)).all()


def last_done(session: Session, actions: Sequence[str], *, since: datetime) -> dict[tuple[str, str], datetime]:
    """When one of these was last done to each thing, by its kind and id, where that was since then."""
    newest = select(AuditEntry.object_kind, AuditEntry.object_id, func.max(AuditEntry.at))
    newest = newest.where(AuditEntry.action.in_(actions), AuditEntry.at >= since)
    rows = session.execute(newest.group_by(AuditEntry.object_kind, AuditEntry.object_id))
    return {(kind, of): at for kind, of, at in rows}
