"""`engage playbooks`: what a team wrote, judged, told, published."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from engage import wiring
from engage.config import Settings
from engage.errors import InputError, NotFoundError, PlaybookError, Problem
from engage.language.catalogue import nearest
from engage.language.schema import MODELS, schema_of
from engage.language.telling import Line, tell
from engage.language.workspace import Workspace, load_workspace
from engage.releases.library import LivePlaybook
from engage.rollout.apply import apply_workspace, newest_release
from engage.rollout.checking import check as check_all

STYLES = {
    "title": "bold",
    "heading": "bold",
    "trigger": "cyan",
    "message": "green",
    "task": "magenta",
    "wait": "blue",
    "condition": "yellow",
    "exit": "red",
    "goal": "green",
}
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def playbooks() -> None:
    """Check, show and publish playbooks."""


@playbooks.command()
@click.argument("keys", nargs=-1)
@as_json_option
def check(keys: tuple[str, ...], as_json: bool) -> None:
    """Look for everything that is wrong, in all files or those of the playbooks named."""
    workspace = _workspace()
    problems = check_all(workspace)
    if keys:
        files = {_file_of(workspace, key) for key in keys}
        problems = [problem for problem in problems if problem.file in files]
    _print_problems(problems, as_json=as_json, count=len(workspace.playbooks))
    if any(problem.severity == "error" for problem in problems):
        sys.exit(1)


@playbooks.command()
@click.argument("key")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Language of the words; the install's by default.")
@click.option("--live", "from_live", is_flag=True, help="The published version, not the file.")
@as_json_option
def show(key: str, locale: str | None, from_live: bool, as_json: bool) -> None:
    """Tell a playbook as a tree, in plain words."""
    settings = Settings.from_env()
    playbook = _live(settings, key).playbook if from_live else _written(_workspace(), key)
    if as_json:
        click.echo(_json(playbook.model_dump(mode="json", exclude_none=True)))
        return
    outline = tell(playbook, locale or settings.default_locale)
    Console().print(_tree(outline))


@playbooks.command()
@click.option("--note", default="", help="What changes, for colleagues.")
@click.option("--author", default="cli", show_default=True, help="Who publishes.")
@as_json_option
def apply(note: str, author: str, as_json: bool) -> None:
    """Publish the files; running subjects stay on the version they started with."""
    workspace = _workspace()
    with wiring.opened() as engage, engage.database.transaction() as session:
        before = newest_release(session)
        was = dict(before.playbooks) if before else {}
        try:
            release = apply_workspace(session, workspace, author=author, now=engage.clock.now(), note=note)
        except PlaybookError as error:
            _print_problems(error.problems, as_json=as_json, count=len(workspace.playbooks))
            sys.exit(1)
        live = [_row(each, was) for each in engage.library.live(session)]
        withdrawn = sorted(set(was) - set(release.playbooks))
        told = {"release": release.id, "new": not before or before.id != release.id, "playbooks": live}
    if as_json:
        click.echo(_json(told | {"withdrawn": withdrawn}))
        return
    click.echo(f"Release {release.id} is live." if told["new"] else f"Nothing changed: release {release.id} stays.")
    for row in live:
        click.echo(f"  {row['playbook']}  version {row['version']}{'  (new)' if row['changed'] else ''}")
    for key in withdrawn:
        click.echo(f"  {key}  withdrawn: nobody new enters")


@playbooks.command("list")
@as_json_option
def list_(as_json: bool) -> None:
    """List what is live."""
    with wiring.opened() as engage, engage.database.reading() as session:
        rows = [_row(each, None) for each in engage.library.live(session)]
    if as_json:
        click.echo(_json(rows))
        return
    for row in rows:
        title = row["title"][Settings.from_env().default_locale[:2]]
        click.echo(f"{row['playbook']:<24} version {row['version']:<4} {row['subject']:<9} {title}")
    if not rows:
        click.echo("Nothing is live yet: engage playbooks apply")


@playbooks.command()
@click.argument("kind", type=click.Choice(sorted(MODELS)), default="playbook")
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    click.echo(_json(schema_of(kind)))


def _workspace() -> Workspace:
    settings = Settings.from_env()
    return load_workspace(settings.playbooks_dir, settings.templates_dir)


def _file_of(workspace: Workspace, key: str) -> str:
    """The file of a playbook, readable or not; NotFoundError with the nearest key."""
    files = [file.document.file for file in workspace.playbooks] + [problem.file for problem in workspace.problems]
    stems = {Path(name).stem: name for name in files}
    if key not in stems:
        raise _unknown(key, list(stems))
    return stems[key]


def _written(workspace: Workspace, key: str) -> Any:
    found = next((file.playbook for file in workspace.playbooks if file.playbook.key == key), None)
    if found is None:
        broken = [problem for problem in workspace.problems if Path(problem.file).stem == key]
        if broken:
            raise InputError(f"the playbook {key} cannot be read", hint=f"engage playbooks check {key}")
        raise _unknown(key, [file.playbook.key for file in workspace.playbooks])
    return found


def _live(settings: Settings, key: str) -> LivePlaybook:
    with wiring.opened(settings) as engage, engage.database.reading() as session:
        live = engage.library.live(session)
    found = next((each for each in live if each.key == key), None)
    if found is None:
        raise _unknown(key, [each.key for each in live])
    return found


def _unknown(key: str, known: list[str]) -> NotFoundError:
    close = nearest(key, known)
    hint = f"did you mean {close}?" if close else f"there are: {', '.join(sorted(known)) or 'none'}"
    return NotFoundError(f"there is no playbook {key}", hint=hint)


def _row(live: LivePlaybook, was: dict[str, Any] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "playbook": live.key,
        "version": live.version,
        "version_id": live.version_id,
        "title": live.playbook.title.model_dump(),
        "stage": live.playbook.stage,
        "subject": live.playbook.subject,
    }
    return row if was is None else row | {"changed": was.get(live.key) != live.version_id}


def _print_problems(problems: Sequence[Problem], *, as_json: bool, count: int) -> None:
    errors = sum(problem.severity == "error" for problem in problems)
    if as_json:
        rows = [problem.__dict__ for problem in problems]
        click.echo(_json({"ok": errors == 0, "problems": rows}))
        return
    for problem in problems:
        click.echo(f"{'' if problem.severity == 'error' else 'warning: '}{problem}")
    warnings = len(problems) - errors
    click.echo(f"{count} playbooks read: {errors} errors, {warnings} warnings")


def _tree(line: Line, parent: Tree | None = None) -> Tree:
    label = Text(line.text, style=STYLES.get(line.kind, ""))
    tree = Tree(label) if parent is None else parent.add(label)
    for under in line.under:
        _tree(under, tree)
    return tree


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)
