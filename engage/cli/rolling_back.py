"""`engage playbooks rollback`: an earlier release, live again."""

from __future__ import annotations

import getpass
import json

import click

from engage import wiring
from engage.cli.guarding import guard
from engage.cli.planning import of_earlier
from engage.rollout.rollback import roll_back


@click.command()
@click.argument("release_id", metavar="[RELEASE]", type=int, required=False)
@click.option("--note", default="", help="Why, for colleagues.")
@click.option("--yes", is_flag=True, help="Ask nothing, however many customers would notice.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rollback(release_id: int | None, note: str, yes: bool, as_json: bool) -> None:
    """Make an earlier release live again, as a new one; the last that said something else by default.

    Running subjects stay on the version they began with. See whom it touches: engage playbooks plan --rollback RELEASE
    """
    with wiring.opened() as engage:
        unmoved = guard(engage, lambda: of_earlier(engage, release_id), plan_file=None, yes=yes)
        with engage.database.transaction() as session:
            unmoved(session)
            by = f"cli:{getpass.getuser()}"
            release = roll_back(session, release_id, author=by, now=engage.clock.now(), note=note)
            told = {"release": release.id, "note": release.note, "playbooks": sorted(release.playbooks)}
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    click.echo(f"Release {told['release']} is live: {told['note']}.")
