"""Our own people, whom they own, their sessions and keys, and the audit trail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity


class StaffMember(Base):
    """A colleague: may log in when a password is set, may be a sender when a position is set."""

    __tablename__ = "staff_members"

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]  # admin | cs_ops | csm | leader
    position: Mapped[str | None]  # ceo | cs_head | csm | sales: what `from:` in a playbook asks for
    family_name: Mapped[str]
    given_name: Mapped[str] = mapped_column(default="")
    title: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {ja, en}
    department: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {ja, en}
    names: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the full name as written in another locale: {en: …}
    phone: Mapped[str | None]
    hours: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {ja, en}
    locale: Mapped[str] = mapped_column(default="ja")
    time_zone: Mapped[str] = mapped_column(default="Asia/Tokyo")
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Reach(Base):
    """When and how a colleague hears of news; without a row, as `reaching.reach_of` has it."""

    __tablename__ = "staff_reaches"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"), primary_key=True, autoincrement=False)
    country: Mapped[str | None]  # whose holidays they keep; None = that of their time zone
    opens: Mapped[str]
    closes: Mapped[str]
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    channels: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by kind of news: mail | slack | both | none
    slack: Mapped[str | None]  # the name of an address in ENGAGE_SLACK
    slack_is_own: Mapped[bool] = mapped_column(default=False)  # only they read it, so it may carry deciding links
    digest_at: Mapped[str | None]  # None = no digest
    digest_due_at: Mapped[datetime | None] = mapped_column(index=True)  # None = not reckoned yet, or no digest


class Absence(Base):
    """Days on which a colleague is away, first and last included."""

    __tablename__ = "staff_absences"
    __table_args__ = (UniqueConstraint("staff_id", "first_day", "last_day"),)

    id: Mapped[identity]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]


class AccountOwner(Base):
    """Who looks after an account, as CSM or for sales, from when to when."""

    __tablename__ = "account_owners"
    __table_args__ = (Index("ix_account_owners_account_id", "account_id"),)

    id: Mapped[identity]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    role: Mapped[str]  # csm | sales
    since: Mapped[datetime]
    until: Mapped[datetime | None]


def _live_name(table: str) -> Index:
    """One key of a name at a time; a revoked one leaves the name to the next."""
    is_live = text("revoked_at IS NULL")
    return Index(f"uq_{table}_live_name", "name", unique=True, postgresql_where=is_live, sqlite_where=is_live)


class WriteKey(Base):
    """Lets one source send events; only the SHA-256 of the key is kept."""

    __tablename__ = "write_keys"
    __table_args__ = (_live_name("write_keys"),)

    id: Mapped[identity]
    name: Mapped[str]
    kind: Mapped[str]  # server | browser: what it may say
    prefix: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class InAppKey(Base):
    """A key id with which a customer's product backend signs in-app tokens; the secret is derived, never stored."""

    __tablename__ = "in_app_keys"
    __table_args__ = (_live_name("in_app_keys"),)

    id: Mapped[identity]
    kid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ConsoleSession(Base):
    """A login; the cookie holds a random token, the row its SHA-256."""

    __tablename__ = "console_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    csrf_token: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class LoginThrottle(Base):
    """Failed logins of one address or one client; only a hash says whose they are."""

    __tablename__ = "login_throttles"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]


class SenderConsent(Base):
    """An executive's one consent that a template version goes out in their name."""

    __tablename__ = "sender_consents"
    __table_args__ = (UniqueConstraint("staff_id", "template_name", "template_sha"),)

    id: Mapped[identity]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    template_name: Mapped[str]
    template_sha: Mapped[str]
    given_at: Mapped[datetime]


class AuditEntry(Base):
    """Who did what to which thing; appended, never changed."""

    __tablename__ = "audit_entries"

    id: Mapped[identity]
    at: Mapped[datetime]
    actor: Mapped[str]  # a staff member's public id, or `system`, `cli`
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
