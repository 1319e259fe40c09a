"""The migrated schema, and what rows of former versions become."""

from __future__ import annotations

from alembic import command
from sqlalchemy import insert, select

from engage.customers.tables import Consent, ConsentRecord
from engage.db.session import Database
from engage.messages.tables import Suppression
from engage.migrations import upgrading
from engage.migrations.upgrading import differences, is_current, upgrade
from engage.releases.tables import Release
from engage.testing import MONDAY, make_contact

BEFORE = "0007-1"


def test_migrations_make_exactly_the_tables_in_code(database: Database) -> None:
    assert differences(database) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database)
    assert is_current(database)


def test_words_on_mail_from_before_there_was_a_ledger_are_its_beginning(database: Database) -> None:
    with database.transaction() as session:
        ann = make_contact(session)
        for evidence, state in (("identify", "granted"), ("unsubscribed", "withdrawn")):
            said = {"contact_id": ann.id, "topic": "news", "state": state, "basis": "consent", "evidence": evidence}
            session.execute(insert(Consent), [{**said, "at": MONDAY}])
        session.add(Suppression(address_key="a@b.example", topic="*", reason="bounced", source="smtp", at=MONDAY))
        session.add(Release(created_at=MONDAY, author="test", vocabulary={}, playbooks={}))
    back_to(database, BEFORE)

    upgrade(database)

    with database.reading() as session:
        words = session.execute(select(Consent.source, Consent.record_id).order_by(Consent.id)).all()
        ledger = session.execute(select(ConsentRecord.state, ConsentRecord.address, ConsentRecord.at)).all()
        kept = session.scalars(select(Suppression)).one(), session.scalars(select(Release)).one()
    first, second = (word.record_id for word in words)
    assert [word.source for word in words] == ["traits", "event"]
    assert None not in (first, second) and first != second
    assert [tuple(row) for row in ledger] == [(state, ann.email, MONDAY) for state in ("granted", "withdrawn")]
    assert (kept[0].by, kept[0].proof, kept[1].templates) == (None, {}, {})


def back_to(database: Database, revision: str) -> None:
    """The schema of a former version, with what rows it can hold."""
    with database.engine.connect() as connection:
        command.downgrade(upgrading._config(connection), revision)
        connection.commit()
