"""`engage db`: the schema."""

from __future__ import annotations

import click

from engage import wiring
from engage.config import Settings


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the schema to this version; safe to repeat."""
    wiring.migrate(Settings.from_env())
    click.echo("The database has the schema of this version.")
