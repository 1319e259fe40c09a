"""`engage messages`: the send ledger: what went, what waits, what may or may not have left."""

from __future__ import annotations

import getpass
import json
from typing import Any

import click

from engage import wiring
from engage.messages.ledger_views import list_messages, show_message
from engage.messages.status import STATES
from engage.messages.unknowns import LISTED_AFTER, VERDICTS, list_unknowns, resolve

_NO_AGE = LISTED_AFTER - LISTED_AFTER


@click.group()
def messages() -> None:
    """The ledger of messages: what went, what waits, what is in doubt."""


@messages.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only messages in this state.")
@click.option("--playbook", metavar="KEY", help="Only messages of this playbook.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(state: str | None, playbook: str | None, limit: int, as_json: bool) -> None:
    """List the newest messages."""
    with wiring.opened() as engage, engage.database.reading() as session:
        rows = list_messages(session, state=state, playbook=playbook, limit=limit)
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        words = (row["public_id"], row["state"], row["channel"], row["template_name"], row["address"], row["reason"])
        click.echo("  ".join(str(word) for word in words if word))
    if not rows:
        click.echo("no messages")


@messages.command()
@click.argument("message_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(message_id: str, as_json: bool) -> None:
    """Show one message: its attempts, the gate's answers, the provider's receipts."""
    with wiring.opened() as engage, engage.database.reading() as session:
        shown = show_message(session, message_id)
    if as_json:
        _print_json(shown)
        return
    for name, value in shown.items():
        if not isinstance(value, list) and value not in (None, ""):
            click.echo(f"{name:<14} {value}")
    for name in ("gate", "attempts", "receipts"):
        for row in shown[name]:
            click.echo(f"{name:<14} " + "  ".join(str(word) for word in row.values() if word is not None))


@messages.command()
@click.option("--all", "everything", is_flag=True, help="Also those younger than two hours.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def unknowns(everything: bool, as_json: bool) -> None:
    """List messages that may or may not have left and wait for a person's word."""
    with wiring.opened() as engage, engage.database.reading() as session:
        older_than = _NO_AGE if everything else LISTED_AFTER
        rows = [dict(row._mapping) for row in list_unknowns(session, now=engage.clock.now(), older_than=older_than)]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['public_id']}  {row['address']}  {row['provider']}  {row['started_at']:%Y-%m-%d %H:%M} UTC")
    if rows:
        click.echo("look at the provider, then: engage messages resolve MESSAGE_ID sent|not-sent|give-up")
    else:
        click.echo("nothing is in doubt")


@messages.command("resolve")
@click.argument("message_id")
@click.argument("verdict", type=click.Choice(list(VERDICTS)))
def resolve_(message_id: str, verdict: str) -> None:
    """Say what became of a message in doubt: `sent`, `not-sent` (it is sent again), or `give-up`."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        state = resolve(session, message_id, verdict, by=f"cli:{getpass.getuser()}", now=engage.clock.now())
    click.echo(f"{message_id} is {state}")


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=str))
