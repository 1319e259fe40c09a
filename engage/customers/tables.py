"""Accounts, contacts and contracts: projections of event rows that can be made again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity


class Account(Base):
    """A customer company."""

    __tablename__ = "accounts"

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    external_id: Mapped[str] = mapped_column(unique=True)  # Segment's groupId
    name: Mapped[str] = mapped_column(default="")
    country: Mapped[str | None]
    region: Mapped[str | None]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    segment: Mapped[str | None]
    touch_model: Mapped[str | None]  # high | mid | low | tech
    phase: Mapped[str | None] = mapped_column(index=True)
    fiscal_year_end_month: Mapped[int | None]
    is_test: Mapped[bool] = mapped_column(default=False)
    traits: Mapped[dict[str, Any]] = mapped_column(default=dict)  # everything else that was said
    said_at: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by column, or `traits.` and a name: the newest word
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Contact(Base):
    """A person at a customer, a shared box, or a colleague who uses the product."""

    __tablename__ = "contacts"
    __table_args__ = (Index("ix_contacts_address_key", "address_key"),)

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    external_id: Mapped[str | None] = mapped_column(unique=True)  # Segment's userId
    email: Mapped[str | None]
    address_key: Mapped[str | None]  # keys.address_key(email)
    family_name: Mapped[str | None]
    given_name: Mapped[str | None]
    full_name: Mapped[str | None]  # when only one text was said
    family_reading: Mapped[str | None]
    given_reading: Mapped[str | None]
    department: Mapped[str | None]
    title: Mapped[str | None]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    is_staff: Mapped[bool] = mapped_column(default=False)  # own colleague: usage does not count
    is_shared_box: Mapped[bool] = mapped_column(default=False)
    left_at: Mapped[datetime | None]  # left the customer company
    away_until: Mapped[date | None]  # the last day of an absence
    traits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    said_at: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ContactAlias(Base):
    """Another external id (user id or anonymous id) of a contact."""

    __tablename__ = "contact_aliases"

    external_id: Mapped[str] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    since: Mapped[datetime]


class Membership(Base):
    """A contact belongs to an account in some roles, from when to when; ended rows are its history."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("contact_id", "account_id", "since"),
        Index("ix_memberships_account_id", "account_id"),
    )

    id: Mapped[identity]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    roles: Mapped[list[str]] = mapped_column(default=list)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    learned_at: Mapped[datetime]


class Consent(Base):
    """What a contact agreed to or refused for a topic: the first and the last word of each kind.

    The newest row of a topic holds; at the same instant, the refusal. A yes that is only heard of (`consents.HEARSAY`)
    takes back no refusal that was said to us.
    """

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_contact_id_topic", "contact_id", "topic"),)

    id: Mapped[identity]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    topic: Mapped[str]
    state: Mapped[str]  # granted | withdrawn
    basis: Mapped[str]  # consent | double_opt_in | card | relationship | published | unsubscribe | complaint | refusal
    evidence: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(default="event")  # how it reached us
    record_id: Mapped[str | None]  # the row of the ledger that proves it


class ConsentRecord(Base):
    """The ledger of consent: one word on mail and what proves it; appended, never changed while its person is known."""

    __tablename__ = "consent_records"
    __table_args__ = (Index("ix_consent_records_contact_id", "contact_id"),)

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)  # made from what said it: nothing is noted twice
    contact_id: Mapped[int]
    address: Mapped[str | None]  # the contact's, when it was said
    topic: Mapped[str]
    state: Mapped[str]  # granted | withdrawn
    basis: Mapped[str]
    source: Mapped[str]  # traits | import | event | page | one_click | preferences | confirmation | answer | staff | …
    evidence: Mapped[str]
    said_by: Mapped[str]  # customer | cli:<name> | key:<number> | import | the provider's name
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class Contract(Base):
    """What an account has signed: term, deadline for notice, money in minor units."""

    __tablename__ = "contracts"
    __table_args__ = (
        Index("ix_contracts_account_id", "account_id"),
        Index("ix_contracts_ends_on", "ends_on"),
        Index("ix_contracts_starts_on", "starts_on"),
        Index("ix_contracts_pending", "starts_on", postgresql_where=text("state = 'pending'"),
              sqlite_where=text("state = 'pending'")),
        Index("ix_contracts_notice_deadline", "notice_deadline"),
    )  # fmt: skip

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    notice_deadline: Mapped[date | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    auto_renew: Mapped[bool] = mapped_column(default=False)
    sold_by: Mapped[str | None]  # the partner's external id; None = sold directly
    contact_policy: Mapped[str] = mapped_column(default="direct")  # direct | copy_partner | partner_only
    state: Mapped[str] = mapped_column(default="active")  # pending | active | renewed | ended | cancelled
    traits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    said_at: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
