"""`engage keys`: let a source send events, or a product sign in-app tokens."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import click

from engage import wiring
from engage.staff.keys import (
    BROWSER,
    SERVER,
    ListedInAppKey,
    ListedKey,
    create_in_app_key,
    create_write_key,
    list_in_app_keys,
    list_write_keys,
    revoke_in_app_key,
    revoke_write_key,
)


@click.group()
def keys() -> None:
    """Write keys of sources, and keys that sign in-app tokens."""


@keys.command()
@click.argument("name")
@click.option("--browser", is_flag=True, help="A write key for web pages: it may say little, for all can read it.")
@click.option("--in-app", is_flag=True, help="A key that signs in-app tokens instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(name: str, browser: bool, in_app: bool, as_json: bool) -> None:
    """Make a key called NAME and print it: a write key is shown this once only.

    A write key is for your servers and may say everything: keep it secret. One made with --browser may say what people
    do (track, page, screen) and their language and time zone; who they are and where they belong, your server says.
    """
    if browser and in_app:
        raise click.UsageError("--browser and --in-app are keys of two kinds; choose one")
    with wiring.opened() as engage, engage.database.transaction() as session:
        now = engage.clock.now()
        if in_app:
            kid, secret = create_in_app_key(session, name, secret_key=engage.settings.secret_key, now=now)
            made = {"name": name, "kid": kid, "secret": secret}
        else:
            kind = BROWSER if browser else SERVER
            made = {"name": name, "kind": kind, "key": create_write_key(session, name, kind=kind, now=now)}
    if as_json:
        click.echo(json.dumps(made, ensure_ascii=False))
    elif in_app:
        click.echo(f"kid     {made['kid']}\nsecret  {made['secret']}")
    else:
        click.echo(made["key"])


@keys.command("list")
@click.option("--in-app", is_flag=True, help="Those that sign in-app tokens instead, with their ids.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(in_app: bool, as_json: bool) -> None:
    """List the write keys by name, kind and first letters."""
    found: Sequence[ListedKey | ListedInAppKey]
    with wiring.opened() as engage, engage.database.reading() as session:
        found = list_in_app_keys(session) if in_app else list_write_keys(session)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(key) for key in found], ensure_ascii=False, default=str))
        return
    for key in found:
        known_by = key.kid if isinstance(key, ListedInAppKey) else f"{key.kind}  {key.prefix}…"
        click.echo(f"{key.name}  {known_by}{'  (revoked)' if key.revoked_at else ''}")


@keys.command()
@click.argument("name")
@click.option("--in-app", is_flag=True, help="A key that signs in-app tokens instead.")
def revoke(name: str, in_app: bool) -> None:
    """Make the key called NAME useless from now on; a new one may have its name."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        (revoke_in_app_key if in_app else revoke_write_key)(session, name, now=engage.clock.now())
    told = "tokens signed with it open nothing" if in_app else "it can send no more; sources notice within ten seconds"
    click.echo(f"{name} is revoked: {told}")
