"""`engage playbooks`: what a team wrote, judged, told, published."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from engage import wiring
from engage.cli.drawing import draw, mermaid_option, svg_option
from engage.cli.guarding import guard
from engage.cli.lazy import LazyGroup
from engage.cli.planning import of_files
from engage.config import Settings
from engage.errors import InputError, NotFoundError, PlaybookError, Problem
from engage.journeys.starting_by_hand import Wish, start_by_hand
from engage.language.guessing import way_out
from engage.language.rules_docs import explanation
from engage.language.schema import MODELS, schema_of, write_schemas
from engage.language.telling import Line, tell
from engage.language.workspace import MISSING_FOLDER, Workspace, load_workspace
from engage.releases.library import LivePlaybook
from engage.releases.pauses import pauses
from engage.rollout.apply import newest_release
from engage.rollout.checking import check as check_all
from engage.rollout.patching import apply_only, apply_patch
from engage.rollout.shadowing import shadows_running

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
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


# Each has a module of its own, imported when it is asked for.
COMMANDS = {
    "diff": "engage.cli.diffing:diff",
    "map": "engage.cli.drawing:map_",
    "migrate": "engage.cli.migrating:migrate",
    "new": "engage.cli.beginning:new",
    "pause": "engage.cli.pausing:pause",
    "plan": "engage.cli.planning:plan",
    "preview": "engage.cli.previewing:preview",
    "resume": "engage.cli.pausing:resume",
    "rollback": "engage.cli.rolling_back:rollback",
    "shadow": "engage.cli.shadowing:shadow",
    "simulate": "engage.cli.simulating:simulate",
    "test": "engage.cli.proving:test",
}


@click.group(cls=LazyGroup, places=COMMANDS)
def playbooks() -> None:
    """Check, show and publish playbooks."""


@playbooks.command()
@click.argument("keys", nargs=-1)
@click.option("--explain", "code", metavar="CODE", help="Tell what a complaint of this code means, and its way out.")
@as_json_option
def check(keys: tuple[str, ...], code: str | None, as_json: bool) -> None:
    """Look for everything that is wrong, in all files or those of the playbooks named."""
    if code is not None:
        click.echo(explanation(code))
        return
    workspace = _workspace()
    problems = check_all(workspace)
    if keys:
        files = {_file_of(workspace, key) for key in keys}
        problems = [one for one in problems if one.file in files or one.code == MISSING_FOLDER]
    _print_problems(problems, as_json=as_json, count=len(workspace.playbooks))
    if any(problem.severity == "error" for problem in problems):
        sys.exit(1)


@playbooks.command()
@click.argument("key")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Language of the words; the install's by default.")
@click.option("--live", "from_live", is_flag=True, help="The published version, not the file.")
@svg_option
@mermaid_option
@as_json_option
def show(key: str, locale: str | None, from_live: bool, svg: Path | None, as_mermaid: bool, as_json: bool) -> None:
    """Tell a playbook as a tree, in plain words; or draw it."""
    settings = Settings.from_env()
    playbook = _live(settings, key).playbook if from_live else _written(_workspace(), key)
    if as_json:
        click.echo(_json(playbook.model_dump(mode="json", exclude_none=True)))
        return
    if svg is not None or as_mermaid:
        draw(playbook, locale or settings.default_locale, svg=svg)
        return
    outline = tell(playbook, locale or settings.default_locale)
    Console().print(_tree(outline))


@playbooks.command()
@click.option("--note", default="", help="What changes, for colleagues.")
@click.option("--author", default="cli", show_default=True, help="Who publishes.")
@click.option("--plan", "plan_file", type=_FILE, help="Only if this plan is still true (made by `plan --out`).")
@click.option("--yes", is_flag=True, help="Ask nothing, however many customers would notice.")
@click.option("--patch", is_flag=True, help="Texts only: those inside get them, too; refused when more has changed.")
@as_json_option
def apply(note: str, author: str, plan_file: Path | None, yes: bool, patch: bool, as_json: bool) -> None:
    """Publish the files; running subjects stay on the version they started with.

    Above the size of ENGAGE_ASK_ABOVE it asks first, and shows what it asks about.
    """
    workspace = _workspace()
    with wiring.opened() as engage, _problems_printed(workspace, as_json=as_json):
        unmoved = guard(engage, lambda: of_files(workspace), plan_file=plan_file, yes=yes)
        with engage.database.transaction() as session:
            unmoved(session)
            before = newest_release(session)
            was = dict(before.playbooks) if before else {}
            publish = apply_patch if patch else apply_only
            release, patched = publish(
                session, engage.library, workspace, author=author, now=engage.clock.now(), note=note
            )
            live = [_row(each, was) for each in engage.library.live(session)]
        withdrawn = sorted(set(was) - set(release.playbooks))
        told = {"release": release.id, "new": not before or before.id != release.id, "playbooks": live}
        told |= {"patched": [one.as_json() for one in patched]} if patch else {}
    if as_json:
        click.echo(_json(told | {"withdrawn": withdrawn}))
        return
    click.echo(f"Release {release.id} is live." if told["new"] else f"Nothing changed: release {release.id} stays.")
    for row in live:
        click.echo(f"  {row['playbook']}  version {row['version']}{'  (new)' if row['changed'] else ''}")
    for key in withdrawn:
        click.echo(f"  {key}  withdrawn: nobody new enters")
    for one in patched:
        stay = f"stay, their steps are others ({'; '.join(one.stays)})" if one.stays else "get the new texts"
        click.echo(f"  {one.playbook}  {one.inside} inside version {one.version} {stay}")


@playbooks.command()
@click.argument("key")
@click.option("--account", required=True, metavar="ID", help="The account (your id or Engage's).")
@click.option("--contact", metavar="ID", help="The contact, where the playbook runs per contact.")
@click.option("--contract", metavar="ID", help="The contract, where the playbook runs per contract.")
@click.option("--reason", help="Why, for colleagues.")
@as_json_option
def start(key: str, account: str, contact: str | None, contract: str | None, reason: str | None, as_json: bool) -> None:
    """Put a customer into a playbook that starts by hand."""
    by = f"cli:{getpass.getuser()}"
    wish = Wish(playbook=key, account=account, contact=contact, contract=contract, by=by, reason=reason)
    with wiring.opened() as engage, engage.database.transaction() as session:
        name = start_by_hand(session, engage.library, wish, now=engage.clock.now())
        is_paused = key in pauses(session)
    if as_json:
        click.echo(_json({"playbook": key, "enters": name, "is_paused": is_paused}))
        return
    when = "when it is resumed, within three days" if is_paused else "as soon as a worker runs"
    click.echo(f"{name} enters {key} {when}")


@playbooks.command("list")
@as_json_option
def list_(as_json: bool) -> None:
    """List what is live."""
    with wiring.opened() as engage, engage.database.reading() as session:
        paused, on_trial = pauses(session), shadows_running(session)
        rows = [
            _row(each, None)
            | {"paused": paused[each.key].as_json() if each.key in paused else None}
            | {"shadow_since": on_trial[each.key].isoformat() if each.key in on_trial else None}
            for each in engage.library.live(session)
        ]
    if as_json:
        click.echo(_json(rows))
        return
    for row in rows:
        title = row["title"][Settings.from_env().default_locale[:2]]
        click.echo(f"{row['playbook']:<24} version {row['version']:<4} {row['subject']:<9} {title}{_held(row)}")
    if not rows:
        click.echo("Nothing is live yet: engage playbooks apply")


@playbooks.command()
@click.argument("kind", type=click.Choice(sorted(MODELS)), default="playbook")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write all of them into this folder.")
def schema(kind: str, out: Path | None) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    if out is not None:
        for path in write_schemas(out):
            click.echo(str(path))
        return
    click.echo(_json(schema_of(kind)))


def _held(row: dict[str, Any]) -> str:
    pause = row["paused"]
    why = f": {pause['reason']}" if pause and pause["reason"] else ""
    told = f"  (paused since {pause['since'][:10]} by {pause['by']}{why})" if pause else ""
    return told + (f"  (a version on trial since {row['shadow_since'][:10]})" if row["shadow_since"] else "")


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
    return NotFoundError(f"there is no playbook {key}", hint=way_out(key, known))


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


@contextmanager
def _problems_printed(workspace: Workspace, *, as_json: bool) -> Iterator[None]:
    """Files that cannot be published are told with their places, as `check` does."""
    try:
        yield
    except PlaybookError as error:
        _print_problems(error.problems, as_json=as_json, count=len(workspace.playbooks))
        sys.exit(1)


def _tree(line: Line, parent: Tree | None = None) -> Tree:
    label = Text(line.text, style=STYLES.get(line.kind, ""))
    tree = Tree(label) if parent is None else parent.add(label)
    for under in line.under:
        _tree(under, tree)
    return tree


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)
