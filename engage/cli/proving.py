"""`engage playbooks test`: the examples and invariants of the files, played by the real engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from engage import wiring
from engage.config import Settings
from engage.errors import PlaybookError
from engage.language.defaults import Defaults
from engage.language.workspace import load_workspace
from engage.rollout.proving.attacking import HISTORIES, SECONDS, Effort, InvariantResult, attack
from engage.rollout.proving.examples import ExampleResult, run_examples
from engage.rollout.proving.stores import ScratchStores
from engage.rollout.proving.stories import tell_effort, tell_story, tell_too_few
from engage.rollout.proving.telling import tell_failure

Stories = dict[tuple[str, int], list[str]]


@click.command()
@click.argument("keys", nargs=-1)
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Language of the words; the install's by default.")
@click.option(
    "--examples", "histories", default=HISTORIES, show_default=True, help="Histories against `never:`; 0: none."
)
@click.option("--seconds", default=SECONDS, show_default=True, help="How long to look for one, per playbook.")
@click.option("--seed", default=0, show_default=True, help="Other histories.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def test(keys: tuple[str, ...], locale: str | None, histories: int, seconds: float, seed: int, as_json: bool) -> None:
    """Play the examples of all playbooks, or of those named, and attack their invariants. Nobody gets mail."""
    settings = Settings.from_env()
    language = locale or settings.default_locale
    stores = scratch_stores(settings)
    effort = Effort(histories, seconds, seed)
    try:
        chosen = keys or [file.playbook.key for file in stores.workspace.playbooks]
        results = [result for key in chosen for result in run_examples(stores, key)]
        attacked = [result for key in chosen if histories > 0 for result in attack(stores, key, effort)]
    except PlaybookError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    finally:
        stores.close()
    stories = {(one.playbook, one.number): list(tell_story(stores, one, language)) for one in attacked}
    ok = all(result.passed for result in results) and all(result.passed for result in attacked)
    if as_json:
        invariants = [_plain_invariant(one, stories) for one in attacked]
        told = {"ok": ok, **_plain(results, language), "invariants": invariants}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _print(results, language)
        _print_invariants(attacked, stories, language)
    if not ok:
        sys.exit(1)


def scratch_stores(settings: Settings) -> ScratchStores:
    """Stores in memory for the files that the settings name."""
    workspace = load_workspace(settings.playbooks_dir, settings.templates_dir)
    defaults = Defaults(locale=settings.default_locale, time_zone=settings.default_timezone)
    return ScratchStores(workspace, wiring.make_tables, defaults)


def _print(results: Sequence[ExampleResult], locale: str) -> None:
    console = Console()
    table = Table("playbook", "example", "", "seconds")
    for result in results:
        outcome = "[green]holds[/]" if result.passed else "[red]fails[/]"
        table.add_row(result.playbook, escape(result.name(locale)), outcome, f"{result.seconds:.2f}")
    if results:
        console.print(table)
    failed = [result for result in results if not result.passed]
    for result in failed:
        console.print(f"\n[bold red]{result.playbook}[/] {escape(result.name(locale))}", highlight=False)
        for line in tell_failure(result, locale):
            console.print(f"  {escape(line)}", highlight=False, soft_wrap=True)
    console.print(f"{len(results)} examples: {len(results) - len(failed)} hold, {len(failed)} fail")


def _plain(results: Sequence[ExampleResult], locale: str) -> dict[str, Any]:
    rows = [
        {
            "playbook": result.playbook,
            "number": result.number,
            "name": result.name(locale),
            "passed": result.passed,
            "seconds": round(result.seconds, 3),
            "told": list(tell_failure(result, locale)),
        }
        for result in results
    ]
    return {"examples": rows}


def _print_invariants(attacked: Sequence[InvariantResult], stories: Stories, locale: str) -> None:
    if not attacked:
        return
    console = Console()
    table = Table("playbook", "never", "", Column("histories", no_wrap=True))
    for result in attacked:
        outcome = "[green]holds[/]" if result.passed else "[red]broken[/]"
        outcome = "[yellow]holds?[/]" if result.says_little else outcome
        table.add_row(result.playbook, escape(result.invariant.text), outcome, tell_effort(result, locale))
    console.print(table)
    for result in attacked:
        for line in stories[result.playbook, result.number]:
            console.print(escape(line), highlight=False, soft_wrap=True)
    for line in tell_too_few(attacked, locale):
        console.print(f"[yellow]{escape(line)}[/]", highlight=False, soft_wrap=True)
    broken = sum(not result.passed for result in attacked)
    console.print(f"{len(attacked)} invariants: {len(attacked) - broken} hold, {broken} broken")


def _plain_invariant(result: InvariantResult, stories: Stories) -> dict[str, Any]:
    counter = result.counter
    return {
        "playbook": result.playbook,
        "number": result.number,
        "never": result.invariant.text,
        "passed": result.passed,
        "histories": result.tried,
        "began": result.began,
        "too_few": result.says_little,
        "story": stories[result.playbook, result.number],
        "history": counter.played.example.model_dump(mode="json", exclude_defaults=True) if counter else None,
    }
