"""Who gets a message, who signs it, who gets a copy, who is asked first: choices over facts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from engage.customers.recipients import SUBJECT, Person, choose, found_by_role
from engage.journeys.surroundings import DEFAULT_APPROVAL, Surroundings
from engage.language.addressees import Everybody, roles_of
from engage.language.spec import EmailStep, InAppStep, Playbook
from engage.messages.orders import ApprovalRule
from engage.messages.policy.past_partner import PARTNER, is_partners_business
from engage.messages.policy.verdicts import lacks_permission

Sender = int | Literal["team"]


@dataclass(frozen=True, slots=True)
class Addressed:
    """One person who gets the message, in the words meant for them."""

    person: Person
    template: str


def asked_roles(playbook: Playbook, step: EmailStep | InAppStep) -> tuple[str, ...]:
    """The roles that `to` asks for; a run per contact that says nothing is about that contact."""
    return roles_of(step.to or playbook.to) or ((SUBJECT,) if playbook.subject == "contact" else ())


def recipients_of(
    playbook: Playbook,
    step: EmailStep | InAppStep,
    facts: Mapping[str, Any],
    contact_id: int | None,
    *,
    reached: Collection[int] = (),
    away: Collection[int] = (),
) -> tuple[Addressed, ...]:
    """The first person that `to` asks for, or everybody up to its `max`; none when there is nobody.

    Left out are those who were reached before by this step, or could not be (`away`).
    """
    to = step.to or playbook.to
    possible = (one for one in _possible(playbook, step, facts, contact_id) if one.person.id not in {*reached, *away})
    if not isinstance(to, Everybody):
        first = None if reached else next(possible, None)
        return () if first is None else (first,)
    boxes = {person.box for person in facts.get("people") or () if person.id in reached}
    chosen: list[Addressed] = []
    for one in possible:
        if len(chosen) + len(reached) >= to.max:
            break
        if isinstance(step, EmailStep) and one.person.box in boxes:
            continue  # who shares a mailbox with somebody reads theirs
        boxes.add(one.person.box)
        chosen.append(one)
    return tuple(chosen)


def shown_instead(
    playbook: Playbook,
    step: EmailStep | InAppStep,
    facts: Mapping[str, Any],
    contact_id: int | None,
    *,
    reached: Collection[int],
    away: Mapping[int, str],
) -> tuple[InAppStep, tuple[Addressed, ...]] | None:
    """What those are shown in the product who never permitted the step's mail; nobody who refused it is among them."""
    instead = step.shown_instead if isinstance(step, EmailStep) else None
    several = isinstance(step.to or playbook.to, Everybody)
    if instead is None or (reached and not several):
        return None
    people = [one.person for one in _possible(playbook, instead, facts, contact_id)]
    lacking = [one for one in people if one.id not in reached and lacks_permission(away.get(one.id))]
    chosen = tuple(Addressed(person, instead.template) for person in (lacking if several else lacking[:1]))
    return (instead, chosen) if chosen else None


def _possible(
    playbook: Playbook, step: EmailStep | InAppStep, facts: Mapping[str, Any], contact_id: int | None
) -> Iterator[Addressed]:
    people: Sequence[Person] = facts.get("people") or ()
    enrolled = next((person for person in people if person.id == contact_id), None)
    to = step.to or playbook.to
    only_partner = _past_the_partner(playbook, step, facts)
    for number, person in found_by_role(asked_roles(playbook, step), people, enrolled):
        if not only_partner or PARTNER in person.roles:
            said = to[number].template if isinstance(to, tuple) and to else None
            yield Addressed(person, said or step.template)


def _past_the_partner(playbook: Playbook, step: EmailStep | InAppStep, facts: Mapping[str, Any]) -> bool:
    """Whether the partner alone speaks with this customer about the contract."""
    policy = (facts.get("contract") or {}).get("contact_policy")
    return is_partners_business(policy, step.topic or playbook.topic)


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
    playbook: Playbook, step: EmailStep | InAppStep, facts: Mapping[str, Any], people: Sequence[Person]
) -> tuple[int, ...]:
    """Who gets a copy under the rules whose condition holds; no address that has the mail already."""
    if not isinstance(step, EmailStep):
        return ()
    chosen: list[int] = []
    taken: set[str | int] = {key for person in people for key in (person.id, person.box)}
    for rule in playbook.cc if step.cc is None else step.cc:
        copy = None
        if rule.if_ is None or rule.if_.holds(facts):
            copy = choose((rule.role,), facts.get("people") or (), None)
        if copy is None or taken.intersection((copy.id, copy.box)):
            continue
        taken |= {copy.id, copy.box}
        chosen.append(copy.id)
    return tuple(chosen)


def approval_of(
    step: EmailStep | InAppStep, facts: Mapping[str, Any], surroundings: Surroundings
) -> ApprovalRule | None:
    """Who must say yes first: as the step says, else by the account's touch model."""
    mode, rule = surroundings.approval_of((facts.get("account") or {}).get("touch_model")) or ("never", None)
    if step.approve is not None:
        mode = step.approve.mode
        within = step.approve.within or (rule.within if rule else DEFAULT_APPROVAL)
        rule = ApprovalRule(step.approve.by or "csm", within)
    if rule is None or mode == "never":
        return None
    return replace(rule, good_standing=surroundings.is_in_order(facts)) if mode == "by_exception" else rule
