"""Every kind of work and the verb that does one bounded round of it; a kind that fails rests, the others go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from engage.channels.base import EmailChannel, SuppressionLists
from engage.channels.calls.endpoints import Calls
from engage.channels.email.mailbox import Mailbox
from engage.clock import Clock
from engage.customers.starting import start_contracts
from engage.db.session import Database, is_passing
from engage.errors import StoreUnavailableError
from engage.journeys.advancing import advance
from engage.journeys.digesting import digest
from engage.journeys.occurring import dated, enrol_dates
from engage.messages.announcing import tell_of_approvals
from engage.messages.delivering import Pace, deliver
from engage.messages.expiring import expire_approvals
from engage.messages.inbound.reading import EVERY as MAILBOXES_EVERY
from engage.messages.inbound.reading import read_mailbox
from engage.messages.judging import judge_clicks
from engage.messages.links import Links
from engage.messages.reactions import expire_items
from engage.messages.rechecking import recheck_held
from engage.messages.sweeping import sweep
from engage.messages.syncing import sync
from engage.messages.thresholds import Threshold
from engage.messages.unknowns import send_critical_again
from engage.notices.delivering import deliver_notices
from engage.notices.task_news import tell_of_tasks
from engage.releases.library import Library, LivePlaybook
from engage.reports.digests import send_digests
from engage.reports.looks import lease_of_look, next_look, time_between
from engage.rollout.breaking import look_at_delivery
from engage.rollout.looking import look
from engage.upkeep.delivery_findings import SHARED_EVERY, SHARING
from engage.upkeep.vitals import BEATS_EVERY, HEARTBEAT
from engage.worker.due import due_kinds
from engage.worker.turns import end_turn, take_turn

log = logging.getLogger(__name__)

OCCURRENCES = "occurrences"  # the turn of looking at dates
TELLING = "telling"  # the turn of writing letters to colleagues
DIGESTS = "digests"
LOOKS = "looks"  # the turn of looking whether playbooks work
MAILBOXES = "mailboxes"  # the turn of reading what customers write back
SUPPRESSIONS = SHARING  # the turn of sharing suppressions with the provider
BRAKES = "brakes"  # the turn of looking how mail fares
_EVENTS = 1000
_ENROLMENTS = 500
_MESSAGES = 500
_CLICKS = 500
_OCCURRENCES_EVERY = timedelta(minutes=1)
_TELLING_EVERY = timedelta(seconds=5)
_LOOKS_EVERY = timedelta(hours=1)
_BRAKES_EVERY = timedelta(minutes=1)
_LONGEST_REST = 30.0


@dataclass(frozen=True)
class Parts:
    """What the work needs; built once in each worker process."""

    database: Database
    library: Library
    links: Links
    clock: Clock
    channel: EmailChannel
    calls: Calls = field(default_factory=Calls)
    pace: Pace = field(default_factory=Pace)
    mailboxes: tuple[Mailbox, ...] = ()
    lists: Sequence[SuppressionLists] = ()
    thresholds: tuple[Threshold, ...] = ()
    public_url: str = ""

    @property
    def links_of_letters(self) -> Links:
        """The links to colleagues begin where the console is: a host for customers' links need not let them through."""
        return self.links.beginning_with(self.public_url) if self.public_url else self.links


def _digest(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return digest(session, parts.library, now=parts.clock.now(), limit=_EVENTS)


def _occurrences(parts: Parts) -> int:
    # The turn first, for itself: nobody waits for a scan. A crash on the way loses nothing: the next turn comes within
    # a minute, and what a scan has looked at is committed together with the runs that it found.
    with parts.database.transaction() as session:
        turn = take_turn(session, OCCURRENCES, every=_OCCURRENCES_EVERY, now=parts.clock.now())
        if not turn:
            return 0
        playbooks = dated(session, parts.library)
    with parts.database.transaction() as session:
        home_zone = parts.library.vocabulary(session).defaults.time_zone
        done = start_contracts(session, time_zone=home_zone, now=parts.clock.now())
    done += sum(_dates_of(parts, live) for live in playbooks)
    with parts.database.transaction() as session:
        end_turn(session, OCCURRENCES, turn)
    return done


def _dates_of(parts: Parts, live: LivePlaybook) -> int:
    def enrol(session: Session) -> int:
        return enrol_dates(session, parts.library, live, now=parts.clock.now())

    return _by_itself(parts, live, enrol, "the dates of a playbook could not be looked at")


def _by_itself(parts: Parts, live: LivePlaybook, verb: Callable[[Session], int], failed: str) -> int:
    """One playbook in a transaction of its own; one that cannot be looked at does not hold up the others."""
    try:
        with parts.database.transaction() as session:
            return verb(session)
    except Exception as error:
        if is_passing(error):
            raise
        log.exception(failed, extra={"playbook": live.key})
        return 0


def _advance(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return advance(session, parts.library, now=parts.clock.now(), limit=_ENROLMENTS)


def _approvals(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return expire_approvals(session, parts.library, now=parts.clock.now())


def _recheck(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return recheck_held(session, parts.library, now=parts.clock.now())


def _deliver(parts: Parts) -> int:
    return deliver(
        parts.database, parts.library, parts.channel, parts.links, parts.clock, limit=_MESSAGES, pace=parts.pace
    )


def _clicks(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return judge_clicks(session, now=parts.clock.now(), limit=_CLICKS)


def _telling(parts: Parts) -> int:
    # One at a time: two who share the news of a burst would write two letters about it.
    with parts.database.transaction() as session:
        if not take_turn(session, TELLING, every=_TELLING_EVERY, now=parts.clock.now()):
            return 0
        library, links, now = parts.library, parts.links_of_letters, parts.clock.now()
        told = tell_of_approvals(session, library, links, now=now)
        return told + tell_of_tasks(session, library, public_url=links.public_url, now=now)


def _digests(parts: Parts) -> int:
    with parts.database.transaction() as session:
        if not take_turn(session, DIGESTS, every=_TELLING_EVERY, now=parts.clock.now()):
            return 0
        return send_digests(session, parts.library, parts.links_of_letters, now=parts.clock.now())


def _notices(parts: Parts) -> int:
    return deliver_notices(parts.database, parts.library, parts.channel, parts.calls, parts.clock, limit=_MESSAGES)


def _expiries(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return expire_items(session, now=parts.clock.now())


def _mailboxes(parts: Parts) -> int:
    with parts.database.transaction() as session:
        if not take_turn(session, MAILBOXES, every=MAILBOXES_EVERY, now=parts.clock.now()):
            return 0
    return sum(read_mailbox(parts.database, parts.library, one, parts.clock) for one in parts.mailboxes)


def _sweep(parts: Parts) -> int:
    with parts.database.transaction() as session:
        if not take_turn(session, HEARTBEAT, every=BEATS_EVERY, now=parts.clock.now()):
            return 0
    swept = sweep(parts.database, parts.channel, parts.clock)
    with parts.database.transaction() as session:
        vocabulary = parts.library.vocabulary(session)
        return swept + send_critical_again(session, vocabulary, now=parts.clock.now())


def _looks(parts: Parts) -> int:
    with parts.database.transaction() as session:
        if not take_turn(session, LOOKS, every=_LOOKS_EVERY, now=parts.clock.now()):
            return 0
        playbooks = parts.library.live(session)
    return sum(_look_at(parts, live) for live in playbooks if live.playbook.expect is not None)


def _look_at(parts: Parts, live: LivePlaybook) -> int:
    def looking(session: Session) -> int:
        now, expect, due = parts.clock.now(), live.playbook.expect, next_look(session, parts.library, live)
        if expect is None or due is None or due > now:
            return 0
        if not take_turn(session, lease_of_look(live.key), every=time_between(expect), now=now):
            return 0
        return look(session, parts.library, live, expect, now=now)

    return _by_itself(parts, live, looking, "the effect of a playbook could not be looked at")


def _suppressions(parts: Parts) -> int:
    with parts.database.transaction() as session:
        turn = take_turn(session, SUPPRESSIONS, every=SHARED_EVERY, now=parts.clock.now())
    if not turn:
        return 0
    done = [sync(parts.database, lists, parts.clock, parts.library.seal) for lists in parts.lists]
    with parts.database.transaction() as session:
        end_turn(session, SUPPRESSIONS, turn)
    return sum(one.new + one.told + one.let_go for one in done)


def _brakes(parts: Parts) -> int:
    with parts.database.transaction() as session:
        if not take_turn(session, BRAKES, every=_BRAKES_EVERY, now=parts.clock.now()):
            return 0
    with parts.database.transaction() as session:
        return look_at_delivery(session, parts.library, parts.thresholds, now=parts.clock.now())


ROUNDS: dict[str, Callable[[Parts], int]] = {
    "digest": _digest,
    OCCURRENCES: _occurrences,
    "advance": _advance,
    "approvals": _approvals,
    "recheck": _recheck,
    "deliver": _deliver,
    "clicks": _clicks,
    TELLING: _telling,
    DIGESTS: _digests,
    "notices": _notices,
    "expiries": _expiries,
    "sweep": _sweep,
    MAILBOXES: _mailboxes,
    LOOKS: _looks,
    SUPPRESSIONS: _suppressions,
    BRAKES: _brakes,
}


class Rounds:
    """Runs rounds in this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._failures: dict[str, int] = {}
        self._rest_until: dict[str, float] = {}

    def run_due(self) -> int:
        """One round of every kind that is due; tells how much was done."""
        try:
            with self._parts.database.reading() as session:
                kinds = due_kinds(session, self._parts.clock.now())
        except StoreUnavailableError:
            log.warning("the database is away: nothing is done until it is back")
            return 0
        return sum(self.run(kind) for kind in kinds)

    def run(self, kind: str) -> int:
        """One round of a kind; a failure is logged and makes the kind rest, longer each time."""
        if time.monotonic() < self._rest_until.get(kind, 0.0):
            return 0
        try:
            done = ROUNDS[kind](self._parts)
        except Exception:
            self._note_failure(kind)
            return 0
        self._failures.pop(kind, None)
        if done:
            log.info("round done", extra={"kind": kind, "count": done})
        return done

    def _note_failure(self, kind: str) -> None:
        failures = self._failures[kind] = self._failures.get(kind, 0) + 1
        rest = min(_LONGEST_REST, 0.5 * 2**failures)
        self._rest_until[kind] = time.monotonic() + rest
        log.exception("round failed", extra={"kind": kind, "again_in_seconds": rest})
