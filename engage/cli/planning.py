"""`engage playbooks plan`: what publishing would change, and for whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from engage import wiring
from engage.cli.diffing import show_changes
from engage.cli.progress import progress
from engage.config import Settings
from engage.language.workspace import Workspace, load_workspace
from engage.rollout.differences import Change, of_release, of_workspace
from engage.rollout.outlook import Entry, Load
from engage.rollout.planning import RULE, Plan, Proposal, make_plan
from engage.rollout.promise import as_json
from engage.rollout.rollback import earlier_release, roll_back
from engage.rollout.simulation import TASK, Told
from engage.rollout.versions import written

_BAR = 32
_WIDE = 36


@click.command()
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How far ahead to look.")
@click.option("--rollback", "release_id", type=int, metavar="RELEASE", help="Not the files: an earlier release again.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Keep the plan, for `apply --plan FILE`.")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Language of the words; the install's by default.")
@click.option("--most", default=15, show_default=True, help="How many rows of each kind to show.")
@click.option("--json", "as_json_", is_flag=True, help="Print JSON: every row.")
def plan(days: int, release_id: int | None, out: Path | None, locale: str | None, most: int, as_json_: bool) -> None:
    """Show what publishing the files would change, and for whom: who enters, leaves, is mailed, and the load."""
    settings = Settings.from_env()
    words = locale or settings.default_locale
    with wiring.opened(settings) as engage:
        proposal = of_files(_workspace(settings)) if release_id is None else of_earlier(engage, release_id)
        made = made_plan(engage, proposal, until=engage.clock.now() + timedelta(days=days), locale=words)
    plain = as_json(made, words)
    if out is not None:
        out.write_text(json.dumps(plain, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json_:
        click.echo(json.dumps(plain, ensure_ascii=False, indent=1))
        return
    show_plan(made, words, most)
    if out is not None:
        click.echo(f"Kept in {out}. To publish just this: engage playbooks apply --plan {out}")


def of_files(workspace: Workspace) -> Proposal:
    """The files are to go live; raises PlaybookError where `check` finds an error."""
    return Proposal(written(workspace), of_workspace(workspace))


def of_earlier(engage: wiring.Engage, release_id: int | None) -> Proposal:
    """An earlier release is to go live again."""
    with engage.database.reading() as session:
        release = earlier_release(session, release_id)
        says = of_release(session, engage.library, release)

    def publish(session: Session, now: datetime) -> None:
        roll_back(session, release.id, author="plan", now=now)

    return Proposal(publish, says)


def made_plan(engage: wiring.Engage, proposal: Proposal, *, until: datetime, locale: str) -> Plan:
    """The plan of publishing it now."""
    now = engage.clock.now()
    return make_plan(
        engage.database,
        engage.library,
        proposal,
        lambda: wiring.present_stage(engage.settings, engage.database, now),
        now=now,
        until=until,
        locale=locale,
        progress=lambda name: progress(now, until, name),
    )


def _workspace(settings: Settings) -> Workspace:
    return load_workspace(settings.playbooks_dir, settings.templates_dir)


def show_plan(made: Plan, locale: str, most: int) -> None:
    """Prints a plan for people."""
    console = Console()
    _come_and_go(console, made.changes)
    show_changes([one for one in made.changes if one.what == "changed"], only_words=True)
    console.print(f"\nFrom {made.made_at:%F %H:%M} to {made.until:%F} (UTC). {RULE[locale[:2]]}")
    console.print(f"[bold]{len(made.touched):,} customers[/] would notice a difference.")
    for key, count in made.inside.items():
        console.print(f"  {count:,} are in {key} now and stay on the version they began with.")
    for key, count in made.texts_reach.items():
        console.print(f"  {count:,} are in {key}, of which only texts change: apply --patch gives them the new texts.")
    _entries(console, "Would newly enter", made.enters, made.names, most)
    _entries(console, "Would no longer enter", made.leaves, made.names, most)
    _moved_entries(console, made, most)
    moved = [after for _, after in made.told.moved]
    for title, told in (("new", made.told.new), ("not any more", made.told.gone), ("at another time, shown", moved)):
        _told(console, f"Messages to customers, {title}", [one for one in told if one.kind != TASK], made.names, most)
        _told(console, f"Work for colleagues, {title}", [one for one in told if one.kind == TASK], made.names, most)
    _days(console, made)
    _csms(console, made.after.csms)
    _collisions(console, made)


def _come_and_go(console: Console, changes: Sequence[Change]) -> None:
    """What is new or withdrawn, by name: its words stand in the files."""
    if not changes:
        console.print("No difference: the files say what is live.")
    names: dict[str, list[str]] = {}
    for one in changes:
        if one.what != "changed":
            names.setdefault(f"{one.kind}, {one.what}", []).append(one.name)
    for title, those in names.items():
        console.print(Text.assemble((f"{title}: {len(those)}", "bold"), f"  {', '.join(those)}"))
    if names:
        console.print("In plain words: engage playbooks diff")


def _entries(console: Console, title: str, entries: Sequence[Entry], names: Mapping[str, str], most: int) -> None:
    if not entries:
        return
    table = Table("when (UTC)", "account", "", "playbook", title=f"{title}: {len(entries):,}", title_justify="left")
    for one in entries[:most]:
        table.add_row(f"{one.at:%F %H:%M}", one.account, names.get(one.account, ""), one.playbook)
    _print(console, table, len(entries), most)


def _moved_entries(console: Console, made: Plan, most: int) -> None:
    if not made.retimed:
        return
    title = f"Would enter at another time: {len(made.retimed):,}"
    table = Table("was (UTC)", "will be", "account", "", "playbook", title=title, title_justify="left")
    for old, new in made.retimed[:most]:
        name = made.names.get(new.account, "")
        table.add_row(f"{old.at:%F %H:%M}", f"{new.at:%F %H:%M}", new.account, name, new.playbook)
    _print(console, table, len(made.retimed), most)


def _told(console: Console, title: str, told: Sequence[Told], names: Mapping[str, str], most: int) -> None:
    if not told:
        return
    table = Table("when (UTC)", "account", "", "playbook", title=f"{title}: {len(told):,}", title_justify="left")
    table.add_column("what", max_width=_WIDE, no_wrap=True, overflow="ellipsis")
    table.add_column("outcome", max_width=_WIDE, no_wrap=True, overflow="ellipsis")
    for one in told[:most]:
        outcome = f"{one.outcome}: {one.reason}" if one.reason else one.outcome
        what = f"{one.what} ({one.kind})"
        table.add_row(f"{one.at:%F %H:%M}", one.account, names.get(one.account, ""), one.playbook, what, outcome)
    _print(console, table, len(told), most)


def _days(console: Console, made: Plan) -> None:
    days = sorted({*made.after.days, *made.before_days})
    if not days:
        console.print("Nobody gets anything in these days.")
        return
    top = max(load.messages for load in (*made.after.days.values(), *made.before_days.values()))
    table = Table("day", "messages", "were", "tasks", "", title="The load per day", title_justify="left")
    for day in days:
        table.add_row(*_day(day, made.after.days.get(day, Load()), made.before_days.get(day, Load()), top))
    console.print(table)


def _day(day: date, after: Load, before: Load, top: int) -> tuple[str, ...]:
    bar = "█" * round(_BAR * after.messages / max(top, 1))
    return f"{day:%F %a}", f"{after.messages:,}", f"{before.messages:,}", f"{after.tasks:,}", bar


def _csms(console: Console, csms: Mapping[str, Load]) -> None:
    if not csms:
        return
    table = Table("CSM", "messages to their customers", "tasks", title="The load per CSM", title_justify="left")
    for name, load in csms.items():
        table.add_row(name, f"{load.messages:,}", f"{load.tasks:,}")
    console.print(table)


def _collisions(console: Console, made: Plan) -> None:
    found = made.collisions()
    if not found:
        return
    table = Table("playbook", "", "policy", "why", "messages", title="Held up or not sent", title_justify="left")
    for key, count in sorted(found.items()):
        table.add_row(*key, f"{count:,}")
    console.print(table)


def _print(console: Console, table: Table, count: int, most: int) -> None:
    console.print(table)
    if count > most:
        console.print(f"… and {count - most:,} more: --most N, or --json for all")
