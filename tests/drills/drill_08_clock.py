"""A year of dates: clocks put forward and back, steps of the time service, short months, a leap day, an outage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from sqlalchemy import select

from engage.customers.tables import Contract
from engage.journeys.tables import Enrolment
from engage.messages.tables import Message
from engage.testing import make_account, make_contact, make_contract
from engage.worker.rounds import Rounds
from tests.drills.drill import Drill
from tests.drills.installation import Installation, work
from tests.drills.playbooks import publish, recurring, team
from tests.drills.stage import Stage, over_smtp
from tests.servers.running import Running, accepted_ids

ZONES = {"Asia/Tokyo": "JP", "America/New_York": "US", "Europe/Berlin": "DE"}
STARTS = (date(2026, 1, 31), date(2026, 1, 30), date(2024, 2, 29), date(2026, 6, 15))
GAP, FOLD = "2027-03-14 02:30", "2027-11-07 01:30"  # neither unique nor certain to exist in New York
MONTHLY, WEEKLY = "{every: 1 month, anchor: contract.starts_on}", "{every: 1 week, anchor: calendar}"
STEP = timedelta(minutes=5)
ROLLED = timedelta(days=6)  # so far a day may roll over closed days


@dataclass(frozen=True)
class Span:
    """What is played: from, until, how often the worker looks, and when it is away for three days."""

    begin: datetime
    end: datetime
    every: timedelta
    outage: datetime


FULL = Span(datetime(2027, 2, 20, 5, tzinfo=UTC), datetime(2028, 3, 12, 5, tzinfo=UTC), timedelta(hours=24),
            datetime(2027, 5, 28, 5, tzinfo=UTC))  # fmt: skip
SHORT = Span(datetime(2027, 2, 25, 5, tzinfo=UTC), datetime(2027, 3, 17, 5, tzinfo=UTC), timedelta(hours=24),
             datetime(2027, 3, 5, 5, tzinfo=UTC))  # fmt: skip
OUTAGE = timedelta(days=3)


def play(stage: Stage) -> None:
    span = stage.pick(FULL, SHORT)
    written = {"monthly": recurring("monthly", "contract", MONTHLY), "weekly": recurring("weekly", "account", WEEKLY)}
    moments = [(key, at) for key, at in (("gap", GAP), ("fold", FOLD)) if at < f"{span.end:%Y-%m-%d}"]
    written |= {key: recurring(key, "account", f"{{once: {at}}}") for key, at in moments}
    with stage.smtp() as smtp, stage.installation(**over_smtp(smtp), **team(stage.folder / "team", **written)) as here:
        here.clock.move(span.begin - here.clock.now())
        publish(here)
        _customers(here)
        with here.rounds() as rounds:
            most = max(_looks(here, smtp, rounds, span))
        _check(stage, here, smtp, span, [key for key, _ in moments], most)


def _customers(here: Installation) -> None:
    now = here.clock.now()
    with here.database.transaction() as session:
        for zone, country in ZONES.items():
            for start in STARTS:
                name = f"{country}-{start}".lower()
                account = make_account(session, name, now=now, time_zone=zone, country=country, phase="onboarding")
                make_contact(session, account, f"ann-{name}", now=now)
                make_contract(session, account, f"c-{name}", now=now, starts_on=start, state="active")


def _looks(here: Installation, smtp: Running, rounds: Rounds, span: Span) -> Iterator[int]:
    """Plays it; yields how many mails left at each look. The time service steps back and forth every time."""
    at = span.begin
    while at < span.end:
        before = len(smtp.lines())
        for by in (timedelta(0), -STEP, 2 * STEP):
            here.clock.move(by)
            work(rounds)
        yield len(smtp.lines()) - before
        at += OUTAGE if at <= span.outage < at + span.every else span.every
        here.clock.move(at - here.clock.now())


def _check(stage: Stage, here: Installation, smtp: Running, span: Span, moments: list[str], most: int) -> None:
    with here.database.reading() as session:
        runs = session.scalars(select(Enrolment)).all()
        mails = {row.origin_id: row.public_id for row in session.execute(select(Message.origin_id, Message.public_id))}
    accounts = len(ZONES) * len(STARTS)
    looks = round((span.end - span.begin) / span.every)
    stage.did(
        f"{accounts} customers in {len(ZONES)} zones from {span.begin:%Y-%m-%d} to {span.end:%Y-%m-%d}, {looks:,} looks"
    )
    stage.did(
        "at each the clock went 5 minutes back and 10 forward; nobody worked for 3 days; monthly, weekly and once"
    )
    keys = Counter((run.playbook_key, run.subject_id, run.occurrence) for run in runs)
    stage.holds(f"{len(keys):,} occurrences, each entered once", set(keys.values()) == {1})
    _check_dates(stage, {(one.playbook_key, one.subject_id, one.occurrence) for one in runs}, here, span)
    once = Counter(run.playbook_key for run in runs if run.playbook_key in moments)
    said = ", ".join(f"{key} {once[key]}" for key in moments)
    stage.holds(
        f"a moment that does not exist, or comes twice, comes once for each: {said}",
        once == dict.fromkeys(moments, accounts),
    )
    skipped = [run for run in runs if run.state == "skipped"]
    stage.holds(f"{len(skipped)} were passed over, each with its reason", all(run.end_reason for run in skipped))
    stage.holds("each of the others made one mail", set(mails) == {run.id for run in runs if run.state != "skipped"})
    kinds = 2 + len(moments)
    stage.holds(f"no burst: at most {most} mails at one look", most <= kinds * accounts)
    stage.check_once(here, list(mails.values()), accepted_ids(smtp))


def _check_dates(stage: Stage, found: set[tuple[str, int, str]], here: Installation, span: Span) -> None:
    """Dates reckoned anew, by another library."""
    with here.database.reading() as session:
        starts = {row.id: row.starts_on for row in session.execute(select(Contract.id, Contract.starts_on))}
    due = {("monthly", key, f"every:{day}") for key, start in starts.items() for day in _months(start, span)}
    got = {one for one in found if one[0] == "monthly"}
    missing = [one for one in due if one not in got and _is_inside(one[2], span)]
    stage.holds(f"months end where they end: {len(got):,} dates, {len(missing)} missing", not missing and got <= due)


def _months(start: date | None, span: Span) -> Iterator[date]:
    assert start is not None
    for number in range(1, 80):
        day = start + relativedelta(months=number)
        if span.begin.date() - ROLLED <= day <= span.end.date():
            yield day


def _is_inside(occurrence: str, span: Span) -> bool:
    day = date.fromisoformat(occurrence.partition(":")[2])
    return span.begin.date() < day <= span.end.date() - ROLLED


DRILL = Drill(
    8,
    "clock",
    "clocks that jump, months that are short, three days without a worker",
    "each occurrence comes once or is passed over with its reason, on the right day; nothing comes in a burst",
    play,
)
