"""What is configured, reachable, migrated, lagging; and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.clock import Clock
from engage.config import Settings
from engage.customers.declared_words import Declared
from engage.customers.owning import without_owner
from engage.db.session import Database
from engage.errors import StoreUnavailableError
from engage.messages.braking import in_force
from engage.notices.tables import Notice
from engage.releases.pauses import pauses
from engage.releases.tables import Release
from engage.staff.tables import InAppKey, StaffMember, WriteKey
from engage.upkeep.clocks import database_skew, moved_clock
from engage.upkeep.delivery_findings import delivery_findings, the_way_out
from engage.upkeep.findings import Finding
from engage.upkeep.invariants import INVARIANTS, breaches
from engage.upkeep.mail_findings import doors_of, mailboxes, refusals, unmatched
from engage.upkeep.vitals import count_listed_unknowns, oldest_waiting
from engage.upkeep.word_findings import undeclared_words

_SLOW = timedelta(minutes=5)
_MOST_NAMED = 20
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Patient:
    """What the doctor looks at; the probes reach what lies above this package."""

    settings: Settings
    database: Database
    clock: Clock
    is_migrated: Callable[[Database], bool]
    redis_answers: Callable[[], bool | None]  # None: told never to use one
    declared: Callable[[Session], Declared]


def examine(patient: Patient) -> list[Finding]:
    """Looks at everything, the ground first; what rests on a thing that is missing is left out."""
    findings = [
        the_way_out(patient.settings),
        *doors_of(patient.settings),
        moved_clock(patient.clock, patient.settings.clock_file),
        _redis(patient),
    ]
    try:
        migrated = patient.is_migrated(patient.database)
    except StoreUnavailableError as error:
        return [*findings, Finding("database", "bad", error.message, "check ENGAGE_DATABASE_URL, start the server")]
    findings.append(Finding("database", "ok", f"{patient.database.dialect} answers"))
    with patient.database.reading() as session:
        findings.append(database_skew(session, patient.clock))
    if not migrated:
        return [*findings, Finding("schema", "bad", "is not the one of this version", "engage db upgrade")]
    findings.append(Finding("schema", "ok", "is the one of this version"))
    with patient.database.reading() as session:
        now = patient.clock.now()
        return [
            *findings,
            *_ready(session),
            *_in_app(session, patient.settings),
            *_lags(session, now),
            *_doubts(session, now),
            *refusals(session),
            *mailboxes(session, patient.settings, now),
            *unmatched(session, now),
            *_news(session, now),
            *delivery_findings(session, patient.settings, now=now),
            *_ledger(session, now),
            *_owners(session),
            *undeclared_words(session, patient.declared(session)),
            *_pauses(session),
        ]


def _redis(patient: Patient) -> Finding:
    answers = patient.redis_answers()
    if answers is None:
        return Finding("redis", "ok", "is off: workers poll the database each second")
    if not answers:
        return Finding(
            "redis", "note", "does not answer: workers poll the database each second", "engage up, or start it"
        )
    return Finding("redis", "ok", "answers")


def _ready(session: Session) -> Iterable[Finding]:
    if session.scalar(select(func.count()).select_from(Release)):
        yield Finding("playbooks", "ok", "are live")
    else:
        yield Finding("playbooks", "bad", "none is live, so nothing will be sent", "engage playbooks apply")
    if not session.scalar(select(func.count()).select_from(WriteKey).where(WriteKey.revoked_at.is_(None))):
        yield Finding("write keys", "bad", "there is none, so no event can come in", "engage keys create NAME")
    if not session.scalar(select(func.count()).select_from(StaffMember).where(StaffMember.password_hash.is_not(None))):
        yield Finding("colleagues", "note", "nobody can log in to the console", "engage users add EMAIL")


def _in_app(session: Session, settings: Settings) -> Iterable[Finding]:
    has_key = session.scalar(select(InAppKey.id).where(InAppKey.revoked_at.is_(None)).limit(1)) is not None
    if has_key and not settings.in_app_origins:
        way_out = "set ENGAGE_IN_APP_ORIGINS to the origins of your product's pages"
        yield Finding("in-app", "note", "pages of any origin may ask for inboxes, given a token", way_out)


def _lags(session: Session, now: datetime) -> Iterable[Finding]:
    held_back = bool(in_force(session, now=now))
    for what, lag in oldest_waiting(session, now).items():
        seconds = lag.total_seconds()
        if lag > _SLOW:
            said, way_out = f"have waited for {_rounded(lag)}", "is `engage worker` running? read its log"
            if what == "messages" and held_back:
                way_out = f"engage sending list says what holds mail back; {way_out}"
            yield Finding(what, "bad", said, way_out, seconds=seconds)
        else:
            yield Finding(what, "ok", f"lag {_rounded(lag)}" if lag else "nothing waits", seconds=seconds)


def _doubts(session: Session, now: datetime) -> Iterable[Finding]:
    count = count_listed_unknowns(session, now)
    if count:
        yield Finding("unknowns", "bad", f"{count} messages may or may not have gone", "engage messages unknowns")


def _news(session: Session, now: datetime) -> Iterable[Finding]:
    """Letters to colleagues that failed lately; a letter about them might fail, too."""
    failed = (Notice.about.is_not(None), Notice.state.in_(("rejected", "unknown")), Notice.created_at >= now - _A_WEEK)
    found = session.execute(select(func.count(), func.max(Notice.reason)).where(*failed)).one()
    if found[0]:
        said = f"{found[0]} letters to colleagues were not delivered within a week, such as: {found[1]}"
        yield Finding("letters", "note", said, "is the team's address in _shared/company.yaml? see engage users show")


def _ledger(session: Session, now: datetime) -> Iterable[Finding]:
    broken = breaches(session, now=now)
    if not broken:
        yield Finding("send ledger", "ok", f"all {len(INVARIANTS)} invariants hold")
    for breach in broken:
        more = f" and {breach.count - len(breach.ids)} more" if breach.count > len(breach.ids) else ""
        said = f"“{breach.invariant.words}” does not hold for {breach.count}: {', '.join(breach.ids)}{more}"
        way_out = "engage messages show ID; keep it with --bundle, then report it"
        yield Finding(f"send ledger {breach.invariant.name}", "bad", said, way_out, count=breach.count, ids=breach.ids)


def _pauses(session: Session) -> Iterable[Finding]:
    for key, pause in sorted(pauses(session).items()):
        said = f"{key} is paused since {pause.since:%Y-%m-%d} by {pause.by}"
        said += f": {pause.reason}" if pause.reason else ""
        yield Finding("pause", "note", said, f"engage playbooks resume {key}")


def _owners(session: Session) -> Iterable[Finding]:
    lost = list(without_owner(session))
    if not lost:
        return
    shown = ", ".join(f"{one.account} ({one.role}: {one.address})" for one in lost[:_MOST_NAMED])
    more = f" and {len(lost) - _MOST_NAMED} more" if len(lost) > _MOST_NAMED else ""
    said = f"{len(lost)} named by accounts are no colleagues here: {shown}{more}"
    yield Finding("owners", "note", said, "engage users add EMAIL, or correct the address where it comes from")


def _rounded(lag: timedelta) -> timedelta:
    return timedelta(seconds=round(lag.total_seconds()))
