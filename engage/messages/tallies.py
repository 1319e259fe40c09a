"""How mail fares: what went out by playbook and sending domain, what bounced, who complained.

Hours that are over are counted once and kept, so that a look at a week costs the rows of a few hours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Executable, and_, func, select, text
from sqlalchemy.orm import Session, aliased

from engage.db.bulk import insert_ignore
from engage.messages.tables import BAD, Attempt, DeliveryHour, Message, Receipt

HOUR: Final = timedelta(hours=1)
WEEK: Final = timedelta(days=7)
SETTLED_AFTER: Final = timedelta(minutes=10)  # by then every hand-over of an hour has an outcome
_BAD = text(f"receipts.{BAD}")
_MAY_HAVE_GONE = ("accepted", "unknown")
_playbook = func.coalesce(Message.playbook_key, "")


class Cause(NamedTuple):
    """Whose doing a mail was: the playbook's (`""` where there is none), in the name of a domain."""

    playbook: str
    domain: str


@dataclass(slots=True)
class Fared:
    """How some mail fared; each mail counts once in each figure."""

    sent: int = 0
    bounced: int = 0
    complained: int = 0

    def add(self, other: Fared) -> None:
        """Counts the other in."""
        self.sent += other.sent
        self.bounced += other.bounced
        self.complained += other.complained


def tally(session: Session, *, now: datetime) -> int:
    """Counts the hours that are over and were not counted yet, of a week at most; how many had anything in them."""
    begin = _counted_until(session) or session.scalar(select(func.min(Attempt.started_at)))
    last, counted = _hour_of(now - SETTLED_AFTER) - HOUR, 0
    if begin is None or _hour_of(begin) > last:
        return 0
    hour: datetime | None = _hour_of(max(begin, now - WEEK))
    while (hour := _next_busy(session, hour)) is not None and hour <= last:
        rows = [_row(hour, cause, fared) for cause, fared in _count(session, hour, hour + HOUR).items()]
        insert_ignore(session, DeliveryHour, rows)
        hour, counted = hour + HOUR, counted + 1
    insert_ignore(session, DeliveryHour, [_row(last, Cause("", ""), Fared())])  # so far it is counted
    return counted


def how_mail_fared(session: Session, *, since: datetime, now: datetime) -> dict[Cause, Fared]:
    """From then until now; an hour that has been counted already counts as a whole or, where it began before, not."""
    known = _counted_until(session)
    found: dict[Cause, Fared] = defaultdict(Fared)
    kept = select(DeliveryHour).where(DeliveryHour.hour >= since, DeliveryHour.domain != "")
    for row in session.scalars(kept):
        found[Cause(row.playbook_key, row.domain)].add(Fared(row.sent, row.bounced, row.complained))
    for cause, fared in _count(session, max(since, known or since), now + HOUR).items():
        found[cause].add(fared)
    return dict(found)


def by_playbook(fared: Mapping[Cause, Fared]) -> dict[str, Fared]:
    """The same for each playbook."""
    return _summed((cause.playbook, one) for cause, one in fared.items() if cause.playbook)


def by_domain(fared: Mapping[Cause, Fared]) -> dict[str, Fared]:
    """The same for each sending domain."""
    return _summed((cause.domain, one) for cause, one in fared.items())


def _summed(parts: Iterable[tuple[str, Fared]]) -> dict[str, Fared]:
    found: dict[str, Fared] = defaultdict(Fared)
    for name, fared in parts:
        found[name].add(fared)
    return {name: found[name] for name in sorted(found)}


def _counted_until(session: Session) -> datetime | None:
    last = session.scalar(select(func.max(DeliveryHour.hour)))
    return last + HOUR if last else None


def _next_busy(session: Session, since: datetime | None) -> datetime | None:
    """The first hour from then on in which anything went out or came back."""
    sent = select(func.min(Attempt.started_at)).where(Attempt.started_at >= since)
    back = select(func.min(Receipt.received_at)).where(_BAD, Receipt.received_at >= since)
    found = [at for at in (session.scalar(sent), session.scalar(back)) if at is not None]
    return _hour_of(min(found)) if found else None


def _hour_of(instant: datetime) -> datetime:
    """The full hour that it is in."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _count(session: Session, since: datetime, until: datetime) -> dict[Cause, Fared]:
    found: dict[Cause, Fared] = defaultdict(Fared)
    for playbook, domain, count in session.execute(_sent(since, until)):
        found[Cause(playbook, domain)].sent += count
    for playbook, domain, kind, count in session.execute(_came_back(since, until)):
        fared = found[Cause(playbook, domain)]
        setattr(fared, kind, getattr(fared, kind) + count)
    return found


def _sent(since: datetime, until: datetime) -> Executable:
    begun = and_(Attempt.started_at >= since, Attempt.started_at < until)
    asked = select(_playbook, Attempt.domain, func.count()).join(Message, Message.id == Attempt.message_id)
    asked = asked.where(begun, Attempt.outcome.in_(_MAY_HAVE_GONE), Attempt.domain.is_not(None))
    return asked.group_by(_playbook, Attempt.domain)


def _came_back(since: datetime, until: datetime) -> Executable:
    """Bounces and complaints that were learned then; a repetition of one that is known counts for nothing."""
    before = aliased(Receipt)
    repeats = select(before.id).where(
        before.message_id == Receipt.message_id, before.kind == Receipt.kind, before.id < Receipt.id
    )
    last = and_(Attempt.message_id == Message.id, Attempt.number == Message.fence)
    asked = select(_playbook, Attempt.domain, Receipt.kind, func.count()).select_from(Receipt)
    asked = asked.join(Message, Message.id == Receipt.message_id).join(Attempt, last)
    learned = and_(_BAD, Receipt.received_at >= since, Receipt.received_at < until)
    asked = asked.where(learned, Receipt.kind.in_(("bounced", "complained")), ~repeats.exists())
    return asked.where(Attempt.domain.is_not(None)).group_by(_playbook, Attempt.domain, Receipt.kind)


def _row(hour: datetime, cause: Cause, fared: Fared) -> dict[str, Any]:
    said = {"sent": fared.sent, "bounced": fared.bounced, "complained": fared.complained}
    return {"hour": hour, "playbook_key": cause.playbook, "domain": cause.domain, **said}
