"""A run of a paused playbook: it hears its goal and its exits and keeps all other news for the time after. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from engage.journeys.decisions import Decided, RunState
from engage.journeys.deeds import At
from engage.journeys.ends import ends_of
from engage.journeys.remembering import facts_of_run
from engage.journeys.surroundings import Surroundings
from engage.language.spec import Playbook

_OVER = frozenset({"signals", "wait"})


def hold(
    playbook: Playbook, state: RunState, facts: Mapping[str, Any], now: datetime, *, surroundings: Surroundings
) -> Decided:
    """The end of the run, if it has come; else the run as it stands, due again when it is resumed or hears news."""
    known = facts_of_run(facts, state)
    place = surroundings.place_of(facts)
    here = At(step_id="", visit=state.visit, facts=known, now=now, place=place, inputs={})
    ending = ends_of(playbook, state.memory.get("signals") or (), here, entered_at=state.entered_at)
    if ending is None:
        return Decided((), replace(state, due_at=None))
    work, ended = ending
    memory = {name: value for name, value in state.memory.items() if name not in _OVER}
    return Decided((*work, ended), replace(state, memory=memory, status=ended.state, due_at=None))
