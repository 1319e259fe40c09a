"""CPU seconds and peak memory of process trees, read from the kernel."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil


@dataclass
class Meter:
    """Measures the trees under some processes while it is entered; ended children count through their parents."""

    roots: Iterable[int]
    cpu_seconds: float = 0.0
    peak_mb: dict[str, float] = field(default_factory=dict)
    cpu_by_name: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> Meter:
        self._roots = [psutil.Process(pid) for pid in self.roots]
        self._before = self._by_name()
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watcher.join()
        self.cpu_by_name = {name: spent - self._before.get(name, 0.0) for name, spent in self._by_name().items()}
        self.cpu_seconds = sum(self.cpu_by_name.values())

    def _by_name(self) -> dict[str, float]:
        spent: dict[str, float] = {}
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                mine = times.user + times.system + times.children_user + times.children_system
                spent[process.name()] = spent.get(process.name(), 0.0) + mine
        return spent

    def _watch(self) -> None:
        while not self._done.wait(0.25):
            for process in self._processes():
                with suppress(psutil.NoSuchProcess):
                    name = process.name()
                    resident = process.memory_info().rss / 1e6
                    self.peak_mb[name] = max(self.peak_mb.get(name, 0.0), resident)

    def _processes(self) -> list[psutil.Process]:
        found = []
        for root in self._roots:
            with suppress(psutil.NoSuchProcess):
                found += [root, *root.children(recursive=True)]
        return found
