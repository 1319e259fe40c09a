"""When a process has to end: it was asked to, or the process that started it is gone."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from types import FrameType

_PR_SET_PDEATHSIG = 1


class Stop:
    """Becomes true on SIGTERM or Ctrl-C, or when the supervising parent died; a wait for it ends with it."""

    def __init__(self, *, with_parent: bool = False) -> None:
        self._parent = os.getppid() if with_parent else None
        self._asked = False
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)

    @classmethod
    def on_signals(cls, *, with_parent: bool = False) -> Stop:
        """A stop that SIGTERM and Ctrl-C ask for, in this process; children of a supervisor end with it."""
        stop = cls(with_parent=with_parent)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop._heard)
        return stop

    @property
    def asked(self) -> bool:
        """Whether it is time to end."""
        return self._asked or (self._parent is not None and os.getppid() != self._parent)

    def ask(self) -> None:
        """Asks for the end."""
        self._asked = True
        os.write(self._writing, b".")

    def wait(self, seconds: float) -> bool:
        """Rests for so long, or until it is time to end; tells whether it is."""
        if not self.asked:
            select.select([self._reading], [], [], seconds)
        return self.asked

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        self.ask()


def die_with_parent() -> None:
    """Has the system send SIGTERM to this process when its parent dies, where the system can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
