"""All once-keys in one file: built from ids and ISO dates only, so that the same happening makes the same key."""

from __future__ import annotations

import hashlib
from datetime import date, datetime


def occurrence_once() -> str:
    """An enrolment that a subject gets at most once in its life."""
    return "once"


def occurrence_of_moment(moment: str) -> str:
    """One enrolment for each moment of a broadcast; that nobody gets it twice is the rule of entry."""
    return f"once:{moment}"


def occurrence_of_event(event_id: int) -> str:
    """One enrolment for each trigger event."""
    return f"event:{event_id}"


def occurrence_of_late_events(learned_on: date) -> str:
    """One note a day for all events that were learned too late to act on."""
    return f"late:{learned_on.isoformat()}"


def occurrence_of_date(anchor: date, offset: str) -> str:
    """One enrolment for each value of the anchor date: a moved date re-arms, a replay does not double."""
    return f"date:{anchor.isoformat()}:{offset}"


def occurrence_of_recurrence(on: date) -> str:
    """One enrolment for each date of a recurrence."""
    return f"every:{on.isoformat()}"


def occurrence_of_absence(event_name: str, since: date) -> str:
    """One enrolment for an event that has not come since a date."""
    return f"absent:{event_name}:{since.isoformat()}"


def occurrence_of_turn(condition: str, since: datetime) -> str:
    """One enrolment for each time that a condition turns true."""
    return f"becomes:{condition}:{since.isoformat()}"


def start_event(enrolment_id: int, step_id: str, visit: int) -> str:
    """The message id of a start by a step: one for each visit."""
    return f"start:{enrolment_id}:{step_id}:{visit}"


def fact_event(enrolment_id: int, step_id: str, visit: int, group: str) -> str:
    """The message id of what a step notes about an account, contact or contract."""
    return f"set:{enrolment_id}:{step_id}:{visit}:{group}"


def departure(contact: str, account: str, since: datetime) -> str:
    """The message id of somebody's leaving an account that they had joined then; both by their external ids."""
    return f"left:{contact}:{account}:{since.isoformat()}"


def notice_of_step(enrolment_id: int, step_id: str, visit: int, target: str) -> str:
    """One notice for each visit of a step and each address."""
    return f"step:{enrolment_id}:{step_id}:{visit}:{target}"


def news_of_approval(approval_id: int, about: str, since: datetime) -> str:
    """What a colleague hears of an approval: once for each time that somebody is asked, or that it is to run out."""
    return f"approval:{approval_id}:{about}:{since.isoformat()}"


def news_of_task(task_id: int, about: str) -> str:
    """What a colleague hears of a task: that it is there, that it is overdue."""
    return f"task:{task_id}:{about}"


def notice_of_letter(kind: str, staff_id: int | None, news: str) -> str:
    """One letter by a channel to one colleague (or the team) for what is the first of its news."""
    return f"letter:{kind}:{staff_id or 'team'}:{news}"


def news_of_day(day: date) -> str:
    """One digest a day."""
    return f"digest:{day.isoformat()}"


def task_of_notice(notice_id: int) -> str:
    """One task for news that could not be delivered."""
    return f"notice:{notice_id}"


def task_of_step(enrolment_id: int, step_id: str, visit: int) -> str:
    """One task for each visit of a step."""
    return f"step:{enrolment_id}:{step_id}:{visit}"


def task_of_skip(playbook_key: str, subject_kind: str, subject_id: int, occurrence: str) -> str:
    """One task for an occurrence that was not run."""
    return f"skip:{playbook_key}:{subject_kind}:{subject_id}:{occurrence}"


def task_of_look(playbook_key: str, began: datetime, verdict: str) -> str:
    """One task for each verdict on a playbook's effect, in each of its trials."""
    return f"look:{playbook_key}:{began.isoformat()}:{verdict}"


def task_of_breaker(kind: str, name: str, at: datetime) -> str:
    """One task for each time that a playbook or a sending domain is stopped."""
    return f"breaker:{kind}:{name}:{at.isoformat()}"


def task_of_message(message_id: int, reason: str) -> str:
    """One task for what became of a message."""
    return f"message:{message_id}:{reason}"


def message_event(message_public_id: str, what: str) -> str:
    """The message id of an internal event about a message: one of each kind."""
    return f"message:{message_public_id}:{what}"


def click_event(message_public_id: str, url: str) -> str:
    """The message id of a person's click on one page of a message, however often they open it."""
    return f"message:{message_public_id}:clicked:{hashlib.sha256(url.encode()).hexdigest()[:16]}"


def refusal_event(message_public_id: str, contact_id: int, topic: str, words_before: int) -> str:
    """The message id of a contact's no to a topic by way of a message; a no after a new yes is another one."""
    return f"message:{message_public_id}:refused:{contact_id}:{topic}:{words_before}"


def reported_refusal(message_public_id: str, contact_id: int, topic: str, by: str, at: datetime) -> str:
    """The message id of a contact's no that a provider reports: one for each instant, however often it is reported."""
    return f"message:{message_public_id}:reported:{contact_id}:{topic}:{by}:{at.isoformat()}"


def touch_event(key: str) -> str:
    """The message id of a touch by hand: one for each time that it is said, however often a form is sent."""
    return f"touch:{key}"


def inbound_event(inbound_public_id: str, name: str) -> str:
    """The message id of an event that a mail from outside has brought: one of each name."""
    return f"inbound:{inbound_public_id}:{name}"


def task_of_inbound(inbound: str, what: str) -> str:
    """One task for each matter that a mail from outside brings up."""
    return f"inbound:{inbound}:{what}"


def agreement_by_message(message_public_id: str, contact_id: int, topic: str, words_before: int) -> str:
    """The message id of a contact's yes to a topic by way of a message; a yes after a new no is another one."""
    return f"message:{message_public_id}:agreed:{contact_id}:{topic}:{words_before}"


def consent_entry(contact_public_id: str, topic: str, state: str, at: datetime) -> str:
    """The message id of a word on mail that a colleague entered: one for each instant at which it was said."""
    return f"consent:{contact_public_id}:{topic}:{state}:{at.isoformat()}"


def contract_started(external_id: str, on: date) -> str:
    """The message id of the event that a contract started: one for each start date it ever had."""
    return f"contract:{external_id}:started:{on.isoformat()}"


def answer_event(answer_public_id: str) -> str:
    """The message id of the internal event about an answer."""
    return f"answer:{answer_public_id}"


def agreement_event(answer_public_id: str) -> str:
    """The message id of the yes to a topic of mail that an answer was."""
    return f"answer:{answer_public_id}:agreed"


def address_key(address: str) -> str:
    """The form of an address that suppressions and caps compare."""
    return address.strip().casefold()
