"""`engage surveys`: what customers answered."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from engage import wiring
from engage.errors import NotFoundError
from engage.language.guessing import way_out
from engage.language.words import Text
from engage.surveys.net_promoters import NetPromoters
from engage.surveys.results import Result, count_answers

_BAR = 24
_NET = {
    "ja": "NPS {score:+.0f}(95%信頼区間 {low:+.0f}〜{high:+.0f}): 推奨者{up}名、中立者{none}名、批判者{down}名",
    "en": "NPS {score:+.0f} (95%: {low:+.0f} to {high:+.0f}): {up} promoters, {none} passives, {down} detractors",
}


@click.group()
def surveys() -> None:
    """What customers answered to the questions in playbooks/_shared/questions.yaml."""


@surveys.command()
@click.argument("question", required=False)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only answers from this day on (UTC).")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="The language of questions and answers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def results(question: str | None, since: datetime | None, locale: str | None, as_json: bool) -> None:
    """Count the answers to each question, or to one; whoever answered again counts with the newest answer."""
    with wiring.opened() as engage, engage.database.reading() as session:
        known = engage.library.vocabulary(session).questions
        found = count_answers(session, known, since=since.replace(tzinfo=UTC) if since else None)
        language = locale or engage.settings.default_locale
    if question is not None:
        found = [result for result in found if result.question == question]
        if not found:
            raise NotFoundError(f"nobody declared the question {question}", hint=way_out(question, known))
    if as_json:
        click.echo(json.dumps([_plain(result) for result in found], ensure_ascii=False))
        return
    console = Console()
    for result in found:
        console.print(_table(result, language))
        if result.net is not None and result.net.score is not None:
            console.print(_net(result.net, language), highlight=False)
    if not found:
        click.echo("no questions")


def _table(result: Result, language: str) -> Table:
    title = f"{_said(result.text, language) or result.question} ({result.question})"
    table = Table(title=title, title_justify="left", caption=_caption(result), caption_justify="left", box=None)
    table.add_column("answer")
    table.add_column("count", justify="right")
    table.add_column("share", justify="right")
    table.add_column("")
    for choice in result.choices:
        text, share = _said(choice.text, language) or choice.choice, choice.share
        table.add_row(text, str(choice.count), f"{share:.0%}", "█" * round(share * _BAR))
    return table


def _net(net: NetPromoters, language: str) -> str:
    low, high = net.interval
    return _NET[language].format(
        score=net.score, low=low, high=high, up=net.promoters, none=net.passives, down=net.detractors
    )


def _caption(result: Result) -> str:
    changed = result.answers - result.answered
    return f"{result.answered} answered" + (f" (earlier answers replaced: {changed})" if changed else "")


def _said(text: Text | None, language: str) -> str:
    return text.for_locale(language) if text else ""


def _plain(result: Result) -> dict[str, object]:
    plain = dataclasses.asdict(result) | {"text": result.text.model_dump() if result.text else None}
    plain["net_promoters"] = result.net.as_json() if result.net else None
    del plain["net"]
    plain["choices"] = [
        dataclasses.asdict(choice) | {"text": choice.text.model_dump() if choice.text else None}
        for choice in result.choices
    ]
    return plain
