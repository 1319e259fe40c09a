"""The command `engage demo`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from engage.cli.demo.company import CSM, PASSWORD
from engage.cli.demo.stage import Stage, set_up
from engage.cli.demo.story import BEGINS, CHAPTERS, prepare
from engage.cli.demo.summary import show
from engage.errors import ConflictError


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), help="Where its data go; default: a new folder."
)
@click.option("--stay", is_flag=True, help="Keep everything running at the end, until Ctrl-C.")
def demo(home: Path | None, stay: bool) -> None:
    """Play a sample company's whole story, offline, on real processes: events in, mails out, approvals, reasons."""
    console = Console(width=None if Console().is_terminal else 140)
    stage = set_up(_fresh(home), BEGINS)
    console.print(f"A year at Aoba Software, on real processes and one moved clock. Data: {stage.home}", soft_wrap=True)
    try:
        prepare(stage)
        with stage.running():
            _play(console, stage)
            show(console, stage)
            if stay:
                _stay(console, stage)
    finally:
        stage.database.close()


def _play(console: Console, stage: Stage) -> None:
    for chapter in CHAPTERS:
        stage.travel(chapter.at)
        console.print(f"[bold cyan]{chapter.at:%Y-%m-%d %H:%M}[/]  {chapter.title}")
        chapter.play(stage)


def _stay(console: Console, stage: Stage) -> None:
    console.print(f"Engage stays up at {stage.url}/console/ ({CSM}, password {PASSWORD}). Ctrl-C ends it.")
    console.print(f"What customers see in the product: {stage.url}/example/")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("Ending.")


def _fresh(home: Path | None) -> Path:
    if home is None:
        return Path(tempfile.mkdtemp(prefix="engage-demo-"))
    if home.exists() and any(home.iterdir()):
        raise ConflictError("this folder is not empty", where=str(home), hint="name a new folder")
    return home.absolute()
