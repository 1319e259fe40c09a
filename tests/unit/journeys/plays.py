"""A small stage for decisions: a playbook from text, facts of one account, one state after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from textwrap import dedent, indent
from typing import Any

from engage.customers.recipients import Person
from engage.journeys.decide import decide
from engage.journeys.decisions import Decided, RunState
from engage.journeys.surroundings import Surroundings
from engage.language.catalogue import Catalogue
from engage.language.durations import Duration
from engage.language.parse import parse_playbook
from engage.language.program import Program
from engage.language.spec import Playbook
from engage.language.vocabulary import TouchModel, Vocabulary

TUESDAY = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # ten in the morning in Tokyo
AIKO = Person(id=1, roles=("champion",), facts={"family_name": "山田"})
BEN = Person(id=2, roles=("sponsor",), facts={"family_name": "佐藤"})

HEAD = """
playbook: tale
title: {ja: 話, en: Tale}
stage: setup
subject: account
from: [csm, team]
to: [champion]
topic: onboarding
"""


def vocabulary() -> Vocabulary:
    high = TouchModel(approve="always", by="csm", within=Duration(1, "business days"))
    return Vocabulary.model_validate({"touch_models": {"high": high}})


def playbook_of(steps: str, head: str = "") -> Playbook:
    default = "" if "trigger:" in head else "trigger: {event: contract.created}\n"
    text = HEAD + default + dedent(head) + "steps:\n" + indent(dedent(steps).strip("\n"), "  ") + "\n"
    return parse_playbook(text, "tale.yaml", Catalogue.builtin())


def facts(**more: Any) -> dict[str, Any]:
    return {
        "account": {"name": "Acme", "country": "JP", "time_zone": "Asia/Tokyo", "touch_model": "tech"},
        "people": [AIKO, BEN],
        "senders": {"csm": {"id": 7, "name": "鈴木"}},
        **more,
    }


class Tale:
    """One run of one playbook, advanced by hand."""

    def __init__(self, steps: str, head: str = "", **known: Any) -> None:
        self.playbook = playbook_of(steps, head)
        self.program = Program.of(self.playbook)
        self.facts = facts(**known)
        self.state = RunState(None, 1, {}, {"event": {"id": 5, "name": "contract.created"}}, TUESDAY)
        self.told: list[Any] = []

    def advance(self, now: datetime = TUESDAY, *signals: Mapping[str, Any]) -> list[str]:
        """Decides once; the kinds of the decisions."""
        state = replace(self.state, memory={**self.state.memory, "signals": list(signals)}) if signals else self.state
        surroundings = Surroundings(vocabulary())
        decided: Decided = decide(self.playbook, self.program, state, self.facts, now, surroundings=surroundings)
        self.state, self.told = decided.state, list(decided.decisions)
        return [type(decision).__name__ for decision in decided.decisions]


def settled(
    step: str, outcome: str, *, visit: int = 1, reason: str | None = None, to: Person | None = None
) -> dict[str, Any]:
    told = {"purpose": "message", "step": step, "visit": visit, "outcome": outcome, "reason": reason}
    reader = {"contact": to.id, "message": f"msg_{visit}_{to.id}"} if to else {}
    return told | reader | {"at": TUESDAY.isoformat()}


def heard(purpose: str, name: str, *, step: str | None = None, **properties: Any) -> dict[str, Any]:
    event = {"id": 9, "name": name, "occurred_at": TUESDAY.isoformat(), "properties": properties}
    return {"purpose": purpose, "step": step, "event": event}
