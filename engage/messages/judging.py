"""Clicks are judged in bulk, each a while after it came; the human ones are told as `message.clicked`.

A verdict is never changed: a click that left a doubt is looked at once more, when its reader has had the time to do
something in the product, and may get a second verdict. Both are kept.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from engage.customers.tables import Contact
from engage.db.bulk import insert_ignore, update_rows
from engage.db.sets import one_of
from engage.events.recording import NewEvent, record
from engage.events.tables import SOURCE_CALENDAR, SOURCE_ENGAGE, SOURCE_STAFF, Event
from engage.keys import click_event
from engage.language.catalogue import is_use
from engage.language.vocabulary import CLICKED
from engage.messages.click_rules import AT_ONCE, NEARBY, USES_WITHIN, Around, Fetch, Judgement, Near, judge
from engage.messages.tables import Attempt, Click, ClickVerdict, Message, Receipt

LOOKED_AT_AGAIN = USES_WITHIN + timedelta(minutes=5)  # events of the product may be a little late
_OURS = (SOURCE_ENGAGE, SOURCE_STAFF, SOURCE_CALENDAR)
_OF_PEOPLE = ("track", "page", "screen")
_CROWD = 50  # fetches of a network's minute that are looked at: more tell nothing more

_clicks, _messages, _contacts = Click.__table__.c, Message.__table__.c, Contact.__table__.c
_FETCH = (_clicks.message_id, _clicks.url, _clicks.at, _clicks.method, _clicks.user_agent, _clicks.network)
_ABOUT = (
    _messages.public_id, _messages.origin, _messages.origin_id, _messages.step_id, _messages.visit,
    _messages.template_name, _messages.playbook_key, _messages.contact_id, _messages.account_id, _messages.cc,
    _messages.accepted_at, _messages.fence, _contacts.is_shared_box,
)  # fmt: skip


def judge_clicks(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Judges up to so many clicks that are due, the oldest first; says how many it looked at."""
    due = _claim(session, now, limit)
    if not due:
        return 0
    known = _read(session, due)
    judged = [(row, judge(_fetch(row), known.around(row))) for row in due]
    new = [(row, judgement) for row, judgement in judged if _is_news(judgement, known.before.get(row.id))]
    insert_ignore(session, ClickVerdict, [_verdict(row, judgement, now) for row, judgement in new])
    update_rows(
        session, Click, [{"id": row.id, "judge_at": _next_look(row, judgement, now)} for row, judgement in judged]
    )
    human = [row for row, judgement in new if judgement.verdict == "human"]
    record(session, [clicked(row, row.url, at=row.at, is_shared_box=row.is_shared_box, now=now) for row in human])
    return len(due)


def clicked(message: Any, url: str, *, at: datetime, is_shared_box: bool, now: datetime) -> NewEvent:
    """A person's click as an event: once for each page of a message.

    Where somebody else may read the mail, too, nobody knows who it was: with copies it is the account's click alone.
    """
    said = {
        "message_id": message.public_id,
        "origin": message.origin,
        "origin_id": message.origin_id,
        "step_id": message.step_id,
        "visit": message.visit,
        "template": message.template_name,
        "playbook": message.playbook_key,
        "url": url,
        "reader": "somebody" if message.cc or is_shared_box else "addressee",
    }
    return NewEvent(
        key=click_event(message.public_id, url),
        name=CLICKED,
        occurred_at=at,
        received_at=now,
        account_id=message.account_id,
        contact_id=None if message.cc else message.contact_id,
        properties={fact: value for fact, value in said.items() if value is not None},
    )


def _is_news(judgement: Judgement, before: str | None) -> bool:
    """A first verdict; or a second one, where what was done since has taken the doubt away."""
    return before is None or (before == "unsure" and judgement.verdict == "human")


def _next_look(row: Row[Any], judgement: Judgement, now: datetime) -> datetime | None:
    again = row.at + LOOKED_AT_AGAIN
    return again if judgement.verdict == "unsure" and now < again else None


def _claim(session: Session, now: datetime, limit: int) -> list[Row[Any]]:
    asked = (
        select(_clicks.id, *_FETCH, *_ABOUT)
        .join(Message.__table__, _messages.id == _clicks.message_id)
        .join(Contact.__table__, _contacts.id == _messages.contact_id)
        .where(_clicks.judge_at.is_not(None), _clicks.judge_at <= now)
        .order_by(_clicks.judge_at, _clicks.id)
        .limit(limit)
    )
    found: list[Any] = list(session.execute(asked.with_for_update(of=Click.__table__, skip_locked=True)))
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What the clicks of a round are judged by."""

    before: Mapping[int, str]
    arrived: Mapping[int, datetime]
    beside: Mapping[int, Sequence[Fetch]]
    near: Mapping[str, tuple[Sequence[datetime], Sequence[Near]]]
    done: Mapping[int | None, Sequence[tuple[datetime, str]]]

    def around(self, row: Row[Any]) -> Around:
        moments, near = self.near.get(row.network or "", ((), ()))
        first, last = bisect_left(moments, row.at - NEARBY), bisect_right(moments, row.at + NEARBY)
        deeds = sorted(deed for reader in (row.contact_id, *row.cc) for deed in self.done.get(reader, ()))
        return Around(
            arrived_at=self.arrived.get(row.message_id),
            beside=self.beside[row.message_id],
            near=near[first : min(last, first + _CROWD)],
            done_at={what: at for at, what in reversed(deeds) if at >= row.at},
        )


def _read(session: Session, due: Sequence[Row[Any]]) -> _Known:
    first, last = min(row.at for row in due), max(row.at for row in due)
    judged = select(ClickVerdict.click_id, ClickVerdict.verdict).where(
        one_of(ClickVerdict.click_id, (row.id for row in due))
    )
    return _Known(
        before=dict(session.execute(judged.order_by(ClickVerdict.id)).all()),
        arrived=_arrived(session, due),
        beside=_beside(session, due, first, last),
        near=_near(session, due, first, last),
        done=_done(session, due, first, last),
    )


def _arrived(session: Session, due: Iterable[Row[Any]]) -> dict[int, datetime]:
    """When each mail was delivered, else taken over, else last handed over without an answer."""
    taken = {row.message_id: row.accepted_at for row in due}
    found = {key: at for key, at in taken.items() if at is not None}
    if len(found) < len(taken):
        tried = select(Attempt.message_id, func.min(Attempt.started_at)).group_by(Attempt.message_id)
        doubtful = session.execute(tried.where(one_of(Attempt.message_id, taken.keys() - found.keys())))
        found |= dict(doubtful.all())
    told = select(Receipt.message_id, func.min(Receipt.at)).group_by(Receipt.message_id)
    delivered = session.execute(told.where(one_of(Receipt.message_id, taken), Receipt.kind == "delivered"))
    return found | {key: at for key, at in delivered if key is not None}


def _beside(session: Session, due: Iterable[Row[Any]], first: datetime, last: datetime) -> dict[int, list[Fetch]]:
    asked = select(*_FETCH).where(
        one_of(_clicks.message_id, {row.message_id for row in due}), _clicks.at.between(first - AT_ONCE, last + AT_ONCE)
    )
    found = defaultdict[int, list[Fetch]](list)
    for row in session.execute(asked):
        found[row.message_id].append(_fetch(row))
    return found


def _near(
    session: Session, due: Iterable[Row[Any]], first: datetime, last: datetime
) -> dict[str, tuple[list[datetime], list[Near]]]:
    """By network, every fetch of the time in question: when, and whose mail it was of."""
    asked = (
        select(_clicks.network, _clicks.at, _messages.contact_id, _messages.account_id)
        .join(Message.__table__, _messages.id == _clicks.message_id)
        .where(
            one_of(_clicks.network, {row.network for row in due if row.network}),
            _clicks.at.between(first - NEARBY, last + NEARBY),
        )
        .order_by(_clicks.at)
    )
    found: dict[str, tuple[list[datetime], list[Near]]] = defaultdict(lambda: ([], []))
    for network, at, contact_id, account_id in session.execute(asked):
        found[network][0].append(at)
        found[network][1].append(Near(contact_id, account_id))
    return found


def _done(
    session: Session, due: Iterable[Row[Any]], first: datetime, last: datetime
) -> dict[int | None, list[tuple[datetime, str]]]:
    """By reader, what they did that only people do: use of the product, and answers that were confirmed on a page."""
    asked = select(Event.contact_id, Event.occurred_at, Event.name, Event.type, Event.source_id).where(
        one_of(Event.account_id, {row.account_id for row in due}), Event.occurred_at.between(first, last + USES_WITHIN)
    )
    readers = {reader for row in due for reader in (row.contact_id, *row.cc)}
    found = defaultdict[int | None, list[tuple[datetime, str]]](list)
    for contact_id, at, name, kind, source in session.execute(asked):
        if contact_id not in readers:
            continue
        if source not in _OURS and kind in _OF_PEOPLE and is_use(name):
            found[contact_id].append((at, "used_product"))
        elif source == SOURCE_ENGAGE and name == "answered":
            found[contact_id].append((at, "answered"))
    return found


def _fetch(row: Any) -> Fetch:
    return Fetch(row.message_id, row.url, row.at, row.method, row.user_agent, row.network)


def _verdict(row: Row[Any], judgement: Judgement, now: datetime) -> dict[str, Any]:
    return {"click_id": row.id, "verdict": judgement.verdict, "reasons": list(judgement.reasons), "at": now}
