"""`engage customers`: import accounts, contacts and contracts, see one, and ask why it got what it got."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from engage import wiring
from engage.cli.importing import print_report, run_import
from engage.cli.lazy import LazyGroup
from engage.customers.declared_words import declared_by
from engage.customers.import_kinds import KINDS
from engage.customers.importing import import_customers, read_customers
from engage.customers.names import joined_name
from engage.customers.showing import show_account

_MOST_WORDS = 100


@click.group(
    cls=LazyGroup,
    places={"explain": "engage.cli.explain:explain_command", "touch": "engage.cli.touching:touch_command"},
)
def customers() -> None:
    """Accounts, contacts and contracts: import them, see one, ask why."""


@customers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(list(KINDS)), required=True, help="What a row of the file is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(file: Path, kind: str, as_json: bool) -> None:
    """Import a CSV FILE (UTF-8 or CP932, titles in English or Japanese); other columns become traits.

    Needed columns: accounts: account_id, name. contacts: account_id, email. contracts: contract_id, account_id,
    starts_on, ends_on. Good rows can be seen at once; playbooks react with the next digest. A segment, phase or other
    word that nobody declared in `_shared/` is taken as it is, with a warning; so is a value not of its declared type.
    """
    chosen = KINDS[kind]
    with wiring.opened() as engage:
        with engage.database.reading() as session:
            declared = declared_by(engage.library.vocabulary(session))
        report = run_import(
            engage.database,
            file,
            lambda read: read_customers(file, chosen, read=read),
            lambda session, rows: import_customers(
                session, chosen, rows, file=file.name, now=engage.clock.now(), declared=declared
            ),
        )
    print_report(report, as_json=as_json)


@customers.command()
@click.argument("account")
@click.option("--events", type=click.IntRange(0, 1_000), default=20, show_default=True, help="How many events.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(account: str, events: int, as_json: bool) -> None:
    """Show ACCOUNT (your id or Engage's): people, contracts, owners and what happened lately."""
    with wiring.opened() as engage, engage.database.reading() as session:
        told = show_account(session, account, events=events)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    for line in lines_of(told):
        click.echo(line)


def lines_of(told: dict[str, Any]) -> Iterator[str]:
    """An account as lines of text."""
    account = told["account"]
    yield f"{account['name'] or '(no name)'}  {account['external_id']}"
    for name, value in {**account, **account["traits"]}.items():
        if name not in ("name", "external_id", "traits", "created_at", "updated_at"):
            yield f"  {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
    for owner in told["owners"]:
        if "until" not in owner:
            yield f"  {owner['role']}: {owner['email']}"
    for title in ("people", "contracts", "events"):
        if told[title]:
            yield ""
            yield title
            yield from (f"  {_LINES[title](row)}" for row in told[title])


def _person(row: dict[str, Any]) -> str:
    name = joined_name(row.get("family_name"), row.get("given_name")) or row.get("full_name", "")
    ended = f"  until {row['until']:%Y-%m-%d}" if "until" in row else ""
    return "  ".join(filter(None, (name, row.get("email"), ", ".join(row["roles"])))) + ended


def _contract(row: dict[str, Any]) -> str:
    money = f"  {row['amount_minor']} {row.get('currency', '')} (minor units)" if "amount_minor" in row else ""
    return f"{row['external_id']}  {row.get('starts_on', '…')} to {row.get('ends_on', '…')}  {row['state']}{money}"


def _event(row: dict[str, Any]) -> str:
    by = f"  {row['by']}" if "by" in row else ""
    return f"{row['occurred_at']:%Y-%m-%d %H:%M}  {row['name']}{by}{_words(row['properties'])}"


def _words(said: dict[str, Any]) -> str:
    """What a person wrote or noted: a reply's beginning, a colleague's note."""
    told = [str(said[name]) for name in ("kind", "from_address", "until", "excerpt", "note") if said.get(name)]
    text = " ".join(" ".join(told).split())
    return f"  {text[:_MOST_WORDS]}{'…' if len(text) > _MOST_WORDS else ''}" if text else ""


_LINES = {"people": _person, "contracts": _contract, "events": _event}
