"""Our own people: adding them, finding them, their names as the reader's language writes them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.calendars.zones import find_zone
from engage.errors import ConflictError, InputError, NotFoundError
from engage.ids import new_id
from engage.keys import address_key
from engage.staff.passwords import hash_password, is_outdated, matches
from engage.staff.profiles import LANGUAGES
from engage.staff.tables import StaffMember

ROLES = ("admin", "cs_ops", "csm", "leader")
POSITIONS = ("ceo", "cs_head", "csm", "sales")


def add_person(
    session: Session,
    *,
    email: str,
    role: str,
    family_name: str,
    given_name: str = "",
    position: str | None = None,
    locale: str = "ja",
    time_zone: str = "Asia/Tokyo",
    password: str | None = None,
    now: datetime,
) -> StaffMember:
    """Adds a colleague; raises ConflictError when the address is taken."""
    member = StaffMember(
        public_id=new_id("stf"),
        email=_address(email),
        role=one_of(role, ROLES, "role"),
        position=one_of(position, POSITIONS, "position") if position else None,
        family_name=_line(family_name, "family name"),
        given_name=_line(given_name, "given name", optional=True),
        locale=one_of(locale, LANGUAGES, "locale"),
        time_zone=require_zone(time_zone),
        password_hash=hash_password(password) if password is not None else None,
        created_at=now,
    )
    if find_by_email(session, member.email) is not None:
        raise ConflictError(f"{member.email} is already here", code="address_taken")
    session.add(member)
    session.flush()
    return member


def require_zone(name: str) -> str:
    """The name, if it is a time zone's."""
    if find_zone(name) is None:
        raise InputError(f"{name!r} is not a time zone", code="bad_time_zone", hint="write it like Asia/Tokyo")
    return name


def find_by_email(session: Session, email: str) -> StaffMember | None:
    """The colleague with that address, or None."""
    return session.scalars(select(StaffMember).where(StaffMember.email == address_key(email))).one_or_none()


def person(session: Session, staff_id: int) -> StaffMember:
    """The colleague with that id."""
    member = session.get(StaffMember, staff_id)
    if member is None:
        raise NotFoundError("there is no such colleague", where=str(staff_id))
    return member


def list_people(session: Session) -> Sequence[StaffMember]:
    """Everybody, those who may still log in first."""
    order = (StaffMember.is_active.desc(), StaffMember.email)
    return session.scalars(select(StaffMember).order_by(*order)).all()


def set_password(session: Session, staff_id: int, password: str) -> None:
    """Gives a colleague a new password."""
    person(session, staff_id).password_hash = hash_password(password)


def check_password(session: Session, email: str, password: str) -> StaffMember | None:
    """The colleague whose address and password these are, or None without a hint which was wrong."""
    member = find_by_email(session, email)
    kept = member.password_hash if member is not None and member.is_active else None
    if not matches(password, kept) or member is None or kept is None:
        return None
    if is_outdated(kept):
        member.password_hash = hash_password(password)
    return member


def name_of(member: StaffMember, locale: str) -> str:
    """The full name as a reader of that language expects it."""
    written = member.names.get(locale)
    if written:
        return str(written)
    is_japanese = locale == "ja" or any(sign >= "\u3000" for sign in member.family_name)
    parts = (member.family_name, member.given_name) if is_japanese else (member.given_name, member.family_name)
    return " ".join(part for part in parts if part)


def names_of(member: StaffMember) -> dict[str, str]:
    """The full name in each language."""
    return {language: name_of(member, language) for language in LANGUAGES}


def _address(raw: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # most who find people add none

    try:
        return address_key(validate_email(raw.strip(), check_deliverability=False, allow_smtputf8=False).normalized)
    except EmailNotValidError as error:
        raise InputError(f"this is not an address: {error}", code="bad_address", hint="name@example.com") from error


def _line(text: str, what: str, *, optional: bool = False) -> str:
    if any(unicodedata.category(sign).startswith("C") for sign in text):
        raise InputError(f"the {what} contains a line break or a control character", code="bad_name")
    if not (text.strip() or optional):
        raise InputError(f"the {what} is missing", code="bad_name")
    return text.strip()


def one_of(said: str, known: Sequence[str], what: str) -> str:
    """The word, if it is one of those known."""
    if said not in known:
        raise InputError(f'there is no {what} "{said}"', code=f"bad_{what}", hint=f"one of {', '.join(known)}")
    return said
