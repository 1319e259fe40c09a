"""`engage reports deliverability`: how mail fares by playbook and by sending domain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engage import wiring
from engage.cli.sending import said_of
from engage.messages.tallies import Fared
from engage.messages.thresholds import read_thresholds
from engage.reports.deliverability import Deliverability, deliverability

_HEADS = {
    "ja": ("送信", "不達", "迷惑メール報告", ""),
    "en": ("sent", "bounced", "complained", ""),
}
_KINDS = {
    "ja": {"playbook": "プレイブック", "domain": "差出人ドメイン"},
    "en": {"playbook": "playbook", "domain": "sending domain"},
}
_NONE = {"ja": "この期間に送ったメールはありません。", "en": "No mail went out in this time."}
_OVER = {"ja": "上限超過", "en": "too much"}
_PAUSED = {"ja": "一時停止中", "en": "paused"}


@click.command("deliverability")
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True, help="Of how many days.")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="The language of the report.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def deliverability_command(days: int, locale: str | None, as_json: bool) -> None:
    """Show bounces and complaints by playbook and by sending domain, and what is stopped for them."""
    with wiring.opened() as engage, engage.database.reading() as session:
        thresholds = read_thresholds(engage.settings.pause_at)
        found = deliverability(session, thresholds, days=days, now=engage.clock.now())
        language = locale or engage.settings.default_locale
    if as_json:
        click.echo(json.dumps(_plain(found), ensure_ascii=False, default=str))
        return
    if not found.domains:
        click.echo(_NONE[language])
    console = Console()
    stopped = {brake.name for brake in found.brakes}
    for what, figures, paused in (
        ("domain", found.domains, stopped),
        ("playbook", found.playbooks, found.paused.keys()),
    ):
        if figures:
            console.print(_table(what, figures, found, paused, language))
    for brake in found.brakes:
        click.echo(said_of(brake))


def _table(what: str, figures: Mapping[str, Fared], found: Deliverability, paused: Any, language: str) -> Table:
    table = Table(_KINDS[language][what], box=None)
    for head in _HEADS[language]:
        table.add_column(head, justify="right" if head else "left")
    for name, fared in figures.items():
        notes = [_PAUSED[language]] if name in paused else [_OVER[language]] if found.passes(fared) else []
        shown = (_with_share(count, fared.sent) for count in (fared.bounced, fared.complained))
        table.add_row(escape(name), f"{fared.sent:,}", *shown, *notes)
    return table


def _with_share(count: int, of: int) -> str:
    return f"{count:,} ({count / max(of, count, 1):.2%})"


def _plain(found: Deliverability) -> dict[str, Any]:
    return {
        "domains": {name: _figures(one) for name, one in found.domains.items()},
        "playbooks": {name: _figures(one) for name, one in found.playbooks.items()},
        "paused_playbooks": {key: pause.as_json() for key, pause in found.paused.items()},
        "holds_back": [
            {name: getattr(row, name) for name in ("kind", "name", "since", "until", "reason", "by")}
            for row in found.brakes
        ],
    }


def _figures(fared: Fared) -> dict[str, int]:
    return {"sent": fared.sent, "bounced": fared.bounced, "complained": fared.complained}
