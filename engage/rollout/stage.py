"""The real engine on a store and a clock of its own: what happens there reaches nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, bindparam, exists, func, select, text
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of, first_zone, start_of
from engage.channels.email.recording import RecordingChannel
from engage.clock import VirtualClock
from engage.customers.starting import start_contracts
from engage.customers.tables import Account
from engage.db.base import UtcDateTime
from engage.db.session import Database
from engage.errors import ConflictError
from engage.events.tables import Event
from engage.journeys.advancing import advance
from engage.journeys.broadcasting import moments_ahead
from engage.journeys.digesting import digest
from engage.journeys.occurring import enrol_occurrences
from engage.journeys.tables import Enrolment
from engage.messages.approvals import approve
from engage.messages.delivering import deliver
from engage.messages.expiring import expire_approvals
from engage.messages.links import Links
from engage.messages.reactions import expire_items
from engage.messages.rechecking import recheck_held
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.staff.tables import StaffMember

_MOST_ROUNDS = 1000
# The clock goes in such steps, as far as anything happens: no digest is instant, and a year takes minutes so.
STEP, STEP_IN_LONG_PLAYS = timedelta(minutes=15), timedelta(hours=1)
LONG = timedelta(days=100)
LOOKS_EVERY = timedelta(hours=3)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

# Spelled out as in the partial index: SQLite uses one only where the statement repeats its words.
_WAITING = text("messages.state IN ('queued', 'held')")
_NOW = bindparam("now", type_=UtcDateTime())
_events, _runs = Event.__table__.c, Enrolment.__table__.c
_messages, _approvals = Message.__table__.c, Approval.__table__.c
_UNRESOLVED, _PENDING = _events.resolved_at.is_(None), _approvals.state == "pending"
_DUE = select(
    exists().where(_UNRESOLVED).label("digest"),
    exists().where(_runs.due_at <= _NOW).label("advance"),
    exists().where(_PENDING, _approvals.expires_at <= _NOW).label("approvals"),
    exists().where(_WAITING, _messages.state == "held", _messages.due_at <= _NOW).label("recheck"),
    exists().where(_WAITING, _messages.state == "queued", _messages.due_at <= _NOW).label("deliver"),
    exists().where(_UNRESOLVED, _events.name.not_like("message.%")).label("news"),
    exists().where(_PENDING).label("asked"),
)
_WORK = 5  # the first so many of them are work
_NEXT = select(
    select(func.min(_messages.due_at)).where(_WAITING, _messages.due_at > _NOW).scalar_subquery(),
    select(func.min(_runs.due_at)).where(_runs.due_at > _NOW).scalar_subquery(),
    select(func.min(_approvals.expires_at)).where(_PENDING, _approvals.expires_at > _NOW).scalar_subquery(),
)


@dataclass
class Stage:
    """A store, a clock and everything that works on them."""

    database: Database
    library: Library
    links: Links
    clock: VirtualClock
    channel: RecordingChannel = field(default_factory=RecordingChannel)
    step: timedelta = STEP
    looks: bool = True  # whether this is a moment at which dates are looked at, in a play that says so itself
    _next_day: datetime | None = None  # when the next day begins for somebody; None = not reckoned yet
    _next_look: datetime = _LONG_AGO
    _looked_at: datetime | None = None
    _has_news: bool = False
    _is_thrifty: bool = False

    def begin(self, until: datetime) -> datetime:
        """Makes ready for a play from now until then, which does only what is needed; tells now."""
        now, self._is_thrifty = self.clock.now(), True
        self.step = STEP if until - now <= LONG else STEP_IN_LONG_PLAYS
        return now

    def move_on(self, until: datetime, learned_at: datetime | None = None) -> None:
        """Moves the clock to when something is due, is learned, or a day begins for somebody."""
        now = self.clock.now()
        with self.database.reading() as session:
            if self._next_day is None:
                self._next_day = min(_next_day(now, zone) for zone in self._zones(session))
            moments = [self._next_day, *self.due(session, now)]
        if learned_at is not None:
            moments.append(rounded_up(max(learned_at, now + timedelta(microseconds=1)), self.step))
        self.clock.move_to(min(until, *moments))

    def live(self, *, agrees: bool) -> None:
        """Every kind of work until nothing is left to do now; with colleagues who agree to what they are asked."""
        is_asked = self.work()
        if agrees and is_asked and self.agree():
            self.work()

    def work(self) -> bool:
        """Every kind of work until nothing is left to do now; whether somebody is asked to agree to something."""
        due = self._due()
        for _ in range(_MOST_ROUNDS):
            looks, done = self._is_time_to_look(news=due.news), sum(due[:_WORK])
            if not done and not looks:
                return bool(due.asked)
            if looks or any((due.digest, due.advance, due.approvals, due.recheck)):
                done += self._act(due, looks=looks)
                due = self._due()
            self.channel.sent.clear()
            if due.deliver:
                done += deliver(self.database, self.library, self.channel, self.links, self.clock)
                due = self._due()
            if not done:
                return bool(due.asked)
        raise RuntimeError("the work never ends")

    def _due(self) -> Row[*tuple[bool, ...]]:
        with self.database.reading() as session:
            return session.execute(_DUE, {"now": self.clock.now()}).one()

    def _act(self, due: Row[*tuple[bool, ...]], *, looks: bool) -> int:
        """One transaction with all that is due but to deliver; how much a look at dates has found."""
        now, found = self.clock.now(), 0
        with self.database.transaction() as session:
            if looks:
                home_zone = self.library.vocabulary(session).defaults.time_zone
                found += start_contracts(session, time_zone=home_zone, now=now)
                expire_items(session, now=now)
            if due.digest or looks:
                digest(session, self.library, now=now)
            self._has_news = (self._has_news or due.news) and not looks
            if looks:
                found += enrol_occurrences(session, self.library, now=now)
            if due.advance or due.digest or looks:
                advance(session, self.library, now=now)
            if due.approvals:
                expire_approvals(session, self.library, now=now)
            if due.recheck:
                recheck_held(session, self.library, now=now)
        return found

    def _is_time_to_look(self, *, news: bool) -> bool:
        """In a play of days dates are looked at when a day begins for somebody; unless it is long, after news, too.

        What messages tell is no news: nothing that a look asks depends on it.
        """
        if not self._is_thrifty:
            looks, self.looks = news or self.looks, False
            return looks
        now = self.clock.now()
        if now == self._looked_at:
            return self._has_news
        after_news = self._has_news and now >= self._next_look and self.step == STEP
        if self._next_day is not None and now < self._next_day and not after_news:
            return False
        self._looked_at, self._next_day, self._has_news, self._next_look = now, None, False, now + LOOKS_EVERY
        return True

    def _zones(self, session: Session) -> list[str | None]:
        default = self.library.vocabulary(session).defaults.time_zone
        return [default, *session.scalars(select(Account.time_zone).distinct())]

    def due(self, session: Session, now: datetime) -> list[datetime]:
        """The next moments at which a message, a run, an approval or a broadcast is due, by the step."""
        found = list(session.execute(_NEXT, {"now": now}).one())
        found += moments_ahead(session, self.library, self.library.live(session), now=now)
        return [rounded_up(moment, self.step) for moment in found if moment is not None]

    def agree(self) -> int:
        """Whoever is asked says yes to everything that waits; how many that were."""
        with self.database.reading() as session:
            waiting = session.execute(
                select(Approval.public_id, Approval.assignee_id).where(Approval.state == "pending")
            ).all()
            leader = _leader(session)
        asked = ((public_id, assignee_id or leader) for public_id, assignee_id in waiting)
        return sum(self._approve(public_id, who) for public_id, who in asked if who is not None)

    def _approve(self, public_id: str, by: int) -> bool:
        """Says yes; False where another yes has settled it, as one to a text does for all mails of that text."""
        try:
            with self.database.transaction() as session:
                approve(session, self.library, public_id, links=self.links, by=by, now=self.clock.now())
        except ConflictError:
            return False
        return True


def _leader(session: Session) -> int | None:
    leading = select(StaffMember.id).where(StaffMember.role == "leader", StaffMember.is_active)
    return session.scalar(leading.order_by(StaffMember.id).limit(1))


def _next_day(now: datetime, zone_name: str | None) -> datetime:
    zone = first_zone(zone_name)
    return start_of(day_of(now, zone) + timedelta(days=1), zone)


def rounded_up(moment: datetime, step: timedelta = STEP) -> datetime:
    """The moment, or the next one after it to which the clock goes."""
    seconds = step.total_seconds()
    return datetime.fromtimestamp(-(-moment.timestamp() // seconds) * seconds, tz=moment.tzinfo)
