"""`engage sending`: what holds mail back: providers that rest, domains that are stopped, slowed or new."""

from __future__ import annotations

import getpass
import json
from typing import Any

import click

from engage import wiring
from engage.messages.braking import go_on, in_force, kind_of, stop

_SHOWN = ("kind", "name", "since", "until", "reason", "by", "failures")
_WORDS = {
    "provider": "takes no mail",
    "sender": "sends nothing",
    "recipient": "gets mail slowly",
}


@click.group()
def sending() -> None:
    """What holds mail back at the moment, and letting it go on."""


@sending.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List providers that rest, and domains that are stopped or slowed."""
    with wiring.opened() as engage, engage.database.reading() as session:
        rows = in_force(session, now=engage.clock.now())
    if as_json:
        click.echo(json.dumps([{name: getattr(row, name) for name in _SHOWN} for row in rows], default=str))
        return
    for row in rows:
        click.echo(said_of(row))
    if not rows:
        click.echo("nothing holds mail back")


@sending.command()
@click.argument("name")
@click.option("--reason", default="", help="Why, for colleagues.")
def pause(name: str, reason: str) -> None:
    """Send nothing in the name of the domain NAME, or by the provider NAME; what waits is kept."""
    name = name.lower()
    with wiring.opened() as engage, engage.database.transaction() as session:
        kind = kind_of(session, name)
        if kind == "provider":
            wiring.insist_on_provider(engage.settings, name)
        stop(session, kind, name, by=_me(), reason=reason, now=engage.clock.now())
    click.echo(f"{name} {_WORDS[kind]} until: engage sending resume {name}")


@sending.command()
@click.argument("name")
def resume(name: str) -> None:
    """Let a provider or a domain go on, whatever held it back."""
    name = name.lower()
    with wiring.opened() as engage, engage.database.transaction() as session:
        released = go_on(session, name, by=_me(), now=engage.clock.now())
    click.echo(f"{name} goes on; {released} messages that waited for it are due now")


def said_of(brake: Any) -> str:
    """One line about what holds mail back."""
    until = f"until: engage sending resume {brake.name}"
    if brake.until is not None:
        until = f"until {brake.until:%Y-%m-%d %H:%M:%S} UTC"
    why = f": {brake.reason}" if brake.reason else ""
    return f"{brake.name} {_WORDS[brake.kind]} since {brake.since:%Y-%m-%d %H:%M} UTC, {until} (by {brake.by}){why}"


def _me() -> str:
    return f"cli:{getpass.getuser()}"
