"""Occurrences that are noted but not run, and the word to a colleague about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from engage.customers.facts import Subject
from engage.journeys.surroundings import DEFAULT_DUE, Place
from engage.keys import task_of_skip
from engage.language.spec import DateTrigger, EventTrigger, OnceTrigger, Playbook
from engage.tasks.raising import NewTask

TOO_LATE = "too_late"
MOVED = "anchor_moved"
WHY = {
    TOO_LATE: {
        "ja": "「{}」は開始日を過ぎていたため自動では始まりません。直接ご対応ください",
        "en": "{}: its day had passed when we learned of it, so nothing was sent; please take care of it yourself",
    },
    MOVED: {
        "ja": "「{}」のご案内後に基準日が変わりました。お客様へのご連絡が必要か確認してください",
        "en": "{}: the date moved after a message went out; please see whether the customer should hear from you",
    },
}


def wants_task(playbook: Playbook, reason: str) -> bool:
    """Whether a colleague hears of an occurrence that was skipped for that reason."""
    trigger = playbook.trigger
    if reason not in WHY:
        return False
    if reason == TOO_LATE and isinstance(trigger, DateTrigger | EventTrigger | OnceTrigger):
        return trigger.if_late is not None and trigger.if_late.else_ == "task"
    return isinstance(trigger, DateTrigger) and trigger.on_anchor_change == "task"


def skip_task(
    playbook: Playbook, subject: Subject, occurrence: str, reason: str, *, place: Place, now: datetime
) -> NewTask:
    """The work that a skipped occurrence leaves to a colleague."""
    title = playbook.title
    return NewTask(
        key=task_of_skip(playbook.key, subject.kind, subject.id, occurrence),
        account_id=subject.account_id,
        contact_id=subject.contact_id,
        title={"ja": WHY[reason]["ja"].format(title.ja), "en": WHY[reason]["en"].format(title.en)},
        reason=reason,
        due_at=place.after(now, DEFAULT_DUE),
        playbook_key=playbook.key,
    )


def has_moved(playbook: Playbook, occurrence: str, before: Iterable[str], *, now: datetime) -> bool:
    """Whether a date occurrence replaces one that was run for a date still ahead: moved, not the next term's."""
    trigger = playbook.trigger
    if not isinstance(trigger, DateTrigger) or trigger.on_anchor_change == "rearm":
        return False
    earlier = [anchor_in(past) for past in before if past != occurrence]
    return any(anchor is not None and anchor >= now.date() for anchor in earlier)


def anchor_in(occurrence: str) -> date | None:
    """The anchor date in the key of a date occurrence."""
    kind, _, rest = occurrence.partition(":")
    return date.fromisoformat(rest.partition(":")[0]) if kind == "date" else None
