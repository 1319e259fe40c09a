"""Upgrade a database, or tell how far it is."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from engage.customers.trait_sql import make_functions
from engage.db.session import Database
from engage.migrations.schema import metadata


def upgrade(database: Database) -> None:
    """Brings the schema to this version, with the functions that conditions need; does nothing when it is there."""
    with database.engine.connect() as connection:
        command.upgrade(_config(connection), "head")
        make_functions(connection)
        connection.commit()


def is_current(database: Database) -> bool:
    """Whether the schema is the one this version needs."""
    with database.engine.connect() as connection:
        head = ScriptDirectory.from_config(_config(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == head


def differences(database: Database) -> list[object]:
    """What the migrated schema lacks against the tables in code; empty when they agree."""
    with database.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def new_revision(database: Database, message: str, number: str) -> None:
    """Writes a migration for what the tables in code have gained; for developers."""
    with database.engine.connect() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
