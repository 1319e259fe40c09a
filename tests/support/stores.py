"""The two databases every test of the store runs on, brought to today's schema."""

from __future__ import annotations

from pathlib import Path

from engage.db.session import Database
from engage.migrations.upgrading import upgrade

DIALECTS = ("sqlite", "postgresql")


def migrate(url: str) -> None:
    """Brings a database to the schema of this version."""
    database = Database(url)
    try:
        upgrade(database)
    finally:
        database.close()


def migrated_sqlite(path: Path) -> Path:
    """A migrated SQLite file with nothing left beside it, so that copying the one file copies all."""
    migrate(f"sqlite:///{path}")
    return path
