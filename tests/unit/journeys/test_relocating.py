"""Where a run stands in another version: a table of versions, places and answers."""

from __future__ import annotations

from typing import Any

import pytest

from engage.journeys.decisions import RunState
from engage.journeys.relocating import BEEN_THERE, NO_STEP, ON_ITS_WAY, Landing, relocate
from engage.language.program import Program
from tests.unit.journeys.plays import TUESDAY, playbook_of

OLD = """
- email: kickoff/welcome
  id: hello
- wait: 3 days
  id: pause
- email: kickoff/minutes
  id: more
"""
LONGER = OLD.replace("3 days", "9 days") + "- wait: {for: replied, up_to: 5 days}\n  id: listen\n"
RENAMED = OLD.replace("id: pause", "id: rest").replace("id: more", "id: last")
SHORT = "- email: kickoff/welcome\n  id: hello\n"
TURNED = """
- email: kickoff/minutes
  id: more
- wait: 3 days
  id: pause
- email: kickoff/welcome
  id: hello
"""
LISTENING = OLD.replace("- wait: 3 days", "- wait: {for: replied, up_to: 3 days}")
ROUNDS = """
- repeat:
    at_most: 3
    every: 1 week
    steps:
      - email: kickoff/welcome
        id: hello
      - wait: 1 day
        id: pause
  id: rounds
- email: kickoff/minutes
  id: more
"""

ON_TIME = {"kind": "time", "step": "pause", "until": "2026-11-27T00:00:00+00:00", "events": []}
ON_MAIL = {"kind": "message", "step": "hello"}


def at(step: str | None, visit: int = 1, **memory: Any) -> RunState:
    return RunState(step, visit, memory, {}, TUESDAY, contact_id=None, status="running", due_at=None)


def landed(old: str, new: str, state: RunState, names: dict[str, str], done: set[str]) -> Any:
    programs = [Program.of(playbook_of(steps)) for steps in (old, new)]
    found = relocate(state, *programs, names, done)
    return (found.state.step_id, found.begins) if isinstance(found, Landing) else found.reason


@pytest.mark.parametrize(
    ("new", "state", "names", "done", "expected"),
    [
        (LONGER, at(None), {}, set(), (None, True)),  # who has not begun begins the new version
        (LONGER, at("pause", wait=ON_TIME), {}, {"hello", "pause"}, ("pause", False)),
        (RENAMED, at("pause", wait=ON_TIME), {}, {"hello", "pause"}, NO_STEP),
        (RENAMED, at("pause", wait=ON_TIME), {"pause": "rest"}, {"hello", "pause"}, ("rest", False)),
        (RENAMED, at("pause", wait=ON_TIME), {"pause": "last"}, {"hello", "pause"}, ("last", True)),
        (RENAMED, at("pause", wait=ON_TIME), {"pause": "hello"}, {"hello", "pause"}, BEEN_THERE),
        (TURNED, at("pause", wait=ON_TIME), {}, {"hello", "pause"}, BEEN_THERE),  # would get the welcome again
        (SHORT, at("hello", wait=ON_MAIL), {}, {"hello"}, ("hello", False)),
        (RENAMED, at("hello", wait=ON_MAIL), {"hello": "rest"}, {"hello"}, ON_ITS_WAY),
    ],
)
def test_where_a_run_lands(new: str, state: RunState, names: dict[str, str], done: set[str], expected: Any) -> None:
    assert landed(OLD, new, state, names, done) == expected


def test_a_wait_goes_on_until_its_own_end_for_what_the_new_step_waits_for() -> None:
    old, new = Program.of(playbook_of(OLD)), Program.of(playbook_of(LISTENING))
    found = relocate(at("pause", wait=ON_TIME), old, new, {}, {"hello", "pause"})
    assert isinstance(found, Landing)
    assert found.state.memory["wait"] == ON_TIME | {"kind": "event", "events": ["replied"], "as": "pause"}


def test_what_a_run_remembers_follows_the_new_names() -> None:
    old, new = Program.of(playbook_of(OLD)), Program.of(playbook_of(RENAMED))
    state = at(
        "pause", wait=ON_TIME, sent={"hello": {"state": "accepted"}}, signals=[{"purpose": "wait", "step": "pause"}]
    )
    found = relocate(state, old, new, {"pause": "rest", "hello": "hello"}, {"hello", "pause"})
    assert isinstance(found, Landing)
    assert found.state.memory["signals"] == [{"purpose": "wait", "step": "rest"}]
    assert found.state.memory["sent"] == {"hello": {"state": "accepted"}}


@pytest.mark.parametrize(("new", "expected"), [(ROUNDS, ("pause", False)), (OLD, ("pause", False))])
def test_rounds_go_on_or_are_left(new: str, expected: Any) -> None:
    round_ = {"step": "rounds", "number": 2, "at": "2026-11-20T00:00:00+00:00"}
    state = at("pause", 2, wait=ON_TIME, visits={"hello": 2, "pause": 2}, round=round_)
    assert landed(ROUNDS, new, state, {}, {"hello", "pause", "rounds"}) == expected
