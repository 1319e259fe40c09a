"""Plays a stored history again, or the days to come, with the real engine; nobody gets mail.

Nothing is known before it was learned, and the same input gives the same output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import insert, select

from engage.customers.resolving import project_ahead
from engage.customers.tables import Account
from engage.events.storing import EventValues
from engage.events.tables import Event
from engage.events.timeline import unresolved
from engage.ids import repeatable
from engage.journeys.digesting import digest
from engage.journeys.merging import follow_merges
from engage.rollout.history import History, Ownership
from engage.rollout.simulation import Simulation, read_simulation
from engage.rollout.stage import Stage
from engage.rollout.versions import Publish
from engage.staff.tables import AccountOwner, StaffMember

MOST_AT_ONCE = 10_000
_TOLD = insert(Event.__table__)  # type: ignore[arg-type]
Progress = Callable[[datetime], None]


def simulate(
    stage: Stage,
    history: History,
    publish: Publish,
    *,
    since: datetime,
    until: datetime,
    agrees: bool = True,
    progress: Progress = lambda _: None,
) -> Simulation:
    """What would have happened until then, had that been published at `since`; the stage's store must be empty.

    Colleagues agree at once to what they are asked, unless `agrees` is false: then what they are asked expires.
    """
    with repeatable(since.isoformat()):
        play = _Play(stage, history)
        play.hear_what_came_before(since)
        stage.begin(until)
        with stage.database.transaction() as session:
            publish(session, since)
        while stage.clock.now() < until:
            stage.move_on(until, play.next_moment())
            play.hear()
            stage.live(agrees=agrees)
            progress(stage.clock.now())
    return _read(stage, since, until)


def rehearse(
    stage: Stage,
    publish: Publish | None = None,
    *,
    until: datetime,
    agrees: bool = True,
    progress: Progress = lambda _: None,
) -> Simulation:
    """What will happen until then if customers do nothing new; the stage's store is a copy of the present.

    With `publish`, that goes live first; without, what is live there stays.
    """
    since = stage.begin(until)
    with repeatable(since.isoformat()):
        if publish is not None:
            with stage.database.transaction() as session:
                publish(session, since)
        stage.live(agrees=agrees)
        while stage.clock.now() < until:
            stage.move_on(until)
            stage.live(agrees=agrees)
            progress(stage.clock.now())
    return _read(stage, since, until)


def _read(stage: Stage, since: datetime, until: datetime) -> Simulation:
    with stage.database.reading() as session:
        return read_simulation(session, since=since, until=until)


class _Play:
    """The history on its way into the stage's store."""

    def __init__(self, stage: Stage, history: History) -> None:
        self._stage = stage
        self._events = history.events()
        self._next: EventValues | None = next(self._events, None)
        self._owners = history.owners()
        self._copy_staff(history)

    def _copy_staff(self, history: History) -> None:
        if rows := history.staff():
            with self._stage.database.transaction() as session:
                session.execute(insert(StaffMember), rows)

    def hear_what_came_before(self, since: datetime) -> None:
        """Makes known what was learned before the play begins; no playbook is live yet."""
        self._stage.clock.move_to(since)
        self.hear()
        more = 1
        while more:
            with self._stage.database.transaction() as session:
                more = digest(session, self._stage.library, now=since)

    def hear(self) -> None:
        """Stores the events that have been learned by now."""
        heard = list(self._learned_by(self._stage.clock.now()))
        if not heard:
            return
        with self._stage.database.transaction() as session:
            session.execute(_TOLD, [{**event, "resolved_at": None} for event in heard])
        if self._owners:
            self._take_over_owners()

    def _learned_by(self, now: datetime) -> Iterator[EventValues]:
        while self._next is not None and self._next["received_at"] <= now:
            yield self._next
            self._next = next(self._events, None)

    def next_moment(self) -> datetime | None:
        """When something more was learned."""
        return self._next["received_at"] if self._next is not None else None

    def _take_over_owners(self) -> None:
        """Those who were made owners by hand own the account as soon as it is known, before anything begins there."""
        now = self._stage.clock.now()
        with self._stage.database.transaction() as session:
            merged = project_ahead(session, unresolved(session, limit=MOST_AT_ONCE))
            follow_merges(session, merged, now=now)
            known = dict(session.execute(select(Account.external_id, Account.id)).all())
            owned = set(session.execute(select(AccountOwner.account_id, AccountOwner.role)).all())
            ready = [one for one in self._owners if one.account in known and one.since <= now]
            for one in ready:
                if (known[one.account], one.role) not in owned:
                    session.add(_owner(known[one.account], one))
        self._owners = [one for one in self._owners if one not in ready]


def _owner(account_id: int, one: Ownership) -> AccountOwner:
    return AccountOwner(account_id=account_id, staff_id=one.staff_id, role=one.role, since=one.since, until=None)
