"""`engage messages`: the send ledger: what went, what waits, what may or may not have left."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engage import wiring
from engage.cli.sending import said_of
from engage.messages.braking import in_force
from engage.messages.ledger_views import Wanted, list_messages, show_message
from engage.messages.status import STATES
from engage.messages.unknowns import list_doubts, resolve

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_LONG = ("inputs", "raw", "verdicts")
_PARTS = ("gate", "approvals", "attempts", "receipts", "clicks", "in_product", "resolved")


@click.group()
def messages() -> None:
    """The ledger of messages: what went, what waits, what is in doubt."""


@messages.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only messages in this state.")
@click.option("--account", metavar="ID", help="Only messages to this account.")
@click.option("--playbook", metavar="KEY", help="Only messages of this playbook.")
@click.option("--since", type=click.DateTime(("%Y-%m-%d", "%Y-%m-%d %H:%M")), help="Only those written since (UTC).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@_AS_JSON
def list_(
    state: str | None, account: str | None, playbook: str | None, since: datetime | None, limit: int, as_json: bool
) -> None:
    """List the newest messages."""
    wanted = Wanted(state=state, account=account, playbook=playbook, since=since.replace(tzinfo=UTC) if since else None)
    with wiring.opened() as engage, engage.database.reading() as session:
        rows = list_messages(session, wanted, limit=limit)
        brakes = in_force(session, now=engage.clock.now())
    if as_json:
        _print_json(rows)
    elif not rows:
        click.echo("no messages")
    else:
        shown = ("public_id", "state", "delivery", "channel", "account", "template_name", "address", "reason")
        _print_table(rows, shown)
        _say_what_holds_back(rows, brakes)


@messages.command()
@click.argument("message_id")
@click.option("--bundle", "bundle_file", type=click.Path(path_type=Path), help="Write all of it into this zip file.")
@_AS_JSON
def show(message_id: str, bundle_file: Path | None, as_json: bool) -> None:
    """Show one message: what was decided, approved, tried, and told about it."""
    if bundle_file is not None:
        _write_bundle(message_id, bundle_file)
        return
    with wiring.opened() as engage, engage.database.reading() as session:
        shown = show_message(session, message_id)
        brakes = in_force(session, now=engage.clock.now())
    if as_json:
        _print_json(shown)
        return
    for name, value in shown.items():
        if name not in _PARTS and value not in (None, ""):
            click.echo(f"{name:<20} {value}")
    for name in _PARTS:
        for row in shown[name]:
            words = [str(word) for key, word in row.items() if word is not None and key not in _LONG]
            click.echo(f"{name:<20} " + "  ".join([*words, *(_verdict(one) for one in row.get("verdicts", ()))]))
    _say_what_holds_back([shown], brakes)


@messages.command()
@_AS_JSON
def unknowns(as_json: bool) -> None:
    """List what may or may not have left: since when, and what happens next."""
    with wiring.opened() as engage, engage.database.reading() as session:
        critical = engage.library.vocabulary(session).critical_topics
        rows = list_doubts(session, now=engage.clock.now(), critical=critical)
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        since = f"in doubt since {row['started_at']:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{row['public_id']}  {row['address']}  {row['provider']}, attempt {row['attempt']}, {since}")
        click.echo(f"    {row['reason'] or ''}")
        click.echo(f"    {row['next']}")
    if rows:
        click.echo("look at the provider, then: engage messages resolve ID --accepted|--not-sent --why WORDS")
    else:
        click.echo("nothing is in doubt")


@messages.command("resolve")
@click.argument("message_id")
@click.option("--accepted", "verdict", flag_value="accepted", help="The provider has it: it is not sent again.")
@click.option("--not-sent", "verdict", flag_value="not-sent", help="It surely did not leave: it is sent again.")
@click.option("--give-up", "verdict", flag_value="give-up", help="Nobody can tell: it is not sent again.")
@click.option("--why", required=True, metavar="WORDS", help="How you know; it is kept in the audit trail.")
@click.option("--attempt", type=int, metavar="N", help="The attempt you looked at; refused when it is over.")
def resolve_(message_id: str, verdict: str | None, why: str, attempt: int | None) -> None:
    """Say what became of a message in doubt."""
    if verdict is None:
        raise click.UsageError("say what became of it: --accepted, --not-sent or --give-up")
    by = f"cli:{getpass.getuser()}"
    with wiring.opened() as engage, engage.database.transaction() as session:
        now = engage.clock.now()
        state = resolve(session, message_id, verdict, by=by, why=why, attempt=attempt, now=now)
    click.echo(f"{message_id} is {state}")


def _verdict(one: dict[str, Any]) -> str:
    return f"{one['verdict']} ({', '.join(one['reasons'])})"


def _write_bundle(message_id: str, path: Path) -> None:
    from engage.upkeep.bundling import bundle

    with wiring.opened() as engage, engage.database.reading() as session:
        path.write_bytes(bundle(session, engage.library, message_id, links=engage.links))
    click.echo(f"{path} holds all of {message_id}; manifest.json in it says what is what")


def _say_what_holds_back(rows: list[dict[str, Any]], brakes: Sequence[Any]) -> None:
    """Beside mail that waits: what no single message can say of itself."""
    if any(row["state"] == "queued" and row["channel"] == "email" for row in rows):
        for brake in brakes:
            click.echo(said_of(brake))


def _print_table(rows: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    table = Table(*(name.removesuffix("_name").replace("public_id", "message") for name in names), box=None)
    for row in rows:
        table.add_row(*(escape(str(row[name] or "")) for name in names))
    Console(width=None if Console().is_terminal else 200).print(table)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=str))
