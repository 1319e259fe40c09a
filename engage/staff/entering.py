"""Coming in with a password, and changing it: counted, slowed down, and written to the trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.staff import audit, sessions, throttling
from engage.staff.people import check_password, find_by_email, person, set_password
from engage.staff.tables import StaffMember


@dataclass(frozen=True, slots=True)
class Entered:
    """The person, and the token of their fresh session."""

    member: StaffMember
    token: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The password was wrong, or not looked at; no try is taken before `until`."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a try comes from: the client's network address, and the session it came with."""

    client: str
    token: str | None


def enter(session: Session, email: str, password: str, *, browser: Browser, now: datetime) -> Entered | Refused:
    """Opens a session for who knows the password; every try is counted and written down, never its password."""
    until = throttling.count_try(session, email, browser.client, now=now)
    if until is not None:
        return Refused(until)
    member = check_password(session, email, password)
    if member is None:
        return _failed(session, email, browser, "login_failed", actor="anonymous", now=now)
    throttling.give_back(session, email, browser.client, now=now)
    _note(session, member.public_id, member.public_id, "logged_in", now, client=browser.client)
    return Entered(member, sessions.log_in(session, member.id, old_token=browser.token, now=now))


def change_password(
    session: Session, staff_id: int, *, current: str, new: str, browser: Browser, now: datetime
) -> Entered | Refused:
    """Replaces a person's own password and ends every session of theirs but a fresh one; asks the current one first."""
    member = person(session, staff_id)
    until = throttling.count_try(session, member.email, browser.client, now=now)
    if until is not None:
        return Refused(until)
    if check_password(session, member.email, current) is None:
        failed = "password_change_failed"
        return _failed(session, member.email, browser, failed, actor=member.public_id, now=now)
    throttling.give_back(session, member.email, browser.client, now=now)
    replace_password(session, member, new, actor=member.public_id, now=now)
    return Entered(member, sessions.log_in(session, member.id, old_token=None, now=now))


def replace_password(session: Session, member: StaffMember, password: str, *, actor: str, now: datetime) -> None:
    """Sets a password, ends every session of the person, and lets them try it at once."""
    set_password(session, member.id, password)
    sessions.log_out_everywhere(session, member.id)
    throttling.forget(session, member.email)
    _note(session, actor, member.public_id, "password_changed", now)


def _failed(session: Session, email: str, browser: Browser, action: str, *, actor: str, now: datetime) -> Refused:
    until = throttling.wait_of(session, email, browser.client, now=now)
    known = find_by_email(session, email)
    about = known.public_id if known is not None else "unknown"  # what was typed may be a password
    waits = {"waits_seconds": round((until - now).total_seconds())} if until else {}
    _note(session, actor, about, action, now, client=browser.client, **waits)
    return Refused(until)


def _note(session: Session, actor: str, about: str, action: str, now: datetime, **detail: Any) -> None:
    audit.record(session, actor=actor, action=action, object_kind="staff", object_id=about, now=now, detail=detail)
