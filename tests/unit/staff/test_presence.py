"""Who is told, and when: working hours, holidays, absences, stand-ins, and what would be too late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.calendars.business_days import calendar_of
from engage.calendars.windows import Window
from engage.staff.presence import ENOUGH, LOOK_AGAIN, Colleague, Route, chain, route, stand_ins

TOKYO = ZoneInfo("Asia/Tokyo")
HOURS = Window(time(9), time(18))


def one(id_: int | None, **said: Any) -> Colleague:
    usual: dict[str, Any] = {"zone": TOKYO, "calendar": calendar_of("JP"), "hours": HOURS}
    return Colleague(id=id_, **{**usual, **said})


TEAM = one(None)


def at(text: str) -> datetime:
    """An instant on the wall in Tokyo."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


def days(first: str, last: str) -> frozenset[date]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return frozenset(begin + timedelta(days=n) for n in range((end - begin).days + 1))


def told(people: Mapping[int, Colleague], now: str, deadline: str | None = None, **said: Any) -> tuple[int | None, str]:
    """Of what is for colleague 1: who hears, and when on the wall in Tokyo."""
    found = route(1, people, TEAM, now=at(now), deadline=at(deadline) if deadline else None, **said)
    return found.reader.id, f"{found.at.astimezone(TOKYO):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("now", "deadline", "heard"),
    [
        ("2026-11-16 10:00", None, "2026-11-16 10:00"),  # Monday, at work
        ("2026-11-16 08:59", None, "2026-11-16 09:00"),
        ("2026-11-16 18:00", None, "2026-11-17 09:00"),
        ("2026-11-20 18:30", None, "2026-11-24 09:00"),  # a weekend, then Labour Thanksgiving Day
        ("2026-12-30 20:00", None, "2027-01-04 09:00"),  # the bank holidays of the new year
        ("2026-11-16 22:00", "2026-11-17 09:30", "2026-11-17 09:00"),  # time enough in the morning
        ("2026-11-16 22:00", "2026-11-17 09:29", "2026-11-16 22:00"),  # too late by then: at once
        ("2026-11-21 12:00", "2026-11-23 12:00", "2026-11-21 12:00"),
    ],
)
def test_news_waits_for_ones_hours_unless_it_would_be_too_late(now: str, deadline: str | None, heard: str) -> None:
    assert told({1: one(1)}, now, deadline) == (1, heard)


def test_other_countries_have_other_holidays() -> None:
    british = one(1, zone=ZoneInfo("Europe/London"), calendar=calendar_of("GB"))
    # In Japan 23 November is free; in London it is a Monday, and nine o'clock is 18:00 in Tokyo.
    assert told({1: british}, "2026-11-23 12:00") == (1, "2026-11-23 18:00")


AWAY = days("2026-11-16", "2026-11-18")


@pytest.mark.parametrize(
    ("people", "now", "deadline", "heard"),
    [
        # the stand-in, in the stand-in's hours
        ({1: one(1, away=AWAY, stand_in_id=2), 2: one(2)}, "2026-11-16 10:00", None, (2, "2026-11-16 10:00")),
        ({1: one(1, away=AWAY, stand_in_id=2), 2: one(2)}, "2026-11-16 20:00", None, (2, "2026-11-17 09:00")),
        # on the eve, after hours: tomorrow they are away
        ({1: one(1, away=AWAY, stand_in_id=2), 2: one(2)}, "2026-11-13 18:30", None, (2, "2026-11-16 09:00")),
        # on the last evening: tomorrow they are back
        ({1: one(1, away=AWAY, stand_in_id=2), 2: one(2)}, "2026-11-18 18:30", None, (1, "2026-11-19 09:00")),
        # the stand-in's stand-in
        (
            {1: one(1, away=AWAY, stand_in_id=2), 2: one(2, away=AWAY, stand_in_id=3), 3: one(3)},
            "2026-11-16 10:00", None, (3, "2026-11-16 10:00"),
        ),
        # nobody stands in: looked at again each hour, and surely on their return
        ({1: one(1, away=AWAY)}, "2026-11-16 10:00", "2026-11-16 12:00", (1, "2026-11-16 11:00")),
        ({1: one(1, away=AWAY)}, "2026-11-19 08:30", None, (1, "2026-11-19 09:00")),
        # all are away
        (
            {1: one(1, away=AWAY, stand_in_id=2), 2: one(2, away=AWAY, stand_in_id=1)},
            "2026-11-16 10:00", None, (1, "2026-11-16 11:00"),
        ),
        # who has left is not waited for
        ({1: one(1, is_active=False, stand_in_id=2), 2: one(2)}, "2026-11-16 10:00", None, (2, "2026-11-16 10:00")),
        ({1: one(1, is_active=False)}, "2026-11-16 10:00", None, (None, "2026-11-16 10:00")),
        ({}, "2026-11-16 20:00", None, (None, "2026-11-17 09:00")),
        # too late in the morning: the stand-in if at work, else the one it is for
        (
            {1: one(1, stand_in_id=2), 2: one(2, hours=Window(time(13), time(22)))},
            "2026-11-16 20:00", "2026-11-17 08:00", (2, "2026-11-16 20:00"),
        ),
        (
            {1: one(1, stand_in_id=2), 2: one(2)},
            "2026-11-16 20:00", "2026-11-17 08:00", (1, "2026-11-16 20:00"),
        ),
    ],
)  # fmt: skip
def test_who_is_away_is_not_told(
    people: Mapping[int, Colleague], now: str, deadline: str | None, heard: tuple[int | None, str]
) -> None:
    assert told(people, now, deadline) == heard


def test_what_nobody_else_may_answer_is_not_passed_on() -> None:
    people = {1: one(1, away=AWAY, stand_in_id=2), 2: one(2)}
    assert told(people, "2026-11-16 10:00", may_pass_on=False) == (1, "2026-11-16 11:00")


def test_a_ring_of_stand_ins_ends() -> None:
    ring = {1: 2, 2: 3, 3: 1}
    assert list(chain(1, ring.get)) == [2, 3]
    assert list(chain(1, {1: 1}.get)) == []
    assert list(chain(0, lambda id_: id_ + 1)) == [1, 2, 3]


NOWS = st.datetimes(datetime(2026, 11, 1), datetime(2027, 1, 31), timezones=st.just(UTC))  # noqa: DTZ001
ABSENCES = st.sets(st.dates(date(2026, 11, 1), date(2027, 2, 15)), max_size=30).map(frozenset)


@st.composite
def teams(draw: st.DrawFn) -> dict[int, Colleague]:
    ids = range(1, draw(st.integers(1, 4)) + 1)
    hours = st.sampled_from([HOURS, Window(time(13), time(22)), Window(time(6), time(14))])
    return {
        id_: one(
            id_,
            away=draw(ABSENCES),
            hours=draw(hours),
            is_active=draw(st.booleans()),
            stand_in_id=draw(st.none() | st.sampled_from(list(ids))),
            zone=draw(st.sampled_from([TOKYO, ZoneInfo("Europe/London"), ZoneInfo("America/New_York")])),
        )
        for id_ in ids
    }


@given(teams(), NOWS, st.none() | st.timedeltas(timedelta(0), timedelta(days=5)))
def test_nobody_is_told_who_has_left_or_is_away(
    people: dict[int, Colleague], now: datetime, room: timedelta | None
) -> None:
    deadline = now + room if room is not None else None
    found: Route = route(1, people, TEAM, now=now, deadline=deadline)
    reader, is_now = found.reader, found.at <= now

    assert found.at >= now
    assert reader.is_active
    if is_now:
        assert not reader.is_away(now)
        opening = reader.next_hours(now)
        too_late = deadline is not None and (opening is None or deadline < opening + ENOUGH)
        assert reader.is_at_work(now) or too_late
    elif reader.is_away(now):
        assert found.at <= now + LOOK_AGAIN
        assert all(other.is_away(now) for other in stand_ins(people[1], people))
