"""`engage playbooks pause` and `resume`."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from typing import Any

import click

from engage import wiring
from engage.messages.policy.verdicts import say
from engage.rollout import pausing

_WHY = {
    "too_late": "came too late for the grace of its trigger",
    "not_invited": "the audience or the condition no longer holds",
    "withdrawn": "the playbook is no longer live",
}
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("key")
@click.option("--reason", default="", help="Why, for colleagues.")
@_as_json
def pause(key: str, reason: str, as_json: bool) -> None:
    """Send and begin nothing of a playbook until it is resumed; it goes on listening."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        paused = pausing.pause(session, key, by=_me(), reason=reason, now=engage.clock.now())
    if as_json:
        _print(paused)
        return
    click.echo(f"{key} is paused: {paused.inside} inside stand still; goals and exits are still heard.")
    for state, count in sorted(paused.messages.items()):
        told = "already on their way, cannot be called back" if state == "sending" else f"wait: {say('paused', 'en')}"
        click.echo(f"  {count} messages {state}: {told}")
    click.echo(f"Go on: engage playbooks resume {key}")


@click.command()
@click.argument("key")
@_as_json
def resume(key: str, as_json: bool) -> None:
    """Let a paused playbook go on, with whoever came meanwhile and is still in time."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        resumed = pausing.resume(session, engage.library, key, by=_me(), now=engage.clock.now())
    if as_json:
        _print(resumed)
        return
    click.echo(f"{key} goes on: {resumed.inside} inside, {resumed.messages} messages back to the gate.")
    click.echo(f"  {resumed.entered} who came during the pause enter now")
    for why, count in resumed.left_out.items():
        click.echo(f"  {count} do not: {_WHY[why]} ({why})")


def _me() -> str:
    return f"cli:{getpass.getuser()}"


def _print(told: Any) -> None:
    click.echo(json.dumps(asdict(told), ensure_ascii=False))
