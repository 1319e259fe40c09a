"""What a database holds survives the way to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from sqlalchemy import text

from engage.db.session import Database
from engage.migrations.upgrading import _config, is_current, upgrade

LEDGER = """
INSERT INTO template_versions (id, name, locale, kind, sha, subject, html, meta, created_at)
    VALUES (1, 't', 'en', 'email', 's', '', '', '{}', '2026-11-16 00:00:00');
INSERT INTO contacts (id, public_id, external_id, is_staff, is_shared_box, traits, said_at, created_at,
        updated_at)
    VALUES (1, 'con_1', 'ann', 0, 0, '{}', '{}', '2026-11-16 00:00:00', '2026-11-16 00:00:00');
INSERT INTO messages (id, public_id, origin, origin_id, step_id, visit, contact_id, channel, template_name,
        template_version_id, locale, topic, purpose, cc, hours, inputs, wakes, state, delivery, fence, created_at)
    VALUES (1, 'msg_1', 'notice', 1, 's', 1, 1, 'email', 't', 1, 'en', 'news', 'relationship', '[]', 'any', '{}', 0,
        'accepted', 'bounced', 1, '2026-11-16 00:00:00');
INSERT INTO attempts (id, message_id, number, provider, started_at, outcome)
    VALUES (1, 1, 1, 'sendgrid', '2026-11-16 00:00:00', 'accepted');
INSERT INTO receipts (id, provider, natural_key, message_id, kind, at, received_at, raw)
    VALUES (1, 'sendgrid', 'k', 1, 'bounced', '2026-11-16 00:00:00', '2026-11-16 00:00:00', '{}')
"""


def test_a_ledger_of_the_first_schema_survives(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    with database.engine.connect() as connection:
        command.upgrade(_config(connection), "0001")
        connection.commit()
    with database.transaction() as session:
        for statement in LEDGER.split(";"):
            session.connection().exec_driver_sql(statement)
    upgrade(database)
    assert is_current(database)
    with database.reading() as session:
        kept = session.execute(text("SELECT provider, outcome, domain FROM attempts")).all()
        assert kept == [("sendgrid", "accepted", None)]
        assert session.scalar(text("SELECT count(*) FROM receipts")) == 1
    database.close()
