"""`engage playbooks migrate`."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence

import click

from engage import wiring
from engage.errors import InputError
from engage.rollout.migrating import Move, move_next, moves, passage

_HOW = {
    "begins": "begin it now",
    "goes_on": "go on waiting as they do",
    "no_step": "stay: the new version has no such step (--map {step}=…)",
    "message_on_its_way": "stay: their message has not settled, and the step there sends none",
    "has_been_there": "stay: they would come again to a step that they have done",
}
_NAMED = 5


@click.command()
@click.argument("key")
@click.option("--from", "source", type=int, required=True, metavar="VERSION", help="Whoever is inside this version.")
@click.option("--to", "target", type=int, metavar="VERSION", help="Where they go; the live version by default.")
@click.option("--map", "pairs", multiple=True, metavar="A=B", help="Who stands at step A goes to step B; repeatable.")
@click.option("--yes", is_flag=True, help="Move them; without it nothing changes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every name.")
def migrate(key: str, source: int, target: int | None, pairs: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Show who would move from one version of a playbook to another, and where to; with --yes move them."""
    names = _names(pairs)
    with wiring.opened() as engage:
        with engage.database.reading() as session:
            way = passage(session, engage.library, key, source=source, target=target, names=names)
            found = moves(session, way)
        moved, last = 0, 0 if yes else None
        while last is not None:
            with engage.database.transaction() as session:
                last, some = move_next(session, way, after=last, by=f"cli:{getpass.getuser()}", now=engage.clock.now())
                moved += some
    if as_json:
        told = {"from": way.source.version, "to": way.target.version, "moves": [one.as_json() for one in found]}
        click.echo(json.dumps(told | {"moved": moved if yes else None}, ensure_ascii=False))
        return
    click.echo(f"{key}: version {way.source.version} to version {way.target.version}")
    _show(found)
    click.echo(f"{moved} moved." if yes else "Nothing has moved: --yes moves them.")


def _names(pairs: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for pair in pairs:
        before, is_pair, after = (part.strip() for part in pair.partition("="))
        if not (before and is_pair and after):
            raise InputError(f"--map {pair} is no pair of steps", hint="--map OLD_STEP=NEW_STEP")
        if names.setdefault(before, after) != after:
            raise InputError(f"{before} is mapped twice", where="--map")
    return names


def _show(found: Sequence[Move]) -> None:
    for move in found:
        step = move.step or "(not begun)"
        to = "" if move.stays or move.to == move.step else f" -> {move.to}"
        click.echo(f"  {step}{to}: {len(move.subjects)} {_HOW[move.how].format(step=move.step)}")
        more = len(move.subjects) - _NAMED
        named = ", ".join(name or "(no name)" for name in move.subjects[:_NAMED])
        click.echo(f"      {named}{f' and {more} more' if more > 0 else ''}")
    if not found:
        click.echo("  nobody is inside that version")
