"""The ledger: messages, attempts and their batches, receipts, approvals, gate checks, suppressions, clicks judged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity

# Spelled out wherever it is asked: SQLite uses a partial index only where the statement repeats its words.
BAD = "kind IN ('bounced', 'complained', 'deferred', 'dropped')"


class Message(Base):
    """One message to one person over one channel, once by key; `due_at` with state `queued` or `held` is the job."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("origin", "origin_id", "step_id", "visit", "contact_id", "channel"),
        Index("ix_messages_due", "due_at", "id", postgresql_where=text("state IN ('queued', 'held')"),
              sqlite_where=text("state IN ('queued', 'held')")),
        Index("ix_messages_sending", "lease_until", postgresql_where=text("state = 'sending'"),
              sqlite_where=text("state = 'sending'")),
        Index("ix_messages_unknown", "id", postgresql_where=text("state = 'unknown'"),
              sqlite_where=text("state = 'unknown'")),
        Index("ix_messages_merged", "carrier_id", postgresql_where=text("state = 'merged'"),
              sqlite_where=text("state = 'merged'")),
        Index("ix_messages_contact_id_step_id", "contact_id", "step_id"),
        Index("ix_messages_account_id", "account_id"),
        {"postgresql_with": {"fillfactor": "80"}},
    )  # fmt: skip

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)  # travels with the message; opaque
    origin: Mapped[str]  # enrolment | notice | confirmation
    origin_id: Mapped[int]
    step_id: Mapped[str]
    visit: Mapped[int]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    channel: Mapped[str]  # email | in_app
    account_id: Mapped[int | None]
    contract_id: Mapped[int | None]
    playbook_key: Mapped[str | None]
    template_name: Mapped[str]
    template_version_id: Mapped[int] = mapped_column(ForeignKey("template_versions.id"))
    locale: Mapped[str]
    topic: Mapped[str]
    purpose: Mapped[str]  # transactional | relationship | promotional
    address: Mapped[str | None]  # as it was at drafting; checked again at the gate
    sender_staff_id: Mapped[int | None]  # None = the team
    cc: Mapped[list[Any]] = mapped_column(default=list)  # contact ids; judged at each gate
    hours: Mapped[str] = mapped_column(default="business")
    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the facts it is rendered from
    wakes: Mapped[bool] = mapped_column(default=False)  # its journey waits for `message.accepted`
    state: Mapped[str]
    delivery: Mapped[str] = mapped_column(default="none")  # none | processed | deferred | delivered | bounced | dropped
    reason: Mapped[str | None]  # why held, skipped, rejected, cancelled, unknown
    carrier_id: Mapped[int | None]  # the mail that it travels in, or went out in
    due_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    subject: Mapped[str | None]  # bytes are kept when approved or edited; else made again from inputs
    html: Mapped[str | None]
    text: Mapped[str | None]
    sha: Mapped[str | None]  # of subject, html and text as approved, or as sent
    link_base: Mapped[str | None]  # where the links of what was last handed over begin
    mail_id: Mapped[str | None]  # its Message-ID, chosen at the first attempt and kept
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Attempt(Base):
    """A hand-over to a provider, committed before the call; without an end it is in doubt."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("message_id", "number"),
        Index("ix_attempts_started_at", "started_at", postgresql_using="brin"),  # rows come in this order
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[identity]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    number: Mapped[int]  # the message's fence
    provider: Mapped[str]
    domain: Mapped[str | None]  # of the sender, where it is mail
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # accepted | rejected | declined | throttled | not_sent | unknown | sent_again (in doubt, but it must arrive)
    outcome: Mapped[str | None]
    provider_id: Mapped[str | None]
    detail: Mapped[str | None]
    batch_id: Mapped[int | None]  # handover_batches.id
    place: Mapped[int | None]  # in its batch, from 0


class HandoverBatch(Base):
    """Attempts that were noted together, and how many of them may have begun; the rest surely has not left."""

    __tablename__ = "handover_batches"

    id: Mapped[identity]
    begun: Mapped[int]  # of its attempts, those before this place
    closed: Mapped[bool] = mapped_column(default=False)  # given up for dead: no more of it may begin
    made_at: Mapped[datetime]


class Receipt(Base):
    """What a provider told us about a message, once by its natural key."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("provider", "natural_key"),
        Index("ix_receipts_message_id", "message_id"),
        Index("ix_receipts_bad", "received_at", postgresql_where=text(BAD), sqlite_where=text(BAD)),
    )

    id: Mapped[identity]
    provider: Mapped[str]
    natural_key: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    # processed | deferred | delivered | bounced | dropped | complained | unsubscribed | opened | clicked
    kind: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    reason: Mapped[str | None]
    raw: Mapped[dict[str, Any]] = mapped_column(default=dict)


class DeliveryHour(Base):
    """What went out in one hour by one playbook in the name of one domain, and what came back; of hours that are over.

    The last hour that was counted has a row without playbook and domain, too, even when nothing happened in it.
    """

    __tablename__ = "delivery_hours"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    playbook_key: Mapped[str] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(primary_key=True)
    sent: Mapped[int] = mapped_column(default=0)
    bounced: Mapped[int] = mapped_column(default=0)
    complained: Mapped[int] = mapped_column(default=0)


class GateCheck(Base):
    """One answer of the gate about a message, with what it rested on."""

    __tablename__ = "gate_checks"
    __table_args__ = (Index("ix_gate_checks_message_id", "message_id"),)

    id: Mapped[identity]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    at: Mapped[datetime]
    phase: Mapped[str]  # ask | send
    verdict: Mapped[str]  # allow | hold | skip | merge
    policy: Mapped[str | None]  # which policy held or skipped; None when all allowed
    reason: Mapped[str | None]
    until: Mapped[datetime | None]
    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Approval(Base):
    """A colleague is asked before a message goes out."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("ix_approvals_state_expires_at", "state", "expires_at"),
        Index("ix_approvals_tell_at", "tell_at", postgresql_where=text("tell_at IS NOT NULL"),
              sqlite_where=text("tell_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    cause: Mapped[str]  # touch_model | playbook | sender_consent | by_exception
    state: Mapped[str] = mapped_column(default="pending")  # pending | approved | rejected | expired | withdrawn
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    escalated_from_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    escalated_at: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    reason: Mapped[str | None]
    sha: Mapped[str | None]  # of the mail as it was approved
    version: Mapped[int] = mapped_column(default=1)  # grows with every edit; two people cannot overwrite each other
    edited: Mapped[bool] = mapped_column(default=False)
    edits: Mapped[dict[str, Any]] = mapped_column(default=dict)  # before and after, for the author
    tell_at: Mapped[datetime | None]  # when whoever is asked is to hear of it, or to be reminded
    told_at: Mapped[datetime | None]  # when they first heard of it; None again when somebody else is asked


class ApprovedText(Base):
    """A template version whose words a person let go unchanged, and nobody changed or rejected since."""

    __tablename__ = "approved_texts"

    template_version_id: Mapped[int] = mapped_column(
        ForeignKey("template_versions.id"), primary_key=True, autoincrement=False
    )
    approval_id: Mapped[int] = mapped_column(ForeignKey("approvals.id"))


class Suppression(Base):
    """An address that gets no mail: of one topic, or of any (`*`); and what proves that it was to be so.

    Of people who were erased the keyed hash stands where the address would, see `ids.Seal`.
    """

    __tablename__ = "suppressions"

    address_key: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]  # unsubscribed | bounced | complained | by_hand | erased
    source: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str | None]  # who: a contact's or a colleague's public id, or the provider
    message: Mapped[str | None]  # the public id of the message on account of which it was said
    proof: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what else is known of the request or the receipt


class SharedSuppression(Base):
    """A suppressed address that a provider knows, too: it told us, or we told it."""

    __tablename__ = "shared_suppressions"

    provider: Mapped[str] = mapped_column(primary_key=True)
    list: Mapped[str] = mapped_column(primary_key=True)  # its own list, or `pushed`
    address_key: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    listed_at: Mapped[datetime | None]  # by the provider's clock


class Click(Base):
    """A link of a message was fetched; decides nothing until judged human. `judge_at` is the job."""

    __tablename__ = "clicks"
    __table_args__ = (
        Index("ix_clicks_message_id", "message_id"),
        Index("ix_clicks_network_at", "network", "at"),
        Index("ix_clicks_judge_at", "judge_at", postgresql_where=text("judge_at IS NOT NULL"),
              sqlite_where=text("judge_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[identity]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    url: Mapped[str]
    at: Mapped[datetime]
    method: Mapped[str]
    user_agent: Mapped[str | None]
    network: Mapped[str | None]  # where from, to the /24 or /48: an address would name a person
    judge_at: Mapped[datetime | None]


class ClickVerdict(Base):
    """Who followed a link, a person or a machine, and why we think so; the newest of a click holds, all are kept."""

    __tablename__ = "click_verdicts"
    __table_args__ = (Index("ix_click_verdicts_click_id", "click_id"),)

    id: Mapped[identity]
    click_id: Mapped[int] = mapped_column(ForeignKey("clicks.id"))
    verdict: Mapped[str]  # human | machine | unsure
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    at: Mapped[datetime]
