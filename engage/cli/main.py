"""The command `engage`: finds the subcommand, and turns what was refused into words and an exit status."""

from __future__ import annotations

import sys
from typing import Any

import click

from engage.cli.lazy import LazyGroup
from engage.errors import EngageError
from engage.logs import configure_logs

# Every subcommand and where it is; a module is imported only when its command is asked for.
COMMANDS = {
    "up": "engage.cli.up:up",
    "demo": "engage.cli.demo.command:demo",
    "init": "engage.cli.init:init",
    "doctor": "engage.cli.doctor:doctor",
    "playbooks": "engage.cli.playbooks:playbooks",
    "templates": "engage.cli.templates:templates",
    "events": "engage.cli.events:events",
    "customers": "engage.cli.customers:customers",
    "messages": "engage.cli.messages:messages",
    "inbound": "engage.cli.inbound:inbound",
    "consents": "engage.cli.consents:consents",
    "sending": "engage.cli.sending:sending",
    "suppressions": "engage.cli.suppressions:suppressions",
    "approvals": "engage.cli.approvals:approvals",
    "tasks": "engage.cli.tasks:tasks",
    "surveys": "engage.cli.surveys:surveys",
    "reports": "engage.cli.reports:reports",
    "privacy": "engage.cli.privacy:privacy",
    "keys": "engage.cli.keys:keys",
    "users": "engage.cli.users:users",
    "db": "engage.cli.db:db",
    "web": "engage.cli.run:web",
    "stream": "engage.cli.run:stream",
    "worker": "engage.cli.run:worker",
    "clock": "engage.cli.run:clock",
}


@click.group(cls=LazyGroup, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="engage", prog_name="engage")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens, not only what is wrong.")
def engage(verbose: bool) -> None:
    """The tech-touch digital engagement engine for customer success."""
    configure_logs("INFO" if verbose else "WARNING")


def main(arguments: list[str] | None = None) -> Any:
    """Runs a command; exit status 0 done, 1 refused or found problems, 2 wrong usage."""
    try:
        return engage.main(arguments, prog_name="engage", standalone_mode=True)
    except EngageError as error:
        click.echo(f"engage: {error}", err=True)
        sys.exit(1)
