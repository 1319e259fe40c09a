"""`engage playbooks new`: a playbook to start from."""

from __future__ import annotations

import json

import click

from engage.config import Settings, shipped
from engage.rollout.beginning import Folders, begin_playbook
from engage.rollout.checking import check


@click.command()
@click.argument("key")
@click.option("--like", metavar="KEY", help="Start from this one, yours or shipped, with its templates.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def new(key: str, like: str | None, as_json: bool) -> None:
    """Start a playbook in your own folder: a copy of another one, or the smallest that runs."""
    settings = Settings.from_env()
    ours = Folders(settings.playbooks_dir, settings.templates_dir)
    files = begin_playbook(key, like=like, ours=ours, shipped=Folders(shipped("playbooks"), shipped("email_templates")))
    roots = (f"{ours.playbooks.name}/{key}.yaml", f"{ours.templates.name}/{key}/")
    problems = [problem for problem in check(ours.read()) if problem.file.startswith(roots)]
    if as_json:
        told = {"playbook": key, "files": [str(path) for path in files], "problems": [one.__dict__ for one in problems]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in (*files, *problems):
        click.echo(str(line))
    click.echo(f"Next: write what is yours, then engage playbooks check {key}")
