"""No date that a trigger could act on lies outside its reach."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from engage.journeys.reach import reach_of
from engage.journeys.surroundings import Surroundings
from engage.journeys.timing import approval_room, of_absence, of_date
from engage.language.durations import Duration
from engage.language.expressions import parse_expression
from engage.language.spec import Playbook
from engage.language.triggers import AbsentTrigger, DateTrigger, IfLate
from engage.language.vocabulary import Closure, TouchModel, Vocabulary

START = datetime(2026, 1, 1, tzinfo=UTC)
CLOSED = {"all": (Closure.parse("2026-12-28..2027-01-05"),), "JP": (Closure.parse("2027-08-10..2027-08-20"),)}
SLOW = TouchModel.model_validate({"approve": "always", "within": "5 business days", "escalate_to": "cs_head"})
VOCABULARY = Vocabulary(calendars=CLOSED, touch_models={"high": SLOW})
LENGTHS = st.builds(Duration, st.integers(0, 200), st.sampled_from(("days", "business days", "weeks", "months")))
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
SURROUNDINGS = Surroundings(VOCABULARY)
ZONES = st.sampled_from(("Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"))
COUNTRIES = st.sampled_from((None, "JP", "US", "CN"))


def playbook(trigger: Any) -> Playbook:
    mail: Any = {"email": "a/b"}
    return Playbook.model_validate(
        {"playbook": "tale", "title": {"ja": "話", "en": "Tale"}, "stage": "use", "subject": "contract",
         "trigger": {"event": "x"}, "steps": [mail]}
    ).model_copy(update={"trigger": trigger})  # fmt: skip


@given(MOMENTS, ZONES, COUNTRIES, LENGTHS, st.sampled_from(("before", "after", "latest")), st.integers(-150, 60),
       st.none() | LENGTHS, st.none() | st.integers(0, 800), st.sampled_from(("high", None)))  # fmt: skip
def test_a_date_that_is_due_is_within_reach(
    now: datetime, zone: str, country: str | None, span: Duration, way: str, away: int,
    late: Duration | None, term: int | None, model: str | None,
) -> None:  # fmt: skip
    assume(late is None or late.amount > 0)
    anchor = now.date() + timedelta(days=away) - (span if way == "after" else -span).roughly
    distance = {"offset": span} if way == "after" else {"offset": -span} if way == "before" else {"latest": -span}
    if_late = IfLate.model_construct(within=late, else_="skip") if late else None
    ends_on = parse_expression("contract.ends_on", VOCABULARY.catalogue())
    trigger = DateTrigger.model_construct(date=ends_on, if_late=if_late, on_anchor_change="task",
                                          **{"offset": None, "latest": None, **distance})  # fmt: skip
    tale = playbook(trigger)
    room = approval_room(tale, VOCABULARY.touch_model(model))
    found = of_date(
        trigger, anchor, place=SURROUNDINGS.place(zone, country), now=now, approval_days=room, term_days=term
    )

    assert found is None or within(reach_of(tale, VOCABULARY, now), anchor)


@given(MOMENTS, ZONES, COUNTRIES, LENGTHS, st.integers(-150, 60))
def test_an_absence_that_is_due_is_within_reach(
    now: datetime, zone: str, country: str | None, span: Duration, away: int
) -> None:
    trigger = AbsentTrigger.model_construct(absent="x", within=span, since=None)
    since = now.date() + timedelta(days=away) - span.roughly
    found = of_absence(trigger, since, place=SURROUNDINGS.place(zone, country), now=now)

    assert found is None or within(reach_of(playbook(trigger), VOCABULARY, now), since)


def within(reach: tuple[date | None, date], day: date) -> bool:
    first, last = reach
    return first is not None and first <= day <= last
