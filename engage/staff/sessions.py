"""Logins of our own people: rows that end when idle, when old, and when the person logs out."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engage.staff.tables import ConsoleSession, StaffMember

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
TOUCH_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Login:
    """A valid login: who, and the token that forms must carry."""

    staff: StaffMember
    csrf_token: str
    is_stale: bool  # worth a `touch`


def log_in(session: Session, staff_id: int, *, old_token: str | None, now: datetime) -> str:
    """Opens a session under a fresh token, ends the one the browser came with, and returns the token."""
    token = secrets.token_urlsafe(32)
    if old_token:
        log_out(session, old_token)
    session.execute(delete(ConsoleSession).where(ConsoleSession.expires_at <= now))
    session.add(
        ConsoleSession(
            token_hash=_hash(token),
            staff_id=staff_id,
            csrf_token=secrets.token_urlsafe(24),
            created_at=now,
            seen_at=now,
            expires_at=now + LONGEST,
        )
    )
    return token


def find_login(session: Session, token: str, *, now: datetime) -> Login | None:
    """The login behind a token, or None when it is unknown, idle too long, too old, or the person is gone."""
    statement = (
        select(ConsoleSession, StaffMember)
        .join(StaffMember, StaffMember.id == ConsoleSession.staff_id)
        .where(
            ConsoleSession.token_hash == _hash(token),
            ConsoleSession.expires_at > now,
            ConsoleSession.seen_at > now - IDLE,
            StaffMember.is_active,
        )
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    row, member = found
    return Login(staff=member, csrf_token=row.csrf_token, is_stale=now - row.seen_at > TOUCH_EVERY)


def touch(session: Session, token: str, *, now: datetime) -> None:
    """Notes that a session is in use."""
    session.execute(update(ConsoleSession).where(ConsoleSession.token_hash == _hash(token)).values(seen_at=now))


def log_out(session: Session, token: str) -> None:
    """Ends a session; a token that is unknown is no error."""
    session.execute(delete(ConsoleSession).where(ConsoleSession.token_hash == _hash(token)))


def log_out_everywhere(session: Session, staff_id: int) -> None:
    """Ends every session of a person: after a new password, or when they leave."""
    session.execute(delete(ConsoleSession).where(ConsoleSession.staff_id == staff_id))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
