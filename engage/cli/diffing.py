"""`engage playbooks diff`: what the files change against what is live."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.text import Text

from engage import wiring
from engage.config import Settings
from engage.errors import NotFoundError
from engage.language.workspace import load_workspace
from engage.rollout.apply import newest_release
from engage.rollout.differences import Change, concerning, differences, of_release, of_workspace

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_SHORT = 40  # lines of a new or withdrawn thing: its text stands in the file


@click.command()
@click.argument("key", required=False)
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Language of the words; the install's by default.")
@click.option("--words", "only_words", is_flag=True, help="Only the plain words, no lines of YAML.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff(key: str | None, locale: str | None, only_words: bool, as_json: bool) -> None:
    """Tell what the files change against what is live: in plain words, and line by line."""
    settings = Settings.from_env()
    after = of_workspace(load_workspace(settings.playbooks_dir, settings.templates_dir))
    with wiring.opened(settings) as engage, engage.database.reading() as session:
        before = of_release(session, engage.library, newest_release(session))
    changes = differences(before, after, locale=locale or settings.default_locale)
    if key is not None:
        if ("playbook", key) not in before and ("playbook", key) not in after:
            raise NotFoundError(f"there is no playbook {key}", hint="engage playbooks list")
        changes = concerning(changes, key, (before, after))
    if as_json:
        click.echo(json.dumps([asdict(change) for change in changes], ensure_ascii=False, indent=1))
        return
    if not changes:
        click.echo("No difference: the files say what is live.")
    show_changes(changes, only_words=only_words)


def show_changes(changes: Sequence[Change], *, only_words: bool) -> None:
    """Prints changes for people."""
    console = Console()
    for change in changes:
        note = "  (only its look)" if change.only_look else ""
        console.print(Text(f"{change.kind} {change.name}: {change.what}{note}", style="bold"))
        lines = list(change.words)
        if not only_words and change.what == "changed":
            lines += change.diff.splitlines()[2:]
        elif not only_words and not change.words:
            lines += [line for line in change.diff.splitlines()[2:] if line[0] in "+-"][:_SHORT]
        for line in lines:
            console.print(Text(f"  {line}", style=_STYLES.get(line[:1], "")), soft_wrap=True)
