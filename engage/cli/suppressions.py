"""`engage suppressions`: which addresses get no mail and why; stopped and let go by hand, shared with the provider."""

from __future__ import annotations

import dataclasses
import getpass
import json
from typing import Any

import click

from engage import wiring
from engage.messages.suppressing import ALL_TOPICS
from engage.messages.suppressing_by_hand import Asked, history_of, let_go, list_stopped, stop_address
from engage.messages.syncing import Synced, sync

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_TOPIC = click.option("--topic", default=ALL_TOPICS, show_default=True, help="Only mail on this topic; * is all mail.")
_WHY = click.option("--why", required=True, metavar="WORDS", help="Why; it is kept in the audit trail.")
_REASONS = ("bounced", "complained", "unsubscribed", "by_hand")


@click.group()
def suppressions() -> None:
    """Addresses that get no mail: why, since when, and who said so."""


@suppressions.command("list")
@click.argument("address", required=False)
@click.option("--reason", type=click.Choice(_REASONS), help="Only for this reason.")
@click.option("--topic", help="Only of this topic; * is all mail.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many at most.")
@_AS_JSON
def list_(address: str | None, reason: str | None, topic: str | None, limit: int, as_json: bool) -> None:
    """List the newest, or those of one ADDRESS with what people did about it."""
    with wiring.opened() as engage, engage.database.reading() as session:
        rows = list_stopped(session, Asked(address=address, reason=reason, topic=topic), limit=limit)
        history = [_entry(one) for one in history_of(session, address)] if address else []
    if as_json:
        said: Any = {"stopped": rows, "history": history} if address else rows
        click.echo(json.dumps(said, ensure_ascii=False, default=str))
        return
    for row in rows:
        what = "all mail" if row["topic"] == ALL_TOPICS else f"topic {row['topic']}"
        words = f"{row['reason']} (by {row['source']}), {row['at']:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{row['address_key']}  {what}  {words}")
    if not rows:
        click.echo(f"{address} is not stopped" if address else "no address is stopped")
    for entry in history:
        said = f"{entry['actor']}  {entry['action']}: {entry['detail']['why']}"
        click.echo(f"    {entry['at']:%Y-%m-%d %H:%M} UTC  {said}")


@suppressions.command()
@click.argument("address")
@_TOPIC
@_WHY
def add(address: str, topic: str, why: str) -> None:
    """Send no more mail to ADDRESS."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        stop_address(session, engage.library, address, topic, by=_me(), why=why, now=engage.clock.now())
    click.echo(f"{address} gets no more mail{'' if topic == ALL_TOPICS else f' on {topic}'}")


@suppressions.command()
@click.argument("address")
@_TOPIC
@_WHY
@click.option("--only-here", is_flag=True, help="Leave the provider's own lists as they are.")
def remove(address: str, topic: str, why: str, only_here: bool) -> None:
    """Let ADDRESS have mail again: here, and first on the provider's own lists, which would still stop it."""
    with wiring.opened() as engage:
        for lists in [] if only_here else wiring.suppression_lists(engage.settings):
            lists.forget(topic, address.strip())
            click.echo(f"{lists.name} has let it go")
        with engage.database.transaction() as session:
            let_go(session, address, topic, by=_me(), why=why, now=engage.clock.now())
    click.echo(f"{address} may have mail again{'' if topic == ALL_TOPICS else f' on {topic}'}")


@suppressions.command("sync")
@_AS_JSON
def sync_(as_json: bool) -> None:
    """Share suppressions with the provider, both ways; workers do it each hour by themselves."""
    with wiring.opened() as engage:
        lists = wiring.suppression_lists(engage.settings)
        done = [sync(engage.database, one, engage.clock, engage.library.seal) for one in lists]
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in done]))
        return
    for one in done:
        click.echo(_told(one))
    if not done:
        click.echo("no provider in ENGAGE_EMAIL_URL keeps lists of its own")


def _told(done: Synced) -> str:
    let_go = f"; {done.let_go} let go there, since their readers began again" if done.let_go else ""
    blocks = f"; {done.blocks} were blocked once and still get mail" if done.blocks else ""
    return f"{done.provider}: {done.read} read, {done.new} new here, {done.told} told to it{let_go}{blocks}"


def _entry(entry: Any) -> dict[str, Any]:
    return {"at": entry.at, "actor": entry.actor, "action": entry.action, "detail": entry.detail}


def _me() -> str:
    return f"cli:{getpass.getuser()}"
