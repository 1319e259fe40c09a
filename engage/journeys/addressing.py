"""Who gets a message, who signs it, who gets a copy, who is asked first: choices over facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from engage.customers.recipients import Person, choose
from engage.journeys.surroundings import DEFAULT_APPROVAL, Surroundings
from engage.language.spec import EmailStep, InAppStep, Playbook
from engage.messages.orders import ApprovalRule

Sender = int | Literal["team"]


def recipient_of(
    playbook: Playbook, step: EmailStep | InAppStep, facts: Mapping[str, Any], contact_id: int | None
) -> Person | None:
    """The first person that `to` asks for; `contact` is the enrolled one. None when there is nobody."""
    people: Sequence[Person] = facts.get("people") or ()
    enrolled = next((person for person in people if person.id == contact_id), None)
    return choose(step.to or playbook.to, people, enrolled)


def sender_of(playbook: Playbook, step: EmailStep | InAppStep, facts: Mapping[str, Any]) -> Sender:
    """The first of `from` that exists; the team when nobody else does."""
    asked = step.from_ if isinstance(step, EmailStep) else None
    known = facts.get("senders") or {}
    for role in asked or playbook.from_:
        person = known.get(role)
        if person and person.get("id"):
            return int(person["id"])
        if role == "team":
            break
    return "team"


def copies_of(
    playbook: Playbook, step: EmailStep | InAppStep, facts: Mapping[str, Any], person: Person
) -> tuple[int, ...]:
    """Who gets a copy under the rules whose condition holds; never the addressee."""
    if not isinstance(step, EmailStep):
        return ()
    rules = playbook.cc if step.cc is None else step.cc
    found: Sequence[Person | None] = [
        choose((rule.role,), facts.get("people") or (), None)
        for rule in rules
        if rule.if_ is None or rule.if_.holds(facts)
    ]
    return tuple(dict.fromkeys(copy.id for copy in found if copy is not None and copy.id != person.id))


def approval_of(
    step: EmailStep | InAppStep, facts: Mapping[str, Any], surroundings: Surroundings
) -> ApprovalRule | None:
    """Who must say yes first: as the step says, else by the account's touch model."""
    by_model = surroundings.approval_of((facts.get("account") or {}).get("touch_model"))
    if step.approve is None:
        return by_model
    if step.approve.mode == "never":
        return None
    within = step.approve.within or (by_model.within if by_model else DEFAULT_APPROVAL)
    return ApprovalRule(step.approve.by or "csm", within)
