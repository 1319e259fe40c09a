"""`engage tasks`: work that only a person can do."""

from __future__ import annotations

import dataclasses
import getpass
import json

import click

from engage import wiring
from engage.tasks.listing import ListedTask, list_tasks
from engage.tasks.raising import finish_task


@click.group()
def tasks() -> None:
    """Work for colleagues: what playbooks ask of people, and what could not be sent."""


@tasks.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are done.")
@click.option("--account", metavar="ID", help="Only tasks of this account (your id or Engage's).")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="The language of the titles.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(everything: bool, account: str | None, locale: str | None, as_json: bool) -> None:
    """List open tasks, the most urgent first."""
    with wiring.opened() as engage, engage.database.reading() as session:
        state = None if everything else "open"
        found = list_tasks(session, now=engage.clock.now(), state=state, account=account)
        language = locale or engage.settings.default_locale
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(task) for task in found], ensure_ascii=False, default=str))
        return
    for task in found:
        click.echo(_line(task, language))
    if not found:
        click.echo("no open tasks" if state else "no tasks")


@tasks.command()
@click.argument("task_id")
@click.option("--outcome", help="What came of it.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="What a form asks for; once for each.")
def done(task_id: str, outcome: str | None, fields: tuple[str, ...]) -> None:
    """Mark a task as done, a form with what it asks for."""
    answers = dict(_pair(field) for field in fields)
    with wiring.opened() as engage, engage.database.transaction() as session:
        by, now = f"cli:{getpass.getuser()}", engage.clock.now()
        finish_task(session, task_id, by=by, outcome=outcome, now=now, answers=answers)
    click.echo(f"{task_id} is done")


def _pair(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not equals:
        raise click.BadParameter("write --field NAME=VALUE")
    return name.strip(), value


def _line(task: ListedTask, language: str) -> str:
    due = f"{task.due_at:%Y-%m-%d %H:%M} UTC{' (late)' if task.is_late else ''}" if task.state == "open" else "done"
    title = task.title.get(language) or next(iter(task.title.values()), "")
    asked = f"asks: {', '.join(field['name'] for field in task.fields)}" if task.fields else ""
    words = (task.id, due, task.assignee, task.account_name or task.account, title, f"[{task.reason}]", asked)
    return "  ".join(word for word in words if word)
