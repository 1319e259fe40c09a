"""Somebody says no at every statement of a delivery: what was committed before the attempt is obeyed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import count

from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from engage.channels.base import Receipt
from engage.db.session import Database
from engage.messages.cancelling import cancel_messages
from engage.messages.receipts import record_receipts
from engage.messages.tables import Attempt, Message
from engage.messages.unsubscribing import stop_topic
from engage.worker.rounds import Rounds
from tests.drills.drill import Drill
from tests.drills.installation import Installation
from tests.drills.stage import Stage, over_smtp
from tests.servers.running import Running, accepted_ids
from tests.support.waiting import until

Fact = Callable[[Session, str, datetime], object]
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def _unsubscribes(session: Session, public_id: str, now: datetime) -> None:
    stop_topic(session, public_id, source="drill", now=now)


def _complains(session: Session, public_id: str, now: datetime) -> None:
    said = Receipt("drill", public_id, public_id, "complained", now, reason=None, address=None, raw={})
    record_receipts(session, [said], now=now)


def _is_taken_back(session: Session, public_id: str, now: datetime) -> None:
    key = session.scalars(select(Message.id).where(Message.public_id == public_id).with_for_update()).one()
    cancel_messages(session, [key], reason="drill", now=now)


FACTS: dict[str, Fact] = {"unsubscribed": _unsubscribes, "complained": _complains, "taken back": _is_taken_back}


class Failpoint:
    """Halts the delivery before one of its statements until the race has been run."""

    def __init__(self, database: Database) -> None:
        self.place, self.seen = 0, 0
        self.reached, self.go_on = threading.Event(), threading.Event()
        event.listen(database.engine, "before_cursor_execute", self._before)

    def set(self, place: int) -> None:
        """Halts before this statement of the next delivery."""
        self.place, self.seen = place, 0
        self.reached.clear()
        self.go_on.clear()

    def _before(self, *_: object) -> None:
        self.seen += 1
        if self.seen == self.place:
            self.reached.set()
            assert self.go_on.wait(60)


def play(stage: Stage) -> None:
    with stage.smtp() as smtp, stage.installation(**over_smtp(smtp)) as here, here.parts() as parts:
        _walk(stage, here, smtp, Rounds(parts), Failpoint(parts.database))


def _walk(stage: Stage, here: Installation, smtp: Running, rounds: Rounds, failpoint: Failpoint) -> None:
    """Each fact at each statement, until a delivery has no more statements."""
    wrong: list[str] = []
    how: Counter[tuple[str, str]] = Counter()
    ids: list[str] = []
    for what, fact in FACTS.items():
        for place in count(1, stage.pick(1, 2)):
            (public_id,) = here.fill(1)
            ids.append(public_id)
            was_first = _race(here, rounds, failpoint, place, lambda s, now: fact(s, public_id, now), public_id)  # noqa: B023
            if was_first is None:
                break
            went = public_id in accepted_ids(smtp)
            how[what, "went" if went else "stayed"] += 1
            if was_first and went:
                wrong.append(f"{what} at statement {place}")
    said = ", ".join(f"{what} {how[what, 'stayed']} stayed and {how[what, 'went']} went" for what in FACTS)
    stage.did(f"{how.total()} deliveries halted, each before another statement; meanwhile the reader: {said}")
    stage.holds(
        f"nothing left after a word that was committed before its attempt{': ' if wrong else ''}{wrong or ''}",
        not wrong,
    )
    stage.holds("a word that came first stopped it, one that came last did not", len(how) == 2 * len(FACTS))
    stage.check_once(here, ids, accepted_ids(smtp))


def _race(
    here: Installation, rounds: Rounds, failpoint: Failpoint, place: int, say: Callable[[Session, datetime], object],
    public_id: str,
) -> bool | None:  # fmt: skip
    """Whether the word was committed before the attempt; None where the delivery ended before that statement."""
    failpoint.set(place)
    delivery = threading.Thread(target=rounds.run, args=("deliver",))
    delivery.start()
    until(lambda: failpoint.reached.is_set() or not delivery.is_alive(), what="the statement")
    if not failpoint.reached.is_set():
        delivery.join()
        return None
    word = threading.Thread(target=_say, args=(here, say))
    word.start()
    until(lambda: not word.is_alive() or _is_blocked(here), what="the word being said, or waiting")
    was_first = not word.is_alive() and not _attempts(here, public_id)
    failpoint.go_on.set()
    delivery.join()
    word.join()
    return was_first


def _say(here: Installation, say: Callable[[Session, datetime], object]) -> None:
    with here.database.transaction() as session:
        say(session, here.clock.now())


def _is_blocked(here: Installation) -> bool:
    with here.database.reading() as session:
        return bool(session.scalar(text(BLOCKED)))


def _attempts(here: Installation, public_id: str) -> int:
    with here.database.reading() as session:
        asked = select(func.count()).select_from(Attempt).join(Message, Message.id == Attempt.message_id)
        return session.scalar(asked.where(Message.public_id == public_id)) or 0


DRILL = Drill(
    9,
    "race",
    "an unsubscribe, a complaint or a withdrawal at every statement of a delivery",
    "nothing is sent after a word that was committed before its attempt",
    play,
)
