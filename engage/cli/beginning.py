"""`engage playbooks new`: a playbook to start from."""

from __future__ import annotations

import click

from engage.config import Settings, shipped
from engage.rollout.beginning import Folders, begin_playbook
from engage.rollout.checking import check


@click.command()
@click.argument("key")
@click.option("--like", metavar="KEY", help="Start from this one, yours or shipped, with its templates.")
def new(key: str, like: str | None) -> None:
    """Start a playbook in your own folder: a copy of another one, or the smallest that runs."""
    settings = Settings.from_env()
    ours = Folders(settings.playbooks_dir, settings.templates_dir)
    files = begin_playbook(key, like=like, ours=ours, shipped=Folders(shipped("playbooks"), shipped("email_templates")))
    for path in files:
        click.echo(str(path))
    roots = (f"{ours.playbooks.name}/{key}.yaml", f"{ours.templates.name}/{key}/")
    for problem in check(ours.read()):
        if problem.file.startswith(roots):
            click.echo(str(problem))
    click.echo(f"Next: write what is yours, then engage playbooks check {key}")
