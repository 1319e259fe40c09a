"""What a step does when it neither asks nor waits: one decision each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, assert_never

from engage.journeys.decisions import FactsSet, FormAsked, Notified, Passed, Started, Target, TaskRaised
from engage.journeys.noting import values_of
from engage.journeys.quoting import note_of, reply_heard
from engage.journeys.surroundings import DEFAULT_DUE, Place
from engage.keys import task_of_inbound
from engage.language.expressions import Expression
from engage.language.outside_steps import Notify
from engage.language.spec import FormStep, LeadStep, NotifyStep, SetStep, StartStep, TaskStep, TaskWork, WebhookStep
from engage.messages.inbound.telling import REPLY

Deed = FactsSet | Notified | Passed | Started | TaskRaised
DeedStep = LeadStep | NotifyStep | WebhookStep | SetStep | StartStep | TaskStep


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Where and when a run does something, and what it knows then."""

    step_id: str
    visit: int
    facts: Mapping[str, Any]
    now: datetime
    place: Place
    inputs: Mapping[str, Any]


def deed_of(step: DeedStep, at: At) -> Deed:
    """The decision of a step that is done at once."""
    match step:
        case SetStep():
            values = values_of(step, at.facts)
            if not values:
                return Passed(step_id=at.step_id, visit=at.visit, reason="nobody_there", inputs=at.inputs)
            return FactsSet(step_id=at.step_id, visit=at.visit, values=values, inputs=at.inputs)
        case StartStep():
            return Started(step_id=at.step_id, visit=at.visit, playbook=step.start, inputs=at.inputs)
        case TaskStep():
            return work_of(step.task, at, reason="step")
        case NotifyStep():
            return _notify(step.notify, at)
        case WebhookStep(webhook=webhook):
            facts = _shown(webhook.facts, at)
            return Notified(
                step_id=at.step_id, visit=at.visit, targets=(("webhook", webhook.to),), facts=facts, inputs=at.inputs
            )
        case LeadStep():
            return work_of(step.lead.as_task(), at, reason="lead")
        case _:
            assert_never(step)


def _notify(notify: Notify, at: At) -> Notified:
    mails: tuple[Target, ...] = tuple(("mail", role) for role in notify.readers)
    slack: tuple[Target, ...] = (("slack", notify.slack),) if notify.slack else ()
    return Notified(
        step_id=at.step_id,
        visit=at.visit,
        targets=mails + slack,
        title=notify.title.model_dump(),
        text=notify.text.model_dump() if notify.text else {},
        facts=_shown(notify.facts, at),
        inputs=at.inputs,
    )


def _shown(facts: Iterable[Expression], at: At) -> dict[str, Any]:
    """The facts as they are now, as plain values."""
    return {str(fact): _plain(fact.evaluate(at.facts)) for fact in facts}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return float(value) if isinstance(value, Decimal) else value


def work_of(work: TaskWork, at: At, *, reason: str) -> TaskRaised:
    """The work as a decision."""
    inbound_id = reply_heard(at.facts).get("inbound_id")
    return TaskRaised(
        step_id=at.step_id,
        visit=at.visit,
        title=work.title.model_dump(),
        role=work.to,
        due_at=at.place.after(at.now, work.due or DEFAULT_DUE),
        reason=reason,
        note=note_of(work, at.facts),
        replaces=task_of_inbound(inbound_id, REPLY) if inbound_id and work.to == "csm" else None,
        inputs=at.inputs,
    )


def form_of(step: FormStep, at: At) -> FormAsked:
    """The form that a colleague is to fill in, and how long the run waits for it."""
    form = step.form
    return FormAsked(
        step_id=at.step_id,
        visit=at.visit,
        title=form.title.model_dump(),
        role=form.to,
        due_at=at.place.after(at.now, form.due or DEFAULT_DUE),
        until=at.place.after(at.now, form.up_to),
        note=form.note.model_dump() if form.note else {},
        fields=tuple(
            {"name": name, "type": field.type, "label": field.label.model_dump(), "needed": field.needed}
            for name, field in form.fields.items()
        ),
        inputs=at.inputs,
    )
