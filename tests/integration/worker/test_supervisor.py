"""The supervisor, run as a real process: it is told what to do on its command line and is killed for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import until

PROGRAM = """
import time
from engage.worker.stopping import Stop
from engage.worker.supervisor import Child, Supervisor

def child():
    stop = Stop.on_signals(with_parent=True)
    while not stop.wait(30):
        pass

Supervisor([Child("one", child), Child("two", child)], Stop.on_signals()).run()
"""


@pytest.fixture
def supervisor() -> Iterator[psutil.Process]:
    running = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=Path(__file__).parents[3])
    process = psutil.Process(running.pid)
    until(lambda: len(process.children()) == 2)
    yield process
    running.kill()
    running.wait()


def test_a_killed_child_is_started_again(supervisor: psutil.Process) -> None:
    victim, witness = supervisor.children()
    victim.send_signal(signal.SIGKILL)
    until(lambda: len(pids(supervisor) - {victim.pid}) == 2)
    assert witness.pid in pids(supervisor)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_every_child(supervisor: psutil.Process, number: signal.Signals) -> None:
    children = supervisor.children()
    supervisor.send_signal(number)
    assert supervisor.wait(timeout=10) == 0
    assert not any(child.is_running() for child in children)


def test_children_end_when_the_supervisor_is_killed(supervisor: psutil.Process) -> None:
    children = supervisor.children()
    os.kill(supervisor.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def pids(process: psutil.Process) -> set[int]:
    return {child.pid for child in process.children() if child.status() != psutil.STATUS_ZOMBIE}
