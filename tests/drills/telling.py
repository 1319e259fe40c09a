"""What a drill tells: what was done, what held, the counts; at the end as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.table import Table


@dataclass
class Report:
    """One drill as it was played."""

    number: int
    title: str
    criterion: str
    done: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    say: Callable[[str], None] = print

    @property
    def is_good(self) -> bool:
        """Whether everything held that was asked."""
        return bool(self.held) and not self.broken

    def did(self, words: str) -> None:
        """Tells of a deed."""
        self.done.append(words)
        self.say(f"    did    {words}")

    def holds(self, words: str, truth: object) -> None:
        """Tells of what has to hold, and whether it does; the drill goes on either way."""
        (self.held if truth else self.broken).append(words)
        self.say(f"    {'held  ' if truth else 'BROKEN'} {words}")


def as_table(reports: Sequence[Report]) -> Table:
    """All reports under each other, for a terminal."""
    table = Table("", "drill and what was done", "what held, with the counts", "s", show_lines=True)
    for report in reports:
        held = [f"[green]{_plain(words)}[/]" for words in report.held]
        broken = [f"[bold red]BROKEN {_plain(words)}[/]" for words in report.broken]
        done = [f"[bold]{report.title}[/]", *map(_plain, report.done)]
        table.add_row(str(report.number), "\n".join(done), "\n".join(held + broken), f"{report.seconds:.0f}")
    return table


def _plain(words: str) -> str:
    return words.replace("[", "\\[")
