"""Shares what the team's budgets leave among the messages of a window: higher priority first, then the older one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.keys import address_key
from engage.language.budgets import Budgets, Cap, Priority
from engage.messages.policy.candidate import Candidate, Slot
from engage.messages.policy.order import judge
from engage.messages.policy.rolling import Taken, next_free
from engage.messages.policy.verdicts import Allow, Hold, Merge, Skip, Verdict
from engage.messages.priorities import Priorities
from engage.messages.touches import Touch, hold_budgets, of_accounts, of_people, people_of, touched_by_hand
from engage.messages.travelling import Deck
from engage.releases.library import Library

_RANKS: Mapping[Priority, int] = {"high": 0, "normal": 1, "low": 2}
_EXEMPT = -1  # goes all the same, so whoever asks for room comes after it
MOST_TOLD = 20

Judged = tuple[str | None, Verdict]


def within_budgets(
    session: Session, library: Library, candidates: Sequence[Candidate], *, now: datetime, holding: bool = True
) -> dict[int, Judged]:
    """The verdicts on those of the messages that have to find room; costs nothing where none has to.

    Until the commit nobody else may use the room up; who only wants to know holds nothing.
    """
    budgets = library.vocabulary(session).budgets
    limited = [one for one in candidates if budgets.limits(topic=one.topic, purpose=one.purpose, playbook=one.playbook)]
    if not limited:
        return {}
    book = _open(session, budgets, limited, Priorities(session, library), now, holding=holding)
    deck = Deck(session, library)
    deck.board(one for one in candidates if one.message_id not in book.own)
    found: dict[int, Judged] = {}
    for candidate in sorted(limited, key=lambda one: book.own[one.message_id].rank):
        slot = book.slot(candidate, now)
        if slot is not None and slot.loser == "merge":
            slot = replace(slot, carrier=deck.carrier_of(candidate))
        judged = judge(replace(candidate, slot=slot), now)
        if isinstance(judged[1], Allow):
            deck.board([candidate])
        book.note(candidate.message_id, judged[1], now)
        found[candidate.message_id] = judged
    return found


@dataclass(slots=True)
class _Book:
    """Who heard what, and who is to; for customers, other messages stand there as the step that they count as."""

    budgets: Budgets
    priorities: Priorities
    of_person: Mapping[str, Sequence[Touch]]
    of_account: Mapping[int, Sequence[Touch]]
    own: dict[int, Touch]  # the messages of this window, by id

    def slot(self, candidate: Candidate, now: datetime) -> Slot | None:
        """When there is room for it; None where that is now."""
        mine = self.own[candidate.message_id]
        used = {
            "contact": _taken(self.budgets.contact, self._person_heard(mine)),
            "mails": _taken(self.budgets.mails, self._mails_read(mine)) if mine.is_mail else None,
            "account": _taken(self.budgets.account, self._account_heard(mine)),
        }
        caps = {of: taken for of, taken in used.items() if taken is not None}
        at = next_free(now, list(caps.values()))
        if at <= now:
            return None
        of = next(of for of, taken in caps.items() if not taken.has_room(now))
        cap: Any = getattr(self.budgets, of)
        told = {
            "of": of, "at_most": cap.at_most, "within": str(cap.within),
            "taken": [one.isoformat() for one in sorted(caps[of].instants)[-MOST_TOLD:]],
        }  # fmt: skip
        loser = self.budgets.when_short.of(self.priorities.of(candidate.playbook))
        if of == "mails" and loser == "drop":
            loser = "defer"  # another mail on the same day is no reason never to write
        return Slot(at=at, of=of, loser=loser, give_up_after=self.budgets.give_up_after.delta, told=told)

    def _person_heard(self, mine: Touch) -> list[Touch]:
        beside = (one for one in self.own.values() if one.person == mine.person)
        return _before(mine, [*self.of_person.get(mine.person, ()), *beside])

    def _mails_read(self, mine: Touch) -> list[Touch]:
        return [one for one in self._person_heard(mine) if one.is_mail]

    def _account_heard(self, mine: Touch) -> list[Touch]:
        """One touch for each step, however many people it reaches; none where this very step was heard already."""
        if mine.account_id is None:
            return []
        beside = (one for one in self.own.values() if one.account_id == mine.account_id)
        before = _before(mine, [*self.of_account.get(mine.account_id, ()), *beside])
        if any(one.step == mine.step and not one.waits for one in before):
            return []
        last = {one.step: one for one in sorted(before, key=lambda one: one.at) if one.step != mine.step}
        return list(last.values())

    def note(self, message_id: int, verdict: Verdict, now: datetime) -> None:
        """Keeps what was decided, for those who come after it."""
        match verdict:
            case Skip() | Merge():
                del self.own[message_id]
            case Hold(until=until):
                self.own[message_id] = replace(self.own[message_id], at=until)
            case _:
                self.own[message_id] = replace(self.own[message_id], at=now, waits=False)


def _before(mine: Touch, touches: Iterable[Touch]) -> list[Touch]:
    """What was heard, and what comes first among those that wait."""
    return [one for one in touches if not one.waits or one.rank < mine.rank]


def _taken(cap: Cap | None, touches: Sequence[Touch]) -> Taken | None:
    return None if cap is None else Taken(cap.at_most, cap.within.delta, [one.at for one in touches])


def _open(
    session: Session,
    budgets: Budgets,
    limited: Sequence[Candidate],
    priorities: Priorities,
    now: datetime,
    *,
    holding: bool,
) -> _Book:
    """Reads the touches that matter to these messages: a few statements, and no more rows for a larger broadcast."""
    contacts = {one.contact_id: address_key(one.address or "") for one in limited}
    of_each = budgets.contact is not None or budgets.mails is not None
    people = people_of(session, contacts) if of_each else {key: f"contact:{key}" for key in contacts}
    accounts = sorted({one.account_id for one in limited if one.account_id is not None})
    if holding:
        hold_budgets(session, [*(f"account:{key}" for key in accounts), *people.values()])
    since = now - max(cap.within.delta for cap in budgets.caps)
    mine = [one.message_id for one in limited]
    read = _Reader(people, budgets, priorities, now)
    of_person, of_account = defaultdict[str, list[Touch]](list), defaultdict[int, list[Touch]](list)
    for touch in map(read.touch, of_people(session, people, mine=mine, since=since) if of_each else ()):
        of_person[touch.person].append(touch)
    for touch in map(read.touch, of_accounts(session, accounts, mine=mine, since=since) if budgets.account else ()):
        of_account[touch.account_id or 0].append(touch)
    for touch in touched_by_hand(session, accounts, people, budgets.human_touches, since=since):
        of_person[touch.person].append(touch)
        of_account[touch.account_id or 0].append(touch)
    return _Book(budgets, priorities, of_person, of_account, {one.message_id: read.asking(one) for one in limited})


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes touches of rows of the ledger, and of those who ask for room."""

    people: Mapping[int, str]
    budgets: Budgets
    priorities: Priorities
    now: datetime

    def asking(self, one: Candidate) -> Touch:
        """One that would go now."""
        rank = self._rank(one.playbook, one.topic, one.purpose), one.message_id
        person, mail = self.people[one.contact_id], one.channel == "email"
        return Touch(one.message_id, person, one.account_id, one.step, self.now, waits=True, is_mail=mail, rank=rank)

    def touch(self, row: Any) -> Touch:
        """One message, or one step at one customer."""
        at = max(row.at or self.now, self.now) if row.waits else row.at or self.now
        rank = self._rank(row.playbook_key, row.topic, row.purpose), row.id
        person, mail = self.people.get(row.contact_id, ""), row.channel == "email"
        waits = bool(row.waits)
        return Touch(row.id, person, row.account_id, row.step, at, waits=waits, is_mail=mail, rank=rank)

    def _rank(self, playbook: str | None, topic: str, purpose: str) -> int:
        is_limited = self.budgets.limits(topic=topic, purpose=purpose, playbook=playbook)
        return _RANKS[self.priorities.of(playbook)] if is_limited else _EXEMPT
