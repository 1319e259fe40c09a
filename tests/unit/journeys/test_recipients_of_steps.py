"""Whom a step writes to: all of some roles, the next when somebody cannot be reached, other words for another role."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engage.customers.recipients import Person
from tests.unit.journeys.plays import AIKO, BEN, TUESDAY, Tale, settled

LATER = TUESDAY + timedelta(days=1)
CHO = Person(id=3, roles=("admin", "champion"), facts={"email": "cho@aoba.example"})
DAN = Person(id=4, roles=("admin",), facts={"email": "dan@aoba.example"})
AFTER = "- wait: 1 day\n"


def all_of(said: str, after: str = AFTER, people: tuple[Person, ...] = (AIKO, BEN, CHO, DAN), **known: Any) -> Tale:
    return Tale(f"- email: kickoff/welcome\n  id: mail\n  to: {said}\n{after}", people=people, **known)


def written(tale: Tale) -> list[int]:
    return [one.person.id for one in tale.told if hasattr(one, "person")]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("{all: [admin, champion]}", [3, 4, 1]),
        ("{all: [champion, admin], max: 2}", [1, 3]),
        ("{all: [billing]}", []),
        ("[billing, admin]", [3]),
    ],
)
def test_people_are_found_by_role_and_then_in_their_order(to: str, expected: list[int]) -> None:
    tale = all_of(to)
    tale.advance()

    assert written(tale) == expected


def test_who_shares_a_mailbox_gets_one_mail_and_the_copy_goes_out_once() -> None:
    eve = Person(id=5, roles=("admin",), facts={"email": "Cho@aoba.example"})
    tale = Tale("- email: a/b\n  to: {all: [admin]}\n  cc: [sponsor, admin]\n", people=[CHO, eve, DAN, BEN])
    tale.advance()

    assert written(tale) == [3, 4]
    assert [one.cc for one in tale.told if hasattr(one, "cc")] == [(BEN.id,), ()]


def test_a_step_has_settled_when_all_have_and_was_accepted_if_anybodys_was() -> None:
    tale = all_of("{all: [champion, sponsor]}", people=(AIKO, BEN))

    assert tale.advance() == ["Ordered", "Ordered"]
    assert tale.advance(LATER, settled("mail", "rejected", to=BEN)) == []
    assert tale.advance(LATER, settled("mail", "rejected", to=BEN)) == []  # told twice
    assert tale.advance(LATER, settled("mail", "accepted", to=AIKO)) == ["Settled", "Waiting"]
    assert (tale.told[0].outcome, len(tale.told[0].each)) == ("accepted", 2)
    assert tale.state.memory["sent"]["mail"]["state"] == "accepted"


def test_who_cannot_be_reached_gives_place_to_the_next_within_the_most() -> None:
    tale = all_of("{all: [champion, admin], max: 2}")
    tale.advance()
    news = settled("mail", "skipped", reason="address_suppressed", to=AIKO), settled("mail", "accepted", to=CHO)

    assert tale.advance(LATER, *news) == ["Settled", "Ordered"]
    assert (written(tale), tale.state.visit) == ([DAN.id], 2)
    assert tale.advance(LATER, settled("mail", "accepted", visit=2, to=DAN)) == ["Settled", "Waiting"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("recipient_gone_left", ["Settled", "Ordered"]),
        ("address_suppressed", ["Settled", "Ordered"]),
        ("opted_out", ["Settled", "Ordered"]),
        ("same_person", ["Settled", "Waiting"]),
        ("account_churned", ["Settled", "Waiting"]),
    ],
)
def test_the_next_role_is_asked_when_the_first_reader_alone_could_not_be_reached(reason: str, told: list[str]) -> None:
    tale = all_of("[champion, sponsor]", people=(AIKO, BEN))
    tale.advance()

    assert tale.advance(LATER, settled("mail", "skipped", reason=reason, to=AIKO)) == told
    if "Ordered" in told:
        assert written(tale) == [BEN.id]


@pytest.mark.parametrize(("reason", "told"), [("opted_out", "Waiting"), ("address_suppressed", "TaskRaised")])
def test_a_colleague_is_asked_unless_everybody_refused(reason: str, told: str) -> None:
    tale = all_of("[champion]", people=(AIKO,))
    tale.advance()

    assert tale.advance(LATER, settled("mail", "skipped", reason=reason, to=AIKO))[:2] == ["Settled", told]


def test_each_round_of_a_repeat_asks_everybody_again() -> None:
    steps = (
        "- repeat:\n    steps: [{email: a/b, id: mail, to: [champion, sponsor]}]\n    every: 7 days\n    at_most: 2\n"
    )
    tale = Tale(steps)
    tale.advance()
    tale.advance(LATER, settled("mail", "skipped", reason="opted_out", to=AIKO))
    tale.advance(LATER, settled("mail", "accepted", visit=2, to=BEN))
    tale.advance(TUESDAY + timedelta(days=8))

    assert written(tale) == [AIKO.id]


def test_a_fallback_may_have_words_of_its_own() -> None:
    to = "[champion, {role: admin, template: kickoff/for-admin}]"

    for people, expected in (((AIKO, DAN), "kickoff/welcome"), ((DAN,), "kickoff/for-admin")):
        tale = all_of(to, people=people)
        tale.advance()
        assert tale.told[0].template == expected


def test_past_the_partner_nobody_hears_of_the_contract() -> None:
    fumi = Person(id=6, roles=("partner",), facts={})
    policy = {"contract": {"contact_policy": "partner_only"}}
    for topic, expected in (("contract", [fumi.id]), ("onboarding", [AIKO.id, fumi.id])):
        tale = all_of(f"{{all: [champion, partner]}}\n  topic: {topic}", people=(AIKO, fumi), **policy)
        tale.advance()
        assert written(tale) == expected


def test_nobody_who_left_is_among_all() -> None:
    tale = all_of("{all: [champion, admin]}", people=(replace(AIKO, has_left=True), replace(CHO, is_staff=True), DAN))
    tale.advance()

    assert written(tale) == [DAN.id]
