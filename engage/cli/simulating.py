"""`engage playbooks simulate`: a stored history played again, or the days to come, on a scratch store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from engage import wiring
from engage.cli.progress import progress
from engage.config import Settings
from engage.errors import InputError
from engage.language.workspace import load_workspace
from engage.rollout.comparing import Difference, compare
from engage.rollout.history import History
from engage.rollout.simulate import rehearse
from engage.rollout.simulate import simulate as play
from engage.rollout.simulation import Simulation, Told
from engage.rollout.versions import Publish, live, written
from engage.wiring import Engage, empty_stage, present_stage

_DAY = click.DateTime(["%Y-%m-%d"])
_BAR = 40


class Player(Protocol):
    """Plays what is live, or the files."""

    def __call__(self, *, from_live: bool) -> Simulation: ...


@click.command()
@click.option("--since", type=_DAY, help="First day, UTC; the day of the first event by default.")
@click.option("--until", type=_DAY, help="Last moment, UTC; now by default.")
@click.option("--days", type=click.IntRange(1, 3660), help="Not the past: so many days from now on.")
@click.option("--account", "accounts", multiple=True, help="Only this account (your id or Engage's); may be repeated.")
@click.option("--live", "from_live", is_flag=True, help="Play what is live, not the files.")
@click.option("--compare", "comparing", is_flag=True, help="Play what is live and the files; show the difference.")
@click.option("--agree/--no-agree", default=True, help="Whether colleagues agree to what they are asked.")
@click.option("--most", default=40, show_default=True, help="How many rows to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every row.")
def simulate(
    since: datetime | None,
    until: datetime | None,
    days: int | None,
    accounts: tuple[str, ...],
    from_live: bool,
    comparing: bool,
    agree: bool,
    most: int,
    as_json: bool,
) -> None:
    """Play the stored history of all accounts again, or the next days: who receives what, and when. Nobody gets mail.

    With --days nothing new is heard from customers: what they would do themselves is not guessed.
    """
    if days is not None and (since or until):
        raise click.UsageError("--days plays what comes after now; --since and --until play the past")
    settings = Settings.from_env()
    with wiring.opened(settings) as engage:
        player = _ahead(engage, accounts, days, agree) if days else _past(engage, accounts, since, until, agree)
        if comparing:
            found = compare(player(from_live=True).told, player(from_live=False).told)
            _print_difference(found, most, as_json=as_json)
            return
        played = player(from_live=from_live)
    if as_json:
        click.echo(json.dumps(played.as_json(), ensure_ascii=False, indent=1))
    else:
        _print(played, most)


def _past(
    engage: Engage, accounts: Sequence[str], since: datetime | None, until: datetime | None, agrees: bool
) -> Player:
    with engage.database.reading() as source:
        begin, end = _span(source, accounts, since, until, engage.clock.now())

    def play_it(*, from_live: bool) -> Simulation:
        name = _name(from_live)
        with engage.database.reading() as source, progress(begin, end, name) as told:
            publish = live(source) if from_live else _written(engage.settings)
            with empty_stage(engage.settings, begin) as stage:
                history = History(source, accounts)
                return play(stage, history, publish, since=begin, until=end, agrees=agrees, progress=told)

    return play_it


def _ahead(engage: Engage, accounts: Sequence[str], days: int, agrees: bool) -> Player:
    begin = engage.clock.now()
    end = begin + timedelta(days=days)

    def play_it(*, from_live: bool) -> Simulation:
        publish = None if from_live else _written(engage.settings)
        with (
            progress(begin, end, _name(from_live)) as told,
            present_stage(engage.settings, engage.database, begin, accounts) as stage,
        ):
            return rehearse(stage, publish, until=end, agrees=agrees, progress=told)

    return play_it


def _name(from_live: bool) -> str:
    return "live" if from_live else "files"


def _written(settings: Settings) -> Publish:
    return written(load_workspace(settings.playbooks_dir, settings.templates_dir))


def _span(
    source: Session, accounts: Sequence[str], since: datetime | None, until: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    first = History(source, accounts).begins()
    if first is None:
        raise InputError("there is no history to play", hint="engage events import, or send events first")
    begin = since.replace(tzinfo=UTC) if since else first.replace(hour=0, minute=0, second=0, microsecond=0)
    end = until.replace(tzinfo=UTC) if until else now
    if end <= begin:
        raise InputError("the simulation would end before it begins", hint="choose --since before --until")
    return begin, end


def _print(found: Simulation, most: int) -> None:
    console = Console()
    console.print(f"{found.accounts} accounts from {found.since:%F} to {found.until:%F} (UTC); nobody got mail.")
    table = Table("playbook", "what", "kind", "outcome", "how often", "", title="What would have happened")
    counts = found.counts()
    top = max(counts.values(), default=1)
    for key, count in sorted(counts.items()):
        table.add_row(*key, f"{count:,}", "█" * max(1, round(_BAR * count / top)))
    console.print(table)
    console.print(rows_of("In the order of time", found.told[:most]))
    if len(found.told) > most:
        console.print(f"… and {len(found.told) - most:,} more: --most N, or --json for all")


def _print_difference(found: Difference[Told], most: int, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(difference_as_json(found), ensure_ascii=False, indent=1))
        return
    console = Console()
    if not (found.gone or found.new or found.moved):
        console.print("No difference: the files would have done just what is live.")
        return
    for title, told in (("Only with what is live", found.gone), ("Only with the files", found.new)):
        if told:
            console.print(rows_of(f"{title}: {len(told):,}", told[:most]))
    if found.moved:
        console.print(rows_of(f"At another time: {len(found.moved):,}", [after for _, after in found.moved[:most]]))


def difference_as_json(found: Difference[Told]) -> dict[str, Any]:
    """Plain values, every row."""
    moved = [{"before": _plain(before), "after": _plain(after)} for before, after in found.moved]
    return {"gone": [*map(_plain, found.gone)], "new": [*map(_plain, found.new)], "moved": moved}


def rows_of(title: str, told: Sequence[Told]) -> Table:
    """What happened, in a table."""
    table = Table("when (UTC)", "account", "contact", "playbook", "what", "outcome", title=title)
    for one in told:
        outcome = f"{one.outcome}: {one.reason}" if one.reason else one.outcome
        table.add_row(f"{one.at:%F %H:%M}", one.account, one.contact, one.playbook, f"{one.what} ({one.kind})", outcome)
    return table


def _plain(one: Told) -> dict[str, str]:
    return {name: str(getattr(one, name)) for name in one.__dataclass_fields__}
