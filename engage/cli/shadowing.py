"""`engage playbooks shadow`."""

from __future__ import annotations

import getpass
import json

import click
from rich.console import Console

from engage import wiring
from engage.cli.simulating import difference_as_json, rows_of
from engage.config import Settings
from engage.errors import InputError
from engage.language.workspace import load_workspace
from engage.rollout.shadowing import Comparison, compare_shadow, start_shadow, stop_shadow

_WHY = {
    "no_step": "the version on trial has no step of the name at which they stand",
    "message_on_its_way": "what becomes of a message on its way is known to the live run alone",
    "form_open": "a form is open that only the live run has",
    "has_been_there": "from there they would come again to what they have had",
    "other_subject": "the version on trial runs for another kind of subject",
}


@click.command()
@click.argument("key")
@click.option("--compare", "comparing", is_flag=True, help="Who, what, when: the trial against what is live.")
@click.option("--stop", "stopping", is_flag=True, help="End the trial.")
@click.option("--most", default=20, show_default=True, help="Rows of each table to print.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every row.")
def shadow(key: str, comparing: bool, stopping: bool, most: int, as_json: bool) -> None:
    """Run the version in the files beside the live one: it only writes down what it would have sent."""
    if comparing and stopping:
        raise InputError("one at a time", hint="--compare first, then --stop")
    if comparing:
        _compare(key, most, as_json=as_json)
    elif stopping:
        _stop(key)
    else:
        _start(key, as_json=as_json)


def _start(key: str, *, as_json: bool) -> None:
    settings = Settings.from_env()
    workspace = load_workspace(settings.playbooks_dir, settings.templates_dir)
    with wiring.opened(settings) as engage, engage.database.transaction() as session:
        version, inside = start_shadow(session, engage.library, workspace, key, by=_me(), now=engage.clock.now())
    if as_json:
        told = {"inside": inside.covered, "left_out": dict(inside.left_out)}
        click.echo(json.dumps({"playbook": key, "version": version.version, **told}))
        return
    click.echo(f"{key} version {version.version} runs beside the live one; nobody hears of it.")
    if inside.covered:
        click.echo(f"{inside.covered} who are inside go along from where they stand.")
    for reason, count in sorted(inside.left_out.items()):
        click.echo(f"{count} who are inside are left out: {_WHY.get(reason, reason)}.")
    click.echo(f"  engage playbooks shadow {key} --compare   what differs so far")
    click.echo(f"  engage playbooks apply                    makes it live; or shadow {key} --stop")


def _stop(key: str) -> None:
    with wiring.opened() as engage, engage.database.transaction() as session:
        stop_shadow(session, key, by=_me(), now=engage.clock.now())
    click.echo(f"The trial of {key} has ended; --compare still shows it.")


def _compare(key: str, most: int, *, as_json: bool) -> None:
    with wiring.opened() as engage, engage.database.reading() as session:
        found = compare_shadow(session, key, now=engage.clock.now())
    if as_json:
        counts = {"since": found.since.isoformat(), "until": found.until.isoformat()}
        counts |= {"live": str(found.live), "shadow": str(found.shadow)}
        counts |= {"inside": str(found.inside), "left_out": str(found.left_out)}
        click.echo(json.dumps(counts | difference_as_json(found.difference), ensure_ascii=False, indent=1))
        return
    _print(found, most)


def _print(found: Comparison, most: int) -> None:
    console = Console()
    span = f"from {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC"
    console.print(f"{span}: {found.live} began in the live version, {found.shadow} in the trial.")
    if found.inside or found.left_out:
        console.print(f"Of those inside when it began, {found.inside} are covered and {found.left_out} left out.")
    difference = found.difference
    if not (difference.gone or difference.new or difference.moved):
        console.print("No difference: the trial would have done just what the live version did.")
    for title, told in (("Only in the live version", difference.gone), ("Only in the trial", difference.new)):
        if told:
            console.print(rows_of(f"{title}: {len(told):,}", told[:most]))
    if difference.moved:
        later = [after for _, after in difference.moved[:most]]
        console.print(rows_of(f"In the trial at another time: {len(difference.moved):,}", later))


def _me() -> str:
    return f"cli:{getpass.getuser()}"
