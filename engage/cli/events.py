"""`engage events`: import messages from a file, and see what was refused and why."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from engage import wiring
from engage.calendars.zones import first_zone
from engage.cli.importing import print_report, run_import
from engage.events.importing import import_messages, read_messages
from engage.events.problems import list_problems
from engage.journeys.isolating import take_again


@click.group()
def events() -> None:
    """What customers did: import it, and see what could not be taken."""


@events.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(file: Path, as_json: bool) -> None:
    """Import Segment-style calls from FILE: NDJSON (.ndjson, .jsonl), else CSV with a column `type`.

    A timestamp without a zone, such as 2027/3/31 or 2027年3月31日 9:00, is meant in the installation's time zone.
    """
    with wiring.opened() as engage:
        zone = first_zone(engage.settings.default_timezone)
        report = run_import(
            engage.database,
            file,
            lambda read: read_messages(file, read=read),
            lambda session, rows: import_messages(session, rows, file=file.name, zone=zone, now=engage.clock.now()),
        )
    print_report(report, as_json=as_json)


@events.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many, newest first.")
@click.option("--code", help="Only those refused with this code.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def problems(limit: int, code: str | None, as_json: bool) -> None:
    """List messages and rows that were refused, the newest first."""
    with wiring.opened() as engage, engage.database.reading() as session:
        found = list_problems(session, limit=limit, code=code)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False, default=str))
        return
    for one in found:
        click.echo(f"{one.received_at:%Y-%m-%d %H:%M:%S}  {one.place}  {one.code}: {one.reason}")
    if not found:
        click.echo("nothing was refused")


@events.command()
def retry() -> None:
    """Try once more every event that was set aside as `not_digested`, once the reason is mended.

    They are taken as what came in then: what they say of a customer counts from their own time, and playbooks begin.
    """
    with wiring.opened() as engage, engage.database.transaction() as session:
        count = take_again(session)
    click.echo(f"{count} events go through again" if count else "no event was set aside")
