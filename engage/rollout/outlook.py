"""What a play of the days to come brought to whom: entries, messages and work, what was held up, the load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of, first_zone
from engage.customers.tables import Account
from engage.journeys.shadows import is_heard
from engage.journeys.tables import Enrolment
from engage.messages.tables import GateCheck, Message
from engage.rollout.simulation import SKIPPED, TASK, Simulation, Told
from engage.rollout.stage import Stage
from engage.staff.tables import AccountOwner, StaffMember

Key = TypeVar("Key", str, date)
NOBODY = "nobody"  # the CSM of an account that has none
_NO_COLLISION = frozenset({"sending_hours"})  # to wait for the morning is no collision


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A customer enters a playbook."""

    at: datetime
    account: str
    playbook: str
    subject: str  # `contract 12`: which of them, inside

    @property
    def same(self) -> tuple[str, ...]:
        """What makes it the same entry in two plays, whenever it happens."""
        return (self.playbook, self.account, self.subject)


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A message that was told to wait or not to go, by which policy and why."""

    at: datetime
    account: str
    playbook: str
    template: str
    verdict: str  # hold | skip
    policy: str
    reason: str
    until: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Load:
    """How much of each kind: customer messages by channel, work for colleagues."""

    email: int = 0
    in_app: int = 0
    tasks: int = 0

    @property
    def messages(self) -> int:
        """What customers get."""
        return self.email + self.in_app


@dataclass(frozen=True)
class Outlook:
    """The days to come, as they were played."""

    played: Simulation
    entries: tuple[Entry, ...] = ()
    held: tuple[Held, ...] = ()
    days: Mapping[date, Load] = field(default_factory=dict)
    csms: Mapping[str, Load] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)  # of accounts, by external id

    def messages(self) -> list[Told]:
        """What customers get, or would get if nothing stood against it."""
        return [one for one in self.played.told if one.kind not in (TASK, SKIPPED)]


def nothing(since: datetime, until: datetime) -> Outlook:
    """The days to come before anything is live."""
    return Outlook(Simulation(since, until, 0, ()))


def read_outlook(stage: Stage, played: Simulation) -> Outlook:
    """What the stage's store holds of the time that was played."""
    with stage.database.reading() as session:
        zone = first_zone(stage.library.vocabulary(session).defaults.time_zone)
        owners = _csms(session)
        work = [one for one in played.told if one.kind == TASK or one.outcome == "accepted"]
        return Outlook(
            played,
            entries=tuple(sorted(_entries(session, played.since))),
            held=tuple(sorted(_held(session, played.since))),
            days=_loads((day_of(one.at, zone), one.kind) for one in work),
            csms=_loads((owners.get(one.account, NOBODY), one.kind) for one in work),
            names=dict(session.execute(select(Account.external_id, func.coalesce(Account.name, ""))).all()),
        )


def _entries(session: Session, since: datetime) -> Iterator[Entry]:
    rows = session.execute(
        select(
            Enrolment.entered_at,
            func.coalesce(Account.external_id, ""),
            Enrolment.playbook_key,
            Enrolment.subject_kind,
            Enrolment.subject_id,
        )
        .outerjoin(Account, Account.id == Enrolment.account_id)
        .where(Enrolment.entered_at >= since, Enrolment.state != "skipped", is_heard())
    )
    for at, account, playbook, kind, id_ in rows:
        yield Entry(at, account, playbook, f"{kind} {id_}")


def _held(session: Session, since: datetime) -> Iterator[Held]:
    """Each message once for each policy and reason that stood against it, when it did so first."""
    rows = session.execute(
        select(
            func.min(GateCheck.at),
            func.coalesce(Account.external_id, ""),
            func.coalesce(Message.playbook_key, ""),
            Message.template_name,
            GateCheck.verdict,
            func.coalesce(GateCheck.policy, ""),
            func.coalesce(GateCheck.reason, ""),
            func.max(GateCheck.until),
        )
        .join(Message, Message.id == GateCheck.message_id)
        .outerjoin(Account, Account.id == Message.account_id)
        .where(GateCheck.at >= since, GateCheck.verdict != "allow", GateCheck.policy.not_in(_NO_COLLISION))
        .group_by(
            Message.id, Account.external_id, Message.playbook_key, Message.template_name,
            GateCheck.verdict, GateCheck.policy, GateCheck.reason,
        )
    )  # fmt: skip
    for row in rows:
        yield Held(*row)


def _csms(session: Session) -> dict[str, str]:
    rows = session.execute(
        select(Account.external_id, StaffMember.email)
        .join(AccountOwner, AccountOwner.account_id == Account.id)
        .join(StaffMember, StaffMember.id == AccountOwner.staff_id)
        .where(AccountOwner.role == "csm", AccountOwner.until.is_(None))
    )
    return dict(rows.all())


def _loads(done: Iterator[tuple[Key, str]]) -> dict[Key, Load]:
    counted: dict[Key, Counter[str]] = {}
    for key, kind in done:
        counted.setdefault(key, Counter())[kind] += 1
    return {key: Load(counted[key]["email"], counted[key]["in_app"], counted[key][TASK]) for key in sorted(counted)}
