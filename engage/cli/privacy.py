"""`engage privacy`: what is kept of a person, shown whole or taken away."""

from __future__ import annotations

import dataclasses
import getpass
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from engage import wiring
from engage.channels.email.outbox.channel import remove_mails
from engage.channels.email.outbox.opening import outbox_folder
from engage.config import Settings
from engage.customers.finding import find_person
from engage.errors import ConflictError
from engage.upkeep.privacy.erasing import Erasure, erase, foresee
from engage.upkeep.privacy.exporting import export, packed


@click.group()
def privacy() -> None:
    """What is kept of a person: give it to them, or take it away for good."""


@privacy.command("export")
@click.argument("person")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The zip file to write.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON value.")
def export_(person: str, out: Path | None, as_json: bool) -> None:
    """Export all that is kept of PERSON (your id, Engage's, or their address): rows, and the words they were sent."""
    with wiring.opened() as engage, engage.database.reading() as session:
        contact = find_person(session, person)
        found = export(session, engage.library, contact, links=engage.links, now=engage.clock.now())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    path = out or Path(f"{found['person']['id']}.zip")
    path.write_bytes(packed(found))
    rows = sum(map(len, found["theirs"].values()))
    click.echo(f"{path}: {rows} rows of theirs, {len(found['words'])} messages; it holds personal data")


@privacy.command("erase")
@click.argument("person")
@click.option("--dry-run", is_flag=True, help="Only say what would be touched.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def erase_(person: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Erase PERSON (your id, Engage's, or their address) for good, in events and in all that was made from them.

    Counts stay; nobody mails the person again, also when they are imported or identified anew.
    """
    settings = Settings.from_env()
    with wiring.opened(settings) as engage:
        with engage.database.reading() as session:
            contact = find_person(session, person)
            foreseen = foresee(session, engage.library.seal, contact)
        if dry_run:
            _tell(foreseen, as_json=as_json, done=False)
            return
        if not yes:
            _ask(foreseen)
        with engage.database.transaction() as session:
            contact = find_person(session, foreseen.person)
            by, now = f"cli:{getpass.getuser()}", engage.clock.now()
            erased = erase(session, engage.library.seal, contact, by=by, now=now)
    remove_mails(outbox_folder(settings), erased.messages)
    _tell(erased, as_json=as_json, done=True)


def _ask(foreseen: Erasure) -> None:
    if not sys.stdin.isatty():
        hint = "look first: engage privacy erase PERSON --dry-run; then add --yes"
        raise ConflictError("somebody has to say yes to this: it cannot be taken back", code="needs_yes", hint=hint)
    _tell(foreseen, as_json=False, done=False)
    click.confirm("Erase this person for good?", abort=True, err=True)


def _tell(erasure: Erasure, *, as_json: bool, done: bool) -> None:
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(erasure) | {"done": done}, ensure_ascii=False))
        return
    verb = "erased" if done else "would be erased"
    click.echo(f"{erasure.person} {verb}")
    click.echo(f"  rows of theirs:      {_counted(erasure.rows)}")
    click.echo(f"  rows that name them: {_counted(erasure.mentions)}")
    click.echo(f"  runs that end: {erasure.running}   messages taken back: {erasure.pending}")
    if erasure.shared_with:
        who = ", ".join(erasure.shared_with)
        click.echo(
            f"  their address is shared with {who}: it stays in use for them, and only the person's id is barred"
        )
    if done:
        click.echo("  backups and the mail provider's own logs still hold them: see docs/how-to/respect-people.md")


def _counted(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in rows.items()) or "none"
