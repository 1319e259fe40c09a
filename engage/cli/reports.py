"""`engage reports`: whether it works."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engage import wiring
from engage.cli.lazy import LazyGroup
from engage.language.telling_expect import measure_said
from engage.reports.lift import Group, Lift
from engage.reports.lift_words import percent, verdict_said
from engage.reports.lifts import lifts
from engage.reports.looks import next_look

_HEADS = {
    "ja": ("", "適用", "判定済み", "達成", "割合(95%信頼区間)"),
    "en": ("", "came in", "judged", "reached", "share (95%)"),
}
_SIDES = {"ja": ("配信", "未配信"), "en": ("got it", "left alone")}
_NONE = {
    "ja": "効果を測るプレイブックがありません。expect: または holdout: を書いてください。",
    "en": "No playbook says what it is to move: write expect: or holdout: in one.",
}
_NEXT = {"ja": "次の判定: {day}", "en": "Next look: {day}"}


@click.group(cls=LazyGroup, places={"deliverability": "engage.cli.deliverability:deliverability_command"})
def reports() -> None:
    """What the playbooks have moved, and how their mail fares."""


@reports.command()
@click.argument("playbook", required=False)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Count only who came in from this day on (UTC).")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="The language of the report.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lift(playbook: str | None, since: datetime | None, locale: str | None, as_json: bool) -> None:
    """Compare the accounts that got a playbook with those that were left alone."""
    with wiring.opened() as engage, engage.database.reading() as session:
        now, start = engage.clock.now(), since.replace(tzinfo=UTC) if since else None
        found = lifts(session, engage.library, playbook, now=now, since=start)
        live = {one.key: one for one in engage.library.live(session)}
        looks = {one.playbook.key: next_look(session, engage.library, live[one.playbook.key]) for one in found}
        language = locale or ("ja" if engage.settings.default_locale.startswith("ja") else "en")
    if as_json:
        click.echo(json.dumps([_plain(one, looks[one.playbook.key]) for one in found], ensure_ascii=False))
        return
    console = Console()
    for one in found:
        _show(console, one, looks[one.playbook.key], language)
    if not found:
        click.echo(_NONE[language])


def _show(console: Console, found: Lift, look: datetime | None, language: str) -> None:
    name = f"{found.playbook.title.for_locale(language)} ({found.playbook.key})"
    console.print(f"[bold]{escape(name)}[/]: {escape(measure_said(found.expect, language))}", highlight=False)
    console.print(_table(found, language))
    console.print(escape(verdict_said(found, language)), highlight=False)
    if look is not None:
        console.print(_NEXT[language].format(day=f"{look:%Y-%m-%d}"), highlight=False)
    console.print()


def _table(found: Lift, language: str) -> Table:
    table = Table(box=None)
    first, *heads = _HEADS[language]
    table.add_column(first)
    for head in heads:
        table.add_column(head, justify="right")
    sides = zip(_SIDES[language], (found.got_it, found.left_alone), strict=True)
    for side, group in list(sides)[: 1 if found.comparison == "none" else 2]:
        share = group.share
        table.add_row(side, f"{group.came:,}", f"{share.of:,}", f"{share.reached:,}", percent(share))
    return table


def _plain(found: Lift, look: datetime | None) -> dict[str, Any]:
    apart = found.difference
    return {
        "playbook": found.playbook.key,
        "metric": found.expect.metric or "event",
        "event": found.expect.event,
        "within": found.within,
        "look_after": str(found.expect.look_after),
        "at_least_points": float(found.expect.at_least),
        "stop_if": found.expect.stop_if,
        "comparison": found.comparison,
        "since": found.since.isoformat() if found.since else None,
        "began": found.began.isoformat() if found.began else None,
        "next_look": look.isoformat() if look else None,
        "got_it": _group(found.got_it),
        "left_alone": None if found.comparison == "none" else _group(found.left_alone),
        "difference": {"value": apart.value, "low": apart.low, "high": apart.high} if apart else None,
        "needed": {"got_it": found.needed[0], "left_alone": found.needed[1]} if found.needed else None,
        "verdict": found.verdict,
        "said": {language: verdict_said(found, language) for language in ("ja", "en")},
    }


def _group(group: Group) -> dict[str, Any]:
    share, (low, high) = group.share, group.share.interval
    counts = {"came_in": group.came, "due": group.due, "judged": share.of, "reached": share.reached}
    return {**counts, "share": share.value, "low": low, "high": high}
