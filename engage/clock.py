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
        return datetime.now(UTC) + self._offset()

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
