"""Messages that stay held: after three days a colleague is asked to help, after fourteen they are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engage.keys import task_of_message
from engage.messages.cancelling import cancel_messages
from engage.messages.composing import FACTS_MISSING
from engage.messages.tables import Message
from engage.tasks.raising import NewTask, raise_tasks

TASK_AFTER = timedelta(days=3)
GIVE_UP_AFTER = timedelta(days=14)
CANNOT_BE_MADE = "message_held"
_DUE = timedelta(days=1)
_SINCE = "_held_since"  # where a message's inputs keep it; templates cannot reach names with an underscore
_TITLES = {
    FACTS_MISSING: {"ja": "「{name}」を送るための情報を補ってください", "en": "Fill in what is missing for “{name}”"},
    CANNOT_BE_MADE: {
        "ja": "「{name}」を送れるようにしてください",
        "en": "Mend what keeps “{name}” from being sent",
    },
}
_NOTES = {
    FACTS_MISSING: {"ja": "不足している情報: {said}", "en": "Missing: {said}"},
    CANNOT_BE_MADE: {"ja": "送れない理由: {said}", "en": "Why it cannot be sent: {said}"},
}


def ask_people(session: Session, messages: Sequence[Message], *, now: datetime) -> None:
    """Asks for help with those of these messages that are held for long, and gives up those held for too long."""
    waiting = {message: _held_since(message, now) for message in messages if message.state == "held"}
    late = [message for message, since in waiting.items() if since + TASK_AFTER <= now]
    raise_tasks(session, [_task(message, now) for message in late], now=now)
    for message in late:
        if waiting[message] + GIVE_UP_AFTER <= now:
            cancel_messages(session, [message.id], reason=message.reason or FACTS_MISSING, now=now)


def _held_since(message: Message, now: datetime) -> datetime:
    """Since it was written; what a person approved may be old by then, and counts from when it was first found held."""
    if message.text is None:
        return message.created_at
    noted = message.inputs.get(_SINCE)
    if noted is None:
        message.inputs = {**message.inputs, _SINCE: now.isoformat()}
    return datetime.fromisoformat(noted) if noted else now


def _task(message: Message, now: datetime) -> NewTask:
    reason = message.reason or ""
    code, _, said = reason.partition(": ")
    kind = FACTS_MISSING if code == FACTS_MISSING else CANNOT_BE_MADE
    told = {"name": message.template_name, "said": said if kind == FACTS_MISSING else reason}
    return NewTask(
        key=task_of_message(message.id, kind),
        account_id=message.account_id,
        contact_id=message.contact_id,
        playbook_key=message.playbook_key,
        title={locale: words.format(**told) for locale, words in _TITLES[kind].items()},
        note={locale: words.format(**told) for locale, words in _NOTES[kind].items()},
        reason=kind,
        due_at=now + _DUE,
    )
