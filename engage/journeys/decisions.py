"""What a step can decide, as plain data: executed by advancing, told by explain, counted by plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from engage.customers.recipients import Person
from engage.language.spec import EmailStep, InAppStep
from engage.messages.orders import ApprovalRule

Inputs = Mapping[str, Any]
Target = tuple[Literal["mail", "slack", "webhook"], str]  # how, and to whom


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtStep:
    step_id: str
    visit: int = 1
    inputs: Inputs = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed(_AtStep):
    """The step was passed over."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(_AtStep):
    """A message to one person is ordered; the gate and perhaps a colleague decide whether it goes."""

    step: EmailStep | InAppStep
    template: str
    person: Person
    sender: int | Literal["team"]
    cc: tuple[int, ...]
    approval: ApprovalRule | None
    facts: Mapping[str, Any]
    wakes: bool
    showing: Mapping[str, Any] = field(default_factory=dict)  # of a message in the product, where not as usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(_AtStep):
    """What became of what was ordered: accepted if anybody's message was; `again` when others are asked now."""

    outcome: str
    at: str
    reason: str | None = None
    again: bool = False
    each: tuple[Mapping[str, Any], ...] = ()  # by person, where there were several


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(_AtStep):
    """The run rests until a time, or until one of these events."""

    until: datetime
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(_AtStep):
    """The wait is over: what it waited for happened, or its time is up."""

    happened: bool
    event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chose(_AtStep):
    """A way was taken."""

    way: str
    leads_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(_AtStep):
    """A way of a split was taken, by lot or because the account has gone that way before."""

    way: str
    share: str
    leads_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(_AtStep):
    """A round of a repeat begins (the visit says which), or there are no more: `until` holds, or there were enough."""

    reason: str  # round | until | at_most
    leads_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsSet(_AtStep):
    """Facts about the customer are noted; None makes one missing."""

    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(_AtStep):
    """Another playbook is to begin for the same subject."""

    playbook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRaised(_AtStep):
    """A colleague gets work."""

    title: Mapping[str, str]
    role: str
    due_at: datetime
    reason: str
    note: Mapping[str, str] = field(default_factory=dict)
    replaces: str | None = None  # the key of a task whose place it takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The run is over."""

    state: Literal["done", "exited"]
    reason: str
    inputs: Inputs = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAsked(_AtStep):
    """A colleague is asked to fill in a form, and the run rests until it is filled in or the time is up."""

    title: Mapping[str, str]
    role: str
    due_at: datetime
    until: datetime
    fields: tuple[Mapping[str, Any], ...]
    note: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified(_AtStep):
    """Our own side is told something: colleagues by mail, a channel in Slack, a system by webhook."""

    targets: tuple[Target, ...]
    title: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


AtStep = (
    Passed
    | Ordered
    | Settled
    | Waiting
    | WaitEnded
    | Chose
    | Assigned
    | Repeated
    | FactsSet
    | Started
    | TaskRaised
    | FormAsked
    | Notified
)
Decision = AtStep | Ended


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a run stands: all that `decide` knows of the past."""

    step_id: str | None
    visit: int
    memory: Mapping[str, Any]
    trigger: Mapping[str, Any]
    entered_at: datetime
    contact_id: int | None = None
    status: str = "running"
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions of one advance, in order, and where the run stands after them."""

    decisions: tuple[Decision, ...]
    state: RunState
