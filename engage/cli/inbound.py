"""`engage inbound`: mail that came in: replies, automatic replies, bounces, and what matched nobody."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engage import wiring
from engage.messages.inbound.deciding import Departed, confirm, dismiss
from engage.messages.inbound.listing import KINDS, WantedMail, list_inbound, raw_of, show_inbound

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def inbound() -> None:
    """Mail that came in: replies, automatic replies, bounces, and what matched nobody."""


@inbound.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="Only mail of this kind.")
@click.option("--account", metavar="ID", help="Only mail of this account (your id or Engage's).")
@click.option("--unmatched", is_flag=True, help="Only what could be matched to nobody.")
@click.option("--undecided", is_flag=True, help="Only departures that nobody has confirmed or dismissed yet.")
@click.option("--since", type=click.DateTime(("%Y-%m-%d", "%Y-%m-%d %H:%M")), help="Only what came since (UTC).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@_AS_JSON
def list_(
    kind: str | None,
    account: str | None,
    unmatched: bool,
    undecided: bool,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the newest mail."""
    day = since.replace(tzinfo=UTC) if since else None
    wanted = WantedMail(kind=kind, account=account, unmatched=unmatched, undecided=undecided, since=day)
    with wiring.opened() as engage, engage.database.reading() as session:
        rows = list_inbound(session, wanted, limit=limit)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, default=str))
    elif not rows:
        click.echo("no mail")
    else:
        _print_table(rows)


@inbound.command()
@click.argument("inbound_id")
@click.option("--raw", is_flag=True, help="Print the mail's bytes as they were kept, and nothing else.")
@_AS_JSON
def show(inbound_id: str, raw: bool, as_json: bool) -> None:
    """Show one mail: who wrote it, what it answers, what was understood."""
    with wiring.opened() as engage, engage.database.reading() as session:
        if raw:
            sys.stdout.buffer.write(raw_of(session, inbound_id))
            return
        shown = show_inbound(session, inbound_id)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, default=str))
        return
    for name, value in shown.items():
        if name not in ("text", "findings") and value not in (None, "", []):
            click.echo(f"{name:<16} {_plain(value)}")
    for name, value in shown["findings"].items():
        click.echo(f"{name:<16} {_plain(value)}")
    click.echo()
    click.echo(shown["text"])


@inbound.command("confirm")
@click.argument("inbound_id")
@click.option("--left/--stays", default=None, help="Whether the person has left; as was understood without it.")
@click.option("--successor", metavar="ADDRESS", help="Who follows; what was found without it.")
@click.option("--successor-name", metavar="NAME", help="Their name; what was found without it.")
@click.option("--no-successor", is_flag=True, help="Nobody follows, or nobody knows who.")
def confirm_(
    inbound_id: str, left: bool | None, successor: str | None, successor_name: str | None, no_successor: bool
) -> None:
    """Confirm that a contact has left, and who follows: both are recorded as events."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        found = show_inbound(session, inbound_id)
        findings = found["findings"]
        said = Departed(
            left=found["meaning"] == "left" if left is None else left,
            successor_name=_chosen(successor_name, findings.get("successor_name"), no_successor),
            successor_address=_chosen(successor, findings.get("successor_address"), no_successor),
        )
        events = confirm(session, inbound_id, said, by=f"cli:{getpass.getuser()}", now=engage.clock.now())
    click.echo(f"confirmed; recorded: {', '.join(events)}")


@inbound.command("dismiss")
@click.argument("inbound_id")
def dismiss_(inbound_id: str) -> None:
    """Say that nobody has left: nothing follows from the mail."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        dismiss(session, inbound_id, by=f"cli:{getpass.getuser()}", now=engage.clock.now())
    click.echo("dismissed")


def _chosen(said: str | None, found: str | None, nobody: bool) -> str:
    return "" if nobody else said if said is not None else found or ""


def _print_table(rows: list[dict[str, Any]]) -> None:
    columns = ("received_at", "kind", "meaning", "from_address", "account", "subject", "message", "public_id")
    titles = ("received", "kind", "meaning", "from", "account", "subject", "answers", "mail")
    table = Table(*titles, box=None)
    for row in rows:
        cells = (f"{row[name]:%Y-%m-%d %H:%M}" if name == "received_at" else str(row[name] or "") for name in columns)
        table.add_row(*(escape(cell) for cell in cells))
    Console(width=None if Console().is_terminal else 250).print(table)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
