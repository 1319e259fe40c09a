"""All once-keys in one file: built from ids and ISO dates only, so that the same happening makes the same key."""

from __future__ import annotations

from datetime import date


def occurrence_once() -> str:
    """An enrolment that a subject gets at most once in its life."""
    return "once"


def occurrence_of_event(event_id: int) -> str:
    """One enrolment for each trigger event."""
    return f"event:{event_id}"


def occurrence_of_date(anchor: date, offset: str) -> str:
    """One enrolment for each value of the anchor date: a moved date re-arms, a replay does not double."""
    return f"date:{anchor.isoformat()}:{offset}"


def occurrence_of_recurrence(on: date) -> str:
    """One enrolment for each date of a recurrence."""
    return f"every:{on.isoformat()}"


def occurrence_of_absence(event_name: str, since: date) -> str:
    """One enrolment for an event that has not come since a date."""
    return f"absent:{event_name}:{since.isoformat()}"


def task_of_step(enrolment_id: int, step_id: str, visit: int) -> str:
    """One task for each visit of a step."""
    return f"step:{enrolment_id}:{step_id}:{visit}"


def task_of_skip(playbook_key: str, subject_kind: str, subject_id: int, occurrence: str) -> str:
    """One task for an occurrence that was not run."""
    return f"skip:{playbook_key}:{subject_kind}:{subject_id}:{occurrence}"


def task_of_message(message_id: int, reason: str) -> str:
    """One task for what became of a message."""
    return f"message:{message_id}:{reason}"


def message_event(message_public_id: str, what: str) -> str:
    """The message id of an internal event about a message: one of each kind."""
    return f"message:{message_public_id}:{what}"


def address_key(address: str) -> str:
    """The form of an address that suppressions and caps compare."""
    return address.strip().casefold()
