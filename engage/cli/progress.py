"""A progress bar for commands that play."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import Progress


@contextmanager
def progress(begin: datetime, end: datetime, name: str) -> Iterator[Callable[[datetime], None]]:
    """A bar on a terminal, silent in a pipe."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"Playing the {name}", total=(end - begin).total_seconds())
        yield lambda at: bar.update(task, completed=(at - begin).total_seconds(), description=f"{name} {at:%F}")


@contextmanager
def counted(total: int, name: str) -> Iterator[Callable[[], None]]:
    """A bar that counts things on a terminal, silent in a pipe."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=total)
        yield lambda: bar.advance(task)
