"""Enrolments, their journal, what they wait for, and the leases of set-wise work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity


class Enrolment(Base):
    """One subject going through one playbook version for one occurrence; `due_at` is the job."""

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("playbook_key", "subject_kind", "subject_id", "occurrence"),
        Index("ix_enrolments_due", "due_at", "id", postgresql_where=text("due_at IS NOT NULL"),
              sqlite_where=text("due_at IS NOT NULL")),
        Index("ix_enrolments_account_id", "account_id"),
        {"postgresql_with": {"fillfactor": "80"}},
    )  # fmt: skip

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    playbook_key: Mapped[str]
    playbook_version_id: Mapped[int] = mapped_column(ForeignKey("playbook_versions.id"))
    subject_kind: Mapped[str]  # account | contact | contract
    subject_id: Mapped[int]
    occurrence: Mapped[str]
    account_id: Mapped[int | None]
    contact_id: Mapped[int | None]
    contract_id: Mapped[int | None]
    trigger: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the event or date that started it
    state: Mapped[str] = mapped_column(default="running")  # running | done | exited | skipped
    step_id: Mapped[str | None]  # where it stands; None = before the first step
    visit: Mapped[int] = mapped_column(default=1)
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)  # wait in progress, what happened, sent messages
    due_at: Mapped[datetime | None]
    entered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class StepRun(Base):
    """The journal: what was decided at a step, and the inputs as they were then."""

    __tablename__ = "step_runs"
    __table_args__ = (UniqueConstraint("enrolment_id", "step_id", "visit"),)

    id: Mapped[identity]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    step_id: Mapped[str]
    visit: Mapped[int]
    decided_at: Mapped[datetime]
    decision: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Wait(Base):
    """An enrolment wants to be woken by an event of this name at its account or contact."""

    __tablename__ = "waits"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "purpose", "event_name"),
        Index("ix_waits_event_name_account_id", "event_name", "account_id"),
    )

    id: Mapped[identity]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    purpose: Mapped[str]  # wait | goal | exit
    event_name: Mapped[str]
    account_id: Mapped[int | None]
    contact_id: Mapped[int | None]


class Exposure(Base):
    """Which way of a split an account was given, when, by which run: what a trial is judged by."""

    __tablename__ = "exposures"
    __table_args__ = (UniqueConstraint("account_id", "playbook_key", "step_id"),)

    id: Mapped[identity]
    playbook_key: Mapped[str]
    step_id: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    way: Mapped[str]
    share: Mapped[str]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    at: Mapped[datetime]


class WouldHaveSent(Base):
    """A message that a shadow would have sent: to whom, when, or why not. Nobody else reads or counts it."""

    __tablename__ = "would_have_sent"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "step_id", "visit", "contact_id"),
        Index("ix_would_have_sent_shadow_id", "shadow_id"),
    )

    id: Mapped[identity]
    shadow_id: Mapped[int] = mapped_column(ForeignKey("shadows.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    step_id: Mapped[str]
    visit: Mapped[int]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    account_id: Mapped[int | None]
    channel: Mapped[str]
    template_name: Mapped[str]
    locale: Mapped[str]
    outcome: Mapped[str]  # would_send | would_ask | would_hold | would_skip | would_cancel
    reason: Mapped[str | None]
    decided_at: Mapped[datetime]
    leaves_at: Mapped[datetime | None]


class HeldCondition(Base):
    """Since when the condition of a `becomes` trigger holds for a subject, as far as we knew; gone when it does not."""

    __tablename__ = "held_conditions"
    __table_args__ = (
        UniqueConstraint("playbook_key", "condition", "subject_id", "account_id"),
        Index("ix_held_conditions_waiting", "playbook_key", postgresql_where=text("state = 'waiting'"),
              sqlite_where=text("state = 'waiting'")),
    )  # fmt: skip

    id: Mapped[identity]
    playbook_key: Mapped[str]
    condition: Mapped[str]  # a hash of its meaning: a new version of the playbook goes on counting
    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    account_id: Mapped[int]
    contract: Mapped[str | None]
    since: Mapped[datetime]
    state: Mapped[str]  # waiting | settled (has entered, or held already when first published)


class Lease(Base):
    """One row for each kind of set-wise work: locked by whoever does it, and when it is next due."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
