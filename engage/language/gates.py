"""Gates of `_shared/gates.yaml`: what closes the way for messages to a customer, declared once for all playbooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from engage.language.catalogue import Catalogue
from engage.language.durations import Duration
from engage.language.expressions import Expression, parse_expression
from engage.language.selecting import Selection
from engage.language.words import ExactLength, Key, Text, Words

# A gate is judged for messages whose run may be over: it asks about the customer, not about the run.
GATE_FACTS = frozenset({"account", "contact", "contract", "handoff", "goal", "usage", "csm", "sales", "today", "now"})


class Gate(Words):
    """One gate: when it is closed, what it stops then, and what becomes of that."""

    title: Text = Field(description="why nothing goes, as colleagues read it")
    if_: str | None = Field(default=None, alias="if", description="closed for customers for whom this holds")
    first: date | None = Field(default=None, description="not before this day, as the recipient counts days")
    last: date | None = Field(default=None, description="not after this day")
    stops: Literal["everything"] | Selection = Field(
        default="everything", description="what it stops: everything, or {topics, purposes, playbooks}"
    )
    spares: Selection = Field(default=Selection(), description="what it lets through all the same")
    then: Literal["hold", "skip"] = Field(
        default="hold", description="hold: looked at again and sent when the gate opens; skip: not sent at all"
    )
    look_again: ExactLength = Field(
        default=Duration(1, "days"), description="how soon a held message is looked at again", validate_default=True
    )
    give_up_after: ExactLength = Field(
        default=Duration(14, "days"),
        description="a message this old is not held any longer but skipped",
        validate_default=True,
    )

    @model_validator(mode="after")
    def _may_open(self) -> Gate:
        if self.if_ is None and self.first is None and self.last is None:
            raise PydanticCustomError("always-closed", "a gate says 'if', 'first' or 'last': else it never opens")
        if self.first and self.last and self.last < self.first:
            raise PydanticCustomError("impossible-date", "the last day lies before the first")
        return self


Gates = dict[Key, Gate]


@dataclass(frozen=True, slots=True)
class ReadGate:
    """A gate with its condition read."""

    name: str
    gate: Gate
    condition: Expression | None

    @property
    def names(self) -> frozenset[str]:
        """The facts that it asks."""
        return self.condition.names if self.condition else frozenset()

    def is_about(self, *, topic: str, purpose: str, playbook: str | None) -> bool:
        """Whether it could stop a message with these words."""
        stops, spares = self.gate.stops, self.gate.spares
        if spares.takes(topic=topic, purpose=purpose, playbook=playbook):
            return False
        return stops == "everything" or stops.takes(topic=topic, purpose=purpose, playbook=playbook)

    def is_in_season(self, day: date) -> bool:
        """Whether the day lies between its first and its last."""
        return (self.gate.first or day) <= day <= (self.gate.last or day)


def read_gates(gates: Gates, catalogue: Catalogue) -> tuple[ReadGate, ...]:
    """The gates with their conditions, in the order written; raises ExpressionError for one that cannot be read."""
    return tuple(
        ReadGate(name, gate, parse_expression(gate.if_, catalogue, wanted=("bool", "any")) if gate.if_ else None)
        for name, gate in gates.items()
    )
