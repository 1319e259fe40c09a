"""The present state of a store, copied to a scratch store where the engine may try things; it is only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.orm import Session

from engage.customers.finding import account_ids
from engage.customers.tables import Account
from engage.db.base import Base
from engage.db.session import Database
from engage.db.sets import one_of
from engage.journeys.tables import Enrolment, Wait
from engage.messages.tables import Approval, Message

_AT_ONCE = 5000
# What no engine looks at, or what opens doors.
_LEFT_BEHIND = frozenset({
    "audit_entries", "console_sessions", "delivery_hours", "event_problems", "inbound_emails", "inbound_raws",
    "login_throttles", "mailbox_states", "notice_attempts", "shared_suppressions",
})  # fmt: skip


def copy_present(source: Database, scratch: Database) -> None:
    """Makes the scratch store hold everything that the engine works on; from PostgreSQL, it needs the tables first."""
    if source.dialect == "sqlite":
        with source.engine.connect() as old, scratch.engine.connect() as new:
            _driver(old).backup(_driver(new))
        return
    snapshot = source.engine.execution_options(isolation_level="REPEATABLE READ")
    with snapshot.connect() as old, scratch.engine.begin() as new:
        for table in Base.metadata.sorted_tables:
            if table.name not in _LEFT_BEHIND:
                _copy_table(old.execution_options(stream_results=True), new, table)


def _driver(connection: Connection) -> sqlite3.Connection:
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)  # noqa: S101
    return found


def _copy_table(old: Connection, new: Connection, table: Table) -> None:
    new.execute(delete(table))  # a fresh schema may come with rows of its own
    for rows in old.execute(select(table).order_by(*table.primary_key)).mappings().partitions(_AT_ONCE):
        new.execute(insert(table), [dict(row) for row in rows])


def keep_only(session: Session, external_ids: Collection[str]) -> None:
    """Lets nothing happen any more at other accounts of a scratch copy; NotFoundError for one that is not there."""
    chosen = account_ids(session, external_ids)
    others = select(Enrolment.id).where(~one_of(Enrolment.account_id, chosen))
    session.execute(delete(Wait).where(Wait.enrolment_id.in_(others)))
    session.execute(update(Enrolment).where(Enrolment.id.in_(others)).values(due_at=None))
    elsewhere = select(Message.id).where(~one_of(Message.account_id, chosen))
    session.execute(
        update(Approval)
        .where(Approval.message_id.in_(elsewhere), Approval.state == "pending")
        .values(state="withdrawn"),
        execution_options={"synchronize_session": False},
    )
    session.execute(update(Message).where(Message.id.in_(elsewhere)).values(due_at=None))
    # Test accounts are nobody's prospects.
    session.execute(update(Account).where(~one_of(Account.id, chosen)).values(is_test=True))
