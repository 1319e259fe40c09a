"""Events as they came, their dedupe table, and those that were refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity

# Source ids: a write key's id, or one of these.
SOURCE_ENGAGE = 0  # written by Engage itself, already resolved
SOURCE_IMPORT = -1
SOURCE_STAFF = -2  # console and command line
SOURCE_CALENDAR = -3  # what a date brings by itself


class EventKey(Base):
    """Once by (source, message id); a table of its own, so that events can be partitioned by time."""

    __tablename__ = "event_keys"

    source_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]


class Event(Base):
    """One thing that was said to have happened: when it was true, when we learned it, and whom it is about.

    Append-only, except for the attribution (`contact_id`, `account_id`, `resolved_at`), which a late group may mend.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_unresolved", "id", postgresql_where=text("resolved_at IS NULL"),
              sqlite_where=text("resolved_at IS NULL")),
        Index("ix_events_account_id_occurred_at", "account_id", "occurred_at"),
        Index("ix_events_contact_id_name", "contact_id", "name"),
        Index("ix_events_name_occurred_at", "name", "occurred_at"),
        Index("ix_events_of_nobody", "anonymous_id", postgresql_where=text("contact_id IS NULL"),
              sqlite_where=text("contact_id IS NULL")),
    )  # fmt: skip

    id: Mapped[identity]
    source_id: Mapped[int]
    message_id: Mapped[str]
    type: Mapped[str]  # identify | track | group | page | screen | alias
    name: Mapped[str]  # the track event's name; else the type
    occurred_at: Mapped[datetime]  # when it was true
    received_at: Mapped[datetime]  # when we learned it
    user_id: Mapped[str | None]  # external ids as they came
    anonymous_id: Mapped[str | None]
    group_id: Mapped[str | None]
    properties: Mapped[dict[str, Any]] = mapped_column(default=dict)  # properties, or traits
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    contact_id: Mapped[int | None]
    account_id: Mapped[int | None]
    resolved_at: Mapped[datetime | None]


class EventProblem(Base):
    """A message that could not be taken, kept with its reason."""

    __tablename__ = "event_problems"
    __table_args__ = (Index("ix_event_problems_received_at", "received_at"),)

    id: Mapped[identity]
    source_id: Mapped[int]
    received_at: Mapped[datetime]
    code: Mapped[str]
    reason: Mapped[str]
    place: Mapped[str]  # `batch[3]` or `file.csv:12`
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
