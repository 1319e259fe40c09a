"""Why a message stands before a person: the playbook, what was journaled at its step, and what the gate answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.journeys.tables import Enrolment, StepRun
from engage.language.template_facts import OUR_LINKS
from engage.language.vocabulary import Vocabulary
from engage.messages.policy.order import POLICIES
from engage.messages.policy.verdicts import say
from engage.messages.rendering import compiled
from engage.messages.tables import Approval, GateCheck, Message
from engage.releases.library import Library
from engage.releases.pauses import pauses

MOST_FACTS = 40
# What a mail says about ourselves is no reason to send it.
_OUR_OWN = OUR_LINKS | {
    "company", "team", "sender", "salutation", "salutation_short", "unsubscribe_topic", "locale",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """What one policy answered."""

    policy: str
    verdict: str
    reason: Mapping[str, str] | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the approval page says beside the mail."""

    playbook: Mapping[str, str] | None = None
    feel: Mapping[str, str] | None = None
    started: Sequence[tuple[str, Any]] = ()
    facts: Sequence[tuple[str, Any]] = ()
    checks: Sequence[Check] = ()
    checked_at: datetime | None = None
    paused_since: datetime | None = None
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of the team's own facts and events


def reasons_of(session: Session, library: Library, approval_id: str) -> Reasons:
    """The reasons as they were written down, never worked out anew."""
    message = session.scalars(
        select(Message).join(Approval, Approval.message_id == Message.id).where(Approval.public_id == approval_id)
    ).one()
    last = session.scalars(
        select(GateCheck).where(GateCheck.message_id == message.id).order_by(GateCheck.id.desc()).limit(1)
    ).first()
    checks, checked_at = list(_answers(last)) if last else [], last.at if last else None
    enrolment = session.get(Enrolment, message.origin_id) if message.origin == "enrolment" else None
    if enrolment is None:
        return Reasons(checks=checks, checked_at=checked_at)
    playbook = library.playbook(session, enrolment.playbook_version_id).playbook
    pause = pauses(session).get(enrolment.playbook_key)
    return Reasons(
        playbook=_both(playbook.title),
        feel=_both(playbook.should_feel),
        started=_started(enrolment),
        facts=_facts(session, library, message),
        checks=checks,
        checked_at=checked_at,
        paused_since=pause.since if pause else None,
        titles=_titles(library.vocabulary(session)),
    )


def _titles(vocabulary: Vocabulary) -> dict[str, Mapping[str, str]]:
    titles = {name: one.title for name, one in vocabulary.events.items()}
    titles |= {name: one.title for name, one in vocabulary.facts.items()}
    return {name: said for name, title in titles.items() if (said := _both(title))}


def _answers(check: GateCheck) -> Iterator[Check]:
    """The policies in their order, up to the one that did not allow."""
    for name, _policy in POLICIES:
        if name == check.policy:
            reason = {locale: say(check.reason or "", locale) for locale in ("ja", "en")}
            yield Check(name, check.verdict, reason, check.until)
            return
        yield Check(name, "allow")


def _facts(session: Session, library: Library, message: Message) -> list[tuple[str, Any]]:
    """What the step looked at when it decided, then what stands in the message."""
    journaled = dict(_flat(_journaled(session, message)))
    template = library.template(session, message.template_version_id)
    read = dict(_read(path, message.inputs) for path in sorted(compiled(template).paths) if path[0] not in _OUR_OWN)
    told = {name: value for name, value in read.items() if value is not None and not isinstance(value, Mapping)}
    return list((journaled | told).items())[:MOST_FACTS]


def _read(path: tuple[str, ...], inputs: Mapping[str, Any]) -> tuple[str, Any]:
    """The fact at a path; a path into a list is the list."""
    found: Any = inputs
    for depth, name in enumerate(path):
        if not isinstance(found, Mapping):
            return ".".join(path[:depth]), found
        found = found.get(name)
    return ".".join(path), found


def _started(enrolment: Enrolment) -> list[tuple[str, Any]]:
    """The event with its time, or the date that came; else only when the run began."""
    event = enrolment.trigger.get("event") or {}
    if event.get("name"):
        return [(event["name"], event.get("occurred_at"))]
    return list(_flat(enrolment.trigger.get("occurrence") or {})) or [("", enrolment.entered_at)]


def _journaled(session: Session, message: Message) -> Mapping[str, Any]:
    step = (StepRun.enrolment_id == message.origin_id, StepRun.step_id == message.step_id)
    return session.scalar(select(StepRun.inputs).where(*step, StepRun.visit == message.visit)) or {}


def _flat(inputs: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in inputs.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _both(text: Any) -> dict[str, str] | None:
    return {"ja": text.ja, "en": text.en} if text is not None else None
