"""When a look at dates can next concern somebody of a small store, so that a play leaves out the days in between.

Reckoned by the same pure functions as the look itself; a day too many costs time, a day too few would be a lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of, first_zone, start_of
from engage.customers.tables import Account, Contract
from engage.events.tables import Event
from engage.journeys.broadcasting import moments_ahead
from engage.journeys.occurring import is_dated, occurrence_at
from engage.journeys.prospects import Prospect, prospects
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import Enrolment, HeldCondition
from engage.journeys.timing import of_absence
from engage.language.spec import AbsentTrigger, BecomesTrigger, DateTrigger, EveryTrigger, OnceTrigger
from engage.releases.library import Library, LivePlaybook
from engage.rollout.proving.turning import IDS, Forecast, held_by, is_timely
from engage.rollout.stage import Stage, rounded_up

# What messages tell is no use of the product, and no fact of the customer.
_NEWEST_NEWS = select(func.max(Event.id)).where(Event.name.not_like("message.%"))
_INSTANT = timedelta(microseconds=1)


class Lookout:
    """Tells the moments of one play at which the engine may have something to do."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._forecasts: dict[str, tuple[object, Forecast]] = {}  # by playbook: from what it follows, and it

    def next(self, until: datetime) -> tuple[datetime, bool] | None:
        """The next moment until then, and whether dates are to be looked at then; None where there is none."""
        stage, now = self._stage, self._stage.clock.now()
        with stage.database.reading() as session:
            playbooks = stage.library.live(session)
            moments = stage.due(session, now)
            looks = [*_starts(session, stage.library), *moments_ahead(session, stage.library, playbooks, now=now)]
            surroundings = Surroundings(stage.library.vocabulary(session))
            for live in playbooks:
                soonest = min((moment for moment in (*moments, *looks) if now < moment <= until), default=until)
                looks += self._looks(session, live, surroundings, now, soonest)
        ahead = [moment for moment in (*moments, *map(rounded_up, looks)) if now < moment <= until]
        return (min(ahead), min(ahead) in map(rounded_up, looks)) if ahead else None

    def _looks(
        self, session: Session, live: LivePlaybook, surroundings: Surroundings, now: datetime, until: datetime
    ) -> Iterator[datetime]:
        """When a look at the dates of one playbook can next find somebody; daily where that cannot be told ahead."""
        match live.playbook.trigger:
            case BecomesTrigger() as trigger:
                yield from _held_long_enough(session, live, trigger, surroundings)
                turn = self._turn(session, live, trigger, now, until) if is_timely(trigger.becomes) else None
                yield from () if turn is None else (turn,)
            case AbsentTrigger(since=str()) as trigger:
                yield from _absences(session, live, trigger, surroundings, now, until)
            case DateTrigger() | EveryTrigger() | AbsentTrigger():
                known = _dealt_with(session, live)
                kind = live.playbook.subject
                ids = list(session.scalars(select(IDS[kind])))
                for chunk in prospects(session, surroundings.vocabulary, kind, ids):
                    for one in chunk:
                        yield from _dates(live, one, surroundings, known, now, until)
            case OnceTrigger():
                pass  # the moments of all broadcasts are asked for at once
            case _ if is_dated(live):
                for zone in session.scalars(select(Account.time_zone).distinct()):
                    yield from islice(_midnights(now, until, surroundings.place(zone, None).zone), 1)

    def _turn(
        self, session: Session, live: LivePlaybook, trigger: BecomesTrigger, now: datetime, until: datetime
    ) -> datetime | None:
        """When its condition next turns; reckoned anew only when something was learned or found since."""
        follows = (session.scalar(_NEWEST_NEWS), held_by(session, live, trigger))
        before, forecast = self._forecasts.get(live.key, (None, None))
        turn = forecast.turn(until) if forecast is not None and before == follows else None
        if forecast is None or before != follows or (turn is not None and turn <= now):
            forecast = Forecast(session, self._stage.library, live, trigger, now=now)
            self._forecasts[live.key] = (follows, forecast)
            turn = forecast.turn(until)
        return turn


def _starts(session: Session, library: Library) -> Iterator[datetime]:
    """When contracts begin that have not begun yet."""
    default = library.vocabulary(session).defaults.time_zone
    pending = select(Contract.starts_on, Account.time_zone).join(Account, Account.id == Contract.account_id)
    for starts_on, zone in session.execute(pending.where(Contract.state == "pending")):
        if starts_on is not None:
            yield start_of(starts_on, first_zone(zone, default))


def _dates(
    live: LivePlaybook,
    one: Prospect,
    surroundings: Surroundings,
    known: set[tuple[int, str]],
    now: datetime,
    until: datetime,
) -> Iterator[datetime]:
    account = one.facts["account"]
    zone = surroundings.place(account.get("time_zone"), account.get("country")).zone
    judged_daily = is_timely(live.playbook.audience)
    is_known = _key(live, one, surroundings, now)
    for midnight in _midnights(now, until, zone):
        found = occurrence_at(live, one, surroundings, now=midnight)
        if found is None or (one.subject.id, found.key) in known:
            continue
        if judged_daily or (found.key, found.is_late) != is_known:
            yield max(rounded_up(found.due_at), midnight) if found.due_at <= now else rounded_up(found.due_at)
            return


def _key(live: LivePlaybook, one: Prospect, surroundings: Surroundings, now: datetime) -> tuple[str, bool] | None:
    """The occurrence that the look of now has judged already."""
    found = occurrence_at(live, one, surroundings, now=now)
    return (found.key, found.is_late) if found else None


def _dealt_with(session: Session, live: LivePlaybook) -> set[tuple[int, str]]:
    rows = select(Enrolment.subject_id, Enrolment.occurrence).where(Enrolment.playbook_key == live.key)
    return {(subject_id, occurrence) for subject_id, occurrence in session.execute(rows)}


def _absences(
    session: Session,
    live: LivePlaybook,
    trigger: AbsentTrigger,
    surroundings: Surroundings,
    now: datetime,
    until: datetime,
) -> Iterator[datetime]:
    rows = session.execute(
        select(Event.occurred_at, Account.time_zone, Account.country)
        .join(Account, Account.id == Event.account_id)
        .where(Event.name == trigger.since)
    )
    for occurred_at, zone, country in rows:
        place = surroundings.place(zone, country)
        far = place.after(occurred_at, trigger.within) + _INSTANT
        found = of_absence(trigger, occurred_at, place=place, now=far)
        if found is not None and found.due_at > now:
            yield rounded_up(found.due_at)
        elif is_timely(live.playbook.audience):
            yield next(_midnights(now, until, place.zone), until)


def _held_long_enough(
    session: Session, live: LivePlaybook, trigger: BecomesTrigger, surroundings: Surroundings
) -> Iterator[datetime]:
    if trigger.for_ is None:
        return
    place = surroundings.place(*next(iter(session.execute(select(Account.time_zone, Account.country))), (None, None)))
    waiting = select(HeldCondition.since).where(
        HeldCondition.playbook_key == live.key, HeldCondition.state == "waiting"
    )
    for since in session.scalars(waiting):
        yield place.after(since, trigger.for_)


def _midnights(now: datetime, until: datetime, zone: tzinfo) -> Iterator[datetime]:
    day: date = day_of(now, zone)
    while (midnight := start_of(day := day + timedelta(days=1), zone)) <= until:
        yield midnight
