"""`engage consents`: who agreed to which mail or refused it, and what proves it."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import Any

import click

from engage import wiring
from engage.customers.consent_ledger import Entry, add_entry, list_records
from engage.customers.consents import BASES, GRANTED, WITHDRAWN
from engage.customers.finding import absorbed_into, find_person
from engage.messages.keeping_proof import proof

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def consents() -> None:
    """The ledger of consent: each yes and no to mail, with what proves it. Nothing in it is ever overwritten."""


@consents.command("list")
@click.option("--person", metavar="ID", help="Only of this person: your id, Engage's, or their address.")
@click.option("--topic", metavar="KEY", help="Only on this topic.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many at most.")
@_AS_JSON
def list_(person: str | None, topic: str | None, limit: int, as_json: bool) -> None:
    """List the newest records."""
    with wiring.opened() as engage, engage.database.reading() as session:
        ids = None
        if person is not None:
            found = find_person(session, person)
            ids = [one.id for one in (found, *absorbed_into(session, found))]
        rows = list_records(session, contact_ids=ids, topic=topic, limit=limit)
    if as_json:
        click.echo(_json(rows))
        return
    for row in rows:
        click.echo(_line(row))
    if not rows:
        click.echo("no records")


@consents.command()
@click.argument("record_id")
@_AS_JSON
def show(record_id: str, as_json: bool) -> None:
    """Show one record, and until when it has to be kept."""
    with wiring.opened() as engage, engage.database.reading() as session:
        shown = proof(session, record_id)
    if as_json:
        click.echo(_json(shown))
        return
    for name, value in shown.items():
        if value not in (None, ""):
            click.echo(f"{name:<14} {value}")


@consents.command()
@click.argument("person")
@click.argument("topic")
@click.option("--basis", type=click.Choice(BASES), help="On what mail may be sent; `consent` where nothing is said.")
@click.option("--evidence", required=True, metavar="WORDS", help="What proves it: the form, the card, the call.")
@click.option("--at", type=click.DateTime(("%Y-%m-%d", "%Y-%m-%d %H:%M")), help="When it was said (UTC); now if not.")
@click.option("--refused", is_flag=True, help="They want no such mail.")
@_AS_JSON
def add(
    person: str, topic: str, basis: str | None, evidence: str, at: datetime | None, refused: bool, as_json: bool
) -> None:
    """Note that PERSON agreed to mail on TOPIC, or refused it (`*`: all that may be stopped)."""
    if refused and basis:
        raise click.UsageError("a refusal needs no basis")
    with wiring.opened() as engage, engage.database.transaction() as session:
        now = engage.clock.now()
        entry = Entry(
            topic=topic,
            state=WITHDRAWN if refused else GRANTED,
            basis="refusal" if refused else basis or "consent",
            evidence=evidence,
            at=at.replace(tzinfo=UTC) if at else now,
            by=f"cli:{getpass.getuser()}",
        )
        known = engage.library.vocabulary(session).topics
        row = add_entry(session, find_person(session, person), entry, topics=known, now=now)
    click.echo(_json(row) if as_json else _line(row))


def _line(row: dict[str, Any]) -> str:
    who = row["user_id"] or row["contact"] or ""
    at = f"{row['at']:%Y-%m-%d %H:%M} UTC"
    words = (row["public_id"], at, who, row["address"], row["topic"], row["state"], f"({row['basis']})")
    return "  ".join(str(word) for word in (*words, f"{row['source']}: {row['evidence']}") if word)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
