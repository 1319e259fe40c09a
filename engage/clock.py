"""The one place that reads the system clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Tells the time as aware UTC; a file of seconds moves it, so that a demo can travel.

    Every process that shares the file sees the same moved time. Without the file it is the system's time.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._read_mark: tuple[int, int] | None = None
        self._moved = timedelta(0)

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        return self.real() + self._offset()

    def real(self) -> datetime:
        """The time of the system, whatever the file says."""
        return datetime.now(UTC)

    def moved_by(self) -> timedelta:
        """How far the file has moved this clock from the time of the system."""
        return self._offset()

    def move(self, by: timedelta) -> datetime:
        """Moves the shared clock by an amount and returns the new instant."""
        if self._path is None:
            raise ValueError("this clock has no file to move")
        seconds = (self._offset() + by).total_seconds()
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{seconds}\n", encoding="ascii")
        fresh.replace(self._path)
        return self.now()

    def _offset(self) -> timedelta:
        if self._path is None:
            return timedelta(0)
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return timedelta(0)
        mark = (status.st_mtime_ns, status.st_ino)
        if mark != self._read_mark:
            self._moved = timedelta(seconds=float(self._path.read_text(encoding="ascii")))
            self._read_mark = mark
        return self._moved


class VirtualClock(Clock):
    """Stands still until it is moved: for tests and for playing a year in minutes."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.move_to(at)

    def now(self) -> datetime:
        """The instant it stands at."""
        return self._at

    def move(self, by: timedelta) -> datetime:
        """Moves it and returns the new instant."""
        return self.move_to(self._at + by)

    def move_to(self, at: datetime) -> datetime:
        """Moves it to an aware instant."""
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware instant")
        self._at = at.astimezone(UTC)
        return self._at
