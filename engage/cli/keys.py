"""`engage keys`: let a source send events, or a product sign in-app tokens."""

from __future__ import annotations

import dataclasses
import json

import click

from engage import wiring
from engage.staff.keys import create_in_app_key, create_write_key, list_write_keys, revoke_write_key


@click.group()
def keys() -> None:
    """Write keys of sources, and keys that sign in-app tokens."""


@keys.command()
@click.argument("name")
@click.option("--in-app", is_flag=True, help="A key that signs in-app tokens instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(name: str, in_app: bool, as_json: bool) -> None:
    """Make a key called NAME and print it: a write key is shown this once only."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        now = engage.clock.now()
        if in_app:
            kid, secret = create_in_app_key(session, name, secret_key=engage.settings.secret_key, now=now)
            made = {"name": name, "kid": kid, "secret": secret}
        else:
            made = {"name": name, "key": create_write_key(session, name, now=now)}
    if as_json:
        click.echo(json.dumps(made, ensure_ascii=False))
    elif in_app:
        click.echo(f"kid     {made['kid']}\nsecret  {made['secret']}")
    else:
        click.echo(made["key"])


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the write keys by name and first letters."""
    with wiring.opened() as engage, engage.database.reading() as session:
        found = list_write_keys(session)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(key) for key in found], ensure_ascii=False, default=str))
        return
    for key in found:
        click.echo(f"{key.name}  {key.prefix}…{'  (revoked)' if key.revoked_at else ''}")


@keys.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Make the write key called NAME useless from now on."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        revoke_write_key(session, name, now=engage.clock.now())
    click.echo(f"{name} can no longer send; sources notice within ten seconds")
