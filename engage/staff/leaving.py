"""A colleague leaves, or comes back: what was theirs stays, their sessions end, and nothing reaches them any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engage.staff.audit import record
from engage.staff.sessions import log_out_everywhere
from engage.staff.tables import StaffMember


def set_active(session: Session, member: StaffMember, is_active: bool, *, actor: str, now: datetime) -> None:
    """Says whether a colleague is here; who is not cannot log in, decide, or be told anything."""
    if member.is_active == is_active:
        return
    member.is_active = is_active
    if not is_active:
        log_out_everywhere(session, member.id)
    action = "returned" if is_active else "left"
    record(session, actor=actor, action=action, object_kind="staff", object_id=member.public_id, now=now)
