"""A message in the product that nobody has seen yet: how long the run waits, for whom, and whose mail it becomes. Pure.

What is known is who was shown it and has not seen it; the mail goes to them alone, whoever else has the role by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from engage.customers.recipients import Person
from engage.journeys.addressing import Addressed
from engage.journeys.decisions import WaitEnded, Waiting
from engage.journeys.deeds import At
from engage.journeys.settling import Outcome
from engage.language.spec import EmailStep, InAppStep
from engage.language.steps import MAIL

KIND = "unseen"
SEEN = "in_app.seen"
_JOURNALED_AS = ":seen"


def wait_to_be_seen(step: object, outcomes: Sequence[Outcome], at: At) -> tuple[dict[str, Any], Waiting] | None:
    """What the run waits for behind a message that was put into somebody's inbox; None where nothing follows."""
    if not isinstance(step, InAppStep) or step.unless_seen is None:
        return None
    readers = [one["contact"] for one in outcomes if one["outcome"] == "accepted" and one["contact"]]
    if not readers:
        return None
    until = at.place.after(at.now, step.unless_seen.within)
    wait = {"kind": KIND, "step": step.id, "until": until.isoformat(), "events": [SEEN], "readers": readers}
    return wait, Waiting(step_id=step.id + _JOURNALED_AS, visit=at.visit, until=until, events=(SEEN,))


def end_of_wait(
    wait: Mapping[str, Any], signals: Iterable[Mapping[str, Any]], now: datetime, *, visit: int
) -> tuple[list[int], WaitEnded | None]:
    """Who has not seen it yet; and the end of the wait, once everybody has or the time is up."""
    seen = {one["contact"] for one in signals if one["purpose"] == KIND and one["step"] == wait["step"]}
    left = [reader for reader in wait["readers"] if reader not in seen]
    if left and now < datetime.fromisoformat(wait["until"]):
        return left, None
    name, event = wait["step"] + _JOURNALED_AS, None if left else SEEN
    return left, WaitEnded(step_id=name, visit=visit, happened=not left, event=event)


def is_mail(step_id: str) -> bool:
    """Whether this is the mail to those who have not seen a message."""
    return step_id.endswith(MAIL)


def addressed_by_mail(
    step: EmailStep | InAppStep, people: Iterable[Person], readers: Sequence[int], told: Iterable[int]
) -> tuple[Addressed, ...]:
    """Each of these readers who is still there, without those whom the mail has reached or could not."""
    past = set(told)
    here = {person.id: person for person in people}
    return tuple(Addressed(here[key], step.template) for key in readers if key in here and key not in past)
