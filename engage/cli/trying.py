"""What `engage templates check` asks beyond the files: real accounts, and the addresses that mails lead to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engage import wiring
from engage.channels.calls.reaching import not_reached
from engage.cli.progress import counted
from engage.config import Settings
from engage.errors import Problem
from engage.language.defaults import Defaults
from engage.language.mail_reading import FILLING, read_mail
from engage.language.templates import SourceFile, place_of, sources_read
from engage.language.workspace import Workspace
from engage.rollout.checking import compiled_of
from engage.rollout.sources import library_of
from engage.rollout.trying import Trial, accounts_to_try, try_on


@dataclass(frozen=True)
class Tried:
    """What came of a trial on accounts."""

    accounts: int
    trials: list[Trial]

    @property
    def fails(self) -> list[Trial]:
        """Those that could not be made though nothing that they need was missing."""
        return [one for one in self.trials if one.fails]

    def rows(self) -> list[dict[str, Any]]:
        """Every trial that did not end in a mail."""
        return [asdict(one) for one in self.trials]

    def show(self) -> None:
        """A table with a row for each account and what it lacks."""
        table = Table("account", "lacks", "so these wait", box=None, pad_edge=False)
        for name, lacks, waiting in self._by_account():
            table.add_row(escape(name), escape(", ".join(lacks)), escape(", ".join(waiting)))
        if table.row_count:
            Console(width=None if Console().is_terminal else 160).print(table)
        for one in self.fails:
            click.echo(f"{one.account}: {one.template}/{one.locale} cannot be made: {one.fails}")
        short = len({one.account for one in self.trials if one.lacks})
        click.echo(f"{self.accounts} accounts tried: {short} lack something, {len(self.fails)} mails cannot be made")

    def _by_account(self) -> Iterator[tuple[str, list[str], list[str]]]:
        found: dict[str, list[Trial]] = defaultdict(list)
        for one in self.trials:
            if one.lacks:
                found[f"{one.account} {one.account_name}"].append(one)
        for name, several in found.items():
            lacks = sorted({field for one in several for field in one.lacks})
            yield name, lacks, sorted({one.template for one in several})


def try_on_accounts(settings: Settings, workspace: Workspace, names: list[str], asked: str) -> Tried:
    """Fills the templates in for accounts, in every language; reads only."""
    if asked != "all" and not asked.isdecimal():
        raise click.BadParameter("a number, or all", param_hint="--accounts")
    library = library_of(workspace, Defaults(locale=settings.default_locale, time_zone=settings.default_timezone))
    templates = compiled_of(workspace, names)
    with wiring.opened(settings) as engage, engage.database.reading() as session:
        accounts = accounts_to_try(session, None if asked == "all" else int(asked))
        found: list[Trial] = []
        with counted(len(accounts), "accounts") as step:
            for trials in try_on(session, library, templates, accounts, now=engage.clock.now()):
                found += trials
                step()
    return Tried(len(accounts), found)


def unreachable(workspace: Workspace, names: list[str]) -> list[Problem]:
    """The written addresses that do not answer; those that are made of facts cannot be asked."""
    asked: dict[str, tuple[SourceFile, int]] = {}
    for name in names:
        for locale, files in workspace.templates[name].locales.items():
            for file in (piece for one in files.values() for piece in sources_read(one, locale, workspace.layout)):
                for link in read_mail(file).links if not file.file.endswith(".txt") else ():
                    if link.url.lower().startswith(("http:", "https:")) and FILLING not in link.url:
                        asked.setdefault(link.url, (file, link.offset))
    silent = not_reached(asked)
    return [_unreachable(url, *asked[url], reason) for url, reason in silent.items()]


def _unreachable(url: str, file: SourceFile, offset: int, reason: str) -> Problem:
    message, hint = f"{url} does not answer: {reason}", "correct the address"
    return Problem(file.file, *place_of(file.text, offset), "unreachable-link", message, hint, "warning")
