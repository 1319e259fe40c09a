"""What both import commands share: a progress bar on a terminal, and the report row by row."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.orm import Session

from engage.db.session import Database
from engage.events.importing import ImportReport, chunks_of
from engage.events.rows import Row


def run_import(
    database: Database,
    path: Path,
    read_rows: Callable[[Callable[[int], None]], Iterator[Row]],
    take: Callable[[Session, list[Row]], ImportReport],
) -> ImportReport:
    """Imports a file chunk by chunk, each in its own transaction."""
    report = ImportReport(path.name)
    with progress_of(path) as advance:
        for chunk in chunks_of(read_rows(advance)):
            with database.transaction() as session:
                part = take(session, chunk)
            report.add(part)
    return report


@contextmanager
def progress_of(path: Path) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of a file on a terminal; silence in a pipe."""
    from rich.console import Console  # the other commands of both groups draw nothing
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size)
        yield lambda done: progress.update(task, completed=done)


def print_report(report: ImportReport, *, as_json: bool) -> None:
    """Says what became of each row; exit status 1 when some were refused."""
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report), ensure_ascii=False))
    else:
        for problem in report.problems:
            click.echo(f"{report.file}:{problem.line}: {problem.code}: {problem.message}", err=True)
        for remark in report.remarks:
            click.echo(f"warning: {report.file}:{remark.line}: {remark.code}: {remark.message}", err=True)
        before = f", {report.known_before} known before" if report.known_before else ""
        doubts = f", {len({remark.line for remark in report.remarks})} with a warning" if report.remarks else ""
        click.echo(f"{report.rows} rows: {report.taken} taken{before}, {len(report.problems)} refused{doubts}")
    if report.problems:
        sys.exit(1)
