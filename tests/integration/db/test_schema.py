"""The migrated schema."""

from __future__ import annotations

from engage.db.session import Database
from engage.migrations.upgrading import differences, is_current, upgrade


def test_migrations_make_exactly_the_tables_in_code(database: Database) -> None:
    assert differences(database) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database)
    assert is_current(database)
