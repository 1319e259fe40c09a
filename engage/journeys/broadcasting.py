"""Broadcasts: at one moment everybody enters whom the audience takes in then, once; who comes later does not.

Where colleagues are asked ahead, their customers enter so much earlier, and nothing leaves before the moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engage.calendars.occurrences import DEFAULT_GRACE
from engage.customers.tables import Account
from engage.journeys.ending import end_runs
from engage.journeys.entering import Candidate, enter
from engage.journeys.prospects import Prospect, prospects
from engage.journeys.runs import NOT_BEFORE
from engage.journeys.sieving import due
from engage.journeys.skipping import MOVED, TOO_LATE
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import Enrolment, Lease
from engage.journeys.timing import LOOK_BACK, approval_room
from engage.journeys.turns import make_leases
from engage.keys import occurrence_of_moment
from engage.language.durations import Duration
from engage.language.spec import Playbook
from engage.language.triggers import OnceTrigger
from engage.releases.library import Library, LivePlaybook

# Customers of a kind that nobody was of before are looked for this often.
LOOK_AGAIN = timedelta(minutes=30)
# No approval takes longer, escalation and holidays included.
FURTHEST_AHEAD = timedelta(days=60)


class Group(NamedTuple):
    """Customers for whom the broadcast begins at the same instant; what does not matter for that is None."""

    zone: str | None
    country: str | None = None
    touch_model: str | None = None


@dataclass(frozen=True, slots=True)
class _Broadcast:
    """A broadcast and what its moment depends on."""

    playbook: Playbook
    trigger: OnceTrigger
    surroundings: Surroundings

    def group_of(self, account: Mapping[str, Any]) -> Group:
        """The group of an account's facts."""
        if not self.trigger.ask_ahead:
            return Group(account["time_zone"])
        return Group(account["time_zone"], account.get("country"), account.get("touch_model"))

    def begins(self, group: Group) -> datetime:
        """The moment, less the open days that the slowest approval may take where somebody is asked ahead."""
        place = self.surroundings.place(group.zone, group.country)
        moment = self.trigger.once.instant(place.zone)
        model = self.surroundings.vocabulary.touch_model(group.touch_model)
        room = approval_room(self.playbook, model) if self.trigger.ask_ahead else 0
        return place.after(moment, Duration(-room, "business days")) if room else moment

    def groups(self, session: Session) -> dict[Group, datetime]:
        """When it begins, for each group that there is."""
        columns = [Account.time_zone, Account.country, Account.touch_model]
        rows = session.execute(select(*(columns if self.trigger.ask_ahead else columns[:1])).distinct())
        found = {Group(*values) for values in map(tuple, rows)}
        return {group: self.begins(group) for group in sorted(found, key=str)}

    def candidate(self, live: LivePlaybook, one: Prospect, now: datetime) -> Candidate:
        """The subject, or the note that it is too late for it; ahead of the moment with what nothing may go before."""
        place = self.surroundings.place_of(one.facts)
        trigger = self.trigger
        moment = trigger.once.instant(place.zone)
        deadline = place.after(moment, trigger.if_late.within) if trigger.if_late else moment + DEFAULT_GRACE
        told: dict[str, Any] = {"occurrence": {"date": trigger.once.day.isoformat()}}
        told |= {"contract": one.contract} if one.contract else {}
        told |= {NOT_BEFORE: moment.isoformat()} if moment > now else {}
        skip = TOO_LATE if now > deadline else None
        return Candidate(live, one.subject, occurrence_of_moment(str(trigger.once)), told, skip=skip)


def enrol_broadcast(
    session: Session, library: Library, live: LivePlaybook, trigger: OnceTrigger, *, now: datetime
) -> int:
    """Enrols the audience of each group for which it begins, in bulk; where it is long past, rows say so."""
    if not _may_be_due(trigger, now):
        return 0
    name = f"once:{live.key}:{trigger.once}"
    due_at = session.scalar(select(Lease.due_at).where(Lease.name == name))
    if due_at is not None and now < due_at:
        return 0
    if due_at is None:
        _end_those_ahead(session, live, trigger, now=now)
    broadcast = _Broadcast(live.playbook, trigger, Surroundings(library.vocabulary(session)))
    begins = broadcast.groups(session)
    come = {group for group, at in begins.items() if at <= now and make_leases(session, [_lease_of(name, group)])}
    entered = _enrol(session, library, live, broadcast, come, now=now) if come else 0
    make_leases(session, [name])
    later = [at for at in begins.values() if at > now]
    session.execute(update(Lease).where(Lease.name == name).values(due_at=min([*later, now + LOOK_AGAIN])))
    return entered


def moments_ahead(
    session: Session, library: Library, playbooks: Iterable[LivePlaybook], *, now: datetime
) -> Iterator[datetime]:
    """When the broadcasts among these playbooks still begin, for somebody."""
    surroundings = Surroundings(library.vocabulary(session))
    for live in playbooks:
        trigger = live.playbook.trigger
        if isinstance(trigger, OnceTrigger) and trigger.once.last > now:
            begins = _Broadcast(live.playbook, trigger, surroundings).groups(session).values()
            yield from (at for at in begins if at > now)


def _lease_of(name: str, group: Group) -> str:
    return f"{name}@{group.zone}" + (f"/{group.country}/{group.touch_model}" if any(group[1:]) else "")


def _may_be_due(trigger: OnceTrigger, now: datetime) -> bool:
    late = trigger.if_late.within.roughly if trigger.if_late else DEFAULT_GRACE
    first = trigger.once.first - (FURTHEST_AHEAD if trigger.ask_ahead else timedelta())
    return first <= now <= trigger.once.last + late + LOOK_BACK


def _enrol(
    session: Session,
    library: Library,
    live: LivePlaybook,
    broadcast: _Broadcast,
    come: Collection[Group],
    *,
    now: datetime,
) -> int:
    entered = 0
    audience = due(session, library, live, now=now, changed_since=None)
    for chunk in prospects(session, broadcast.surroundings.vocabulary, live.playbook.subject, audience):
        here = [one for one in chunk if broadcast.group_of(one.facts["account"]) in come]
        entered += enter(session, library, [broadcast.candidate(live, one, now) for one in here], now=now)
    return entered


def _end_those_ahead(session: Session, live: LivePlaybook, trigger: OnceTrigger, *, now: datetime) -> None:
    """The moment was moved: who entered for one that has not come begins anew, and what was drafted is taken back."""
    asked = select(Enrolment.id, Enrolment.trigger).where(
        Enrolment.playbook_key == live.key,
        Enrolment.state.in_(("running", "done")),  # one that ended with its last message: that waits for the moment
        Enrolment.occurrence != occurrence_of_moment(str(trigger.once)),
    )
    moments = {row.id: row.trigger.get(NOT_BEFORE) for row in session.execute(asked.with_for_update())}
    ahead = [key for key, moment in moments.items() if moment and datetime.fromisoformat(moment) > now]
    end_runs(session, ahead, reason=MOVED, now=now)
