"""What the gate lets through: a table for each policy."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engage.calendars.business_days import calendar_of
from engage.calendars.windows import BUSINESS
from engage.messages.policy import away, consent, lifecycle, past_partner, sending_hours, still_relevant, suppression
from engage.messages.policy.candidate import Candidate, ConsentWord
from engage.messages.policy.order import POLICIES, judge, judge_copies
from engage.messages.policy.verdicts import (
    WORDS,
    Allow,
    Hold,
    Reason,
    Skip,
    is_personal,
    is_refusal,
    lacks_permission,
    say,
)

NOON = datetime(2027, 1, 13, 3, 0, tzinfo=UTC)  # Wednesday, 12:00 in Tokyo
NIGHT = datetime(2027, 1, 13, 18, 0, tzinfo=UTC)  # Thursday, 3:00 in Tokyo


def candidate(**changed: Any) -> Candidate:
    usual = {
        "message_id": 1,
        "public_id": "msg_1",
        "channel": "email",
        "topic": "product",
        "purpose": "relationship",
        "phase": "send",
        "zone": ZoneInfo("Asia/Tokyo"),
        "calendar": calendar_of("JP"),
        "window": BUSINESS,
        "address": "aiko@example.com",
    }
    return Candidate(**(usual | changed))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Allow()),
        ({"account_phase": "renewal"}, Allow()),
        ({"account_phase": "churned"}, Skip(Reason.CHURNED)),
        ({"account_phase": "churned", "to_former": True}, Allow()),
        ({"has_left": True}, Skip(Reason.LEFT)),
        ({"is_member": False}, Skip(Reason.NOT_A_MEMBER)),
    ],
)
def test_lifecycle(changed: dict[str, Any], expected: object) -> None:
    assert lifecycle.check(candidate(**changed), NOON) == expected


def test_past_the_partner_goes_neither_the_mail_nor_a_copy() -> None:
    passed = candidate(is_past_partner=True)
    assert past_partner.check(passed, NOON) == Skip(Reason.PAST_PARTNER)
    assert is_personal(Reason.PAST_PARTNER) and not is_refusal(Reason.PAST_PARTNER)  # the next reader is asked
    copies = [reason for _, reason in judge_copies(candidate(copies=(passed,)), NOON)]
    assert copies == [Reason.PAST_PARTNER]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Allow()),
        ({"address": None}, Skip(Reason.NO_ADDRESS)),
        ({"suppressions": {"*": "bounced"}}, Skip(Reason.SUPPRESSED)),
        ({"suppressions": {"*": "bounced"}, "purpose": "transactional"}, Skip(Reason.SUPPRESSED)),
        ({"suppressions": {"product": "unsubscribed"}}, Skip(Reason.TOPIC_STOPPED)),
        ({"suppressions": {"product": "unsubscribed"}, "purpose": "transactional"}, Allow()),
        ({"suppressions": {"other": "unsubscribed"}}, Allow()),
        ({"suppressions": {"*": "bounced"}, "channel": "in_app", "address": None}, Allow()),
    ],
)
def test_suppression(changed: dict[str, Any], expected: object) -> None:
    assert suppression.check(candidate(**changed), NOON) == expected


def yes(day: int) -> ConsentWord:
    return ConsentWord("granted", NOON.replace(day=day))


def no(day: int) -> ConsentWord:
    return ConsentWord("withdrawn", NOON.replace(day=day))


@pytest.mark.parametrize(
    ("purpose", "consents", "expected"),
    [
        ("transactional", {"product": no(1)}, Allow()),
        ("relationship", {}, Allow()),
        ("relationship", {"product": no(1)}, Skip(Reason.OPTED_OUT)),
        ("relationship", {"*": no(1)}, Skip(Reason.OPTED_OUT)),
        ("relationship", {"*": no(1), "product": yes(2)}, Allow()),
        ("relationship", {"*": no(2), "product": yes(1)}, Skip(Reason.OPTED_OUT)),
        ("relationship", {"*": no(1), "product": yes(1)}, Skip(Reason.OPTED_OUT)),
        ("relationship", {"*": yes(2), "product": no(1)}, Skip(Reason.OPTED_OUT)),
        ("relationship", {"other": no(1)}, Allow()),
        ("promotional", {}, Skip(Reason.NO_CONSENT)),
        ("promotional", {"product": yes(1)}, Allow()),
        ("promotional", {"*": yes(1)}, Allow()),
        ("promotional", {"*": no(2), "product": yes(1)}, Skip(Reason.OPTED_OUT)),
        ("promotional", {"product": no(1)}, Skip(Reason.OPTED_OUT)),
    ],
)
def test_consent(purpose: str, consents: dict[str, ConsentWord], expected: object) -> None:
    assert consent.check(candidate(purpose=purpose, consents=consents), NOON) == expected


def heard(day: int) -> ConsentWord:
    return ConsentWord("granted", NOON.replace(day=day), is_heard=True)


def confirmed(day: int) -> ConsentWord:
    return ConsentWord("granted", NOON.replace(day=day), basis="double_opt_in", record="cns_1")


@pytest.mark.parametrize(
    ("purpose", "consents", "expected"),
    [
        ("relationship", {}, Skip(Reason.NO_CONSENT)),
        ("relationship", {"product": yes(1)}, Skip(Reason.NOT_CONFIRMED)),
        ("promotional", {"*": yes(1)}, Skip(Reason.NOT_CONFIRMED)),
        ("promotional", {"product": confirmed(1)}, Allow()),
        ("promotional", {"product": confirmed(1), "*": no(2)}, Skip(Reason.OPTED_OUT)),
        ("relationship", {"product": no(2)}, Skip(Reason.OPTED_OUT)),
        ("transactional", {}, Allow()),
    ],
)
def test_a_topic_that_asks_twice(purpose: str, consents: dict[str, ConsentWord], expected: object) -> None:
    assert consent.check(candidate(purpose=purpose, consents=consents, asks_twice=True), NOON) == expected


def test_a_yes_that_is_only_heard_of_takes_back_no_refusal_of_everything() -> None:
    everything = candidate(purpose="promotional", consents={"*": no(1), "product": heard(2)})
    assert consent.check(everything, NOON) == Skip(Reason.OPTED_OUT)
    assert consent.check(candidate(purpose="promotional", consents={"product": heard(2)}), NOON) == Allow()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"purpose": "transactional"}, {}),
        ({"channel": "in_app"}, {}),
        ({"purpose": "relationship"}, {"basis": "relationship"}),
        ({"purpose": "promotional"}, {"basis": "none"}),
        ({"purpose": "promotional", "consents": {"product": yes(1)}}, {"basis": "consent"}),
        ({"consents": {"product": confirmed(1)}}, {"basis": "double_opt_in", "record": "cns_1"}),
    ],
)
def test_an_answer_names_the_record_that_it_rests_on(said: dict[str, Any], expected: dict[str, str]) -> None:
    assert consent.rested_on(candidate(**said)) == expected


@pytest.mark.parametrize("reason", Reason)
def test_no_permission_is_no_refusal(reason: Reason) -> None:
    assert not (lacks_permission(reason) and is_refusal(reason))
    assert not lacks_permission(reason) or is_personal(reason)


def test_consent_speaks_about_mail_only() -> None:
    assert consent.check(candidate(channel="in_app", consents={"product": no(1)}), NOON) == Allow()


@pytest.mark.parametrize(
    ("state", "expected"),
    [(None, Allow()), ("running", Allow()), ("done", Allow()), ("exited", Skip(Reason.EXITED))],
)
def test_still_relevant(state: str | None, expected: object) -> None:
    assert still_relevant.check(candidate(journey_state=state), NOON) == expected


def test_who_gets_it_for_another_customer_gets_it_once() -> None:
    assert judge(candidate(twin="msg_2"), NIGHT) == ("one_mail", Skip(Reason.SAME_PERSON))


def test_mail_waits_for_the_recipients_morning() -> None:
    assert sending_hours.check(candidate(), NOON) == Allow()

    verdict = sending_hours.check(candidate(), NIGHT)
    assert isinstance(verdict, Hold)
    local = verdict.until.astimezone(ZoneInfo("Asia/Tokyo"))
    assert (local.date().isoformat(), 9 <= local.hour < 11) == ("2027-01-14", True)
    assert (
        sending_hours.check(candidate(zone=ZoneInfo("America/New_York"), calendar=calendar_of("US")), NIGHT) == Allow()
    )


def test_mail_waits_for_an_open_day() -> None:
    coming_of_age_day = datetime(2027, 1, 11, 3, 0, tzinfo=UTC)
    verdict = sending_hours.check(candidate(), coming_of_age_day)

    assert isinstance(verdict, Hold)
    assert verdict.until.astimezone(ZoneInfo("Asia/Tokyo")).date().isoformat() == "2027-01-12"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Allow()),
        ({"away_until": date(2027, 1, 12)}, Allow()),
        ({"away_until": date(2027, 1, 13)}, Hold(datetime(2027, 1, 13, 15, tzinfo=UTC), Reason.AWAY)),
        ({"away_until": date(2027, 1, 13), "purpose": "transactional"}, Allow()),
        ({"away_until": date(2027, 1, 13), "channel": "in_app"}, Allow()),
        ({"away_until": date(2027, 1, 13), "phase": "ask"}, Allow()),
    ],
)
def test_whoever_is_away_gets_it_the_day_after(changed: dict[str, Any], expected: object) -> None:
    assert away.check(candidate(**changed), NOON) == expected


@pytest.mark.parametrize("changed", [{"window": None}, {"channel": "in_app"}, {"phase": "ask"}])
def test_hours_bind_neither_other_channels_nor_the_asking(changed: dict[str, Any]) -> None:
    assert sending_hours.check(candidate(**changed), NIGHT) == Allow()


def test_the_first_policy_that_objects_is_named() -> None:
    assert judge(candidate(), NOON) == (None, Allow())
    assert judge(candidate(account_phase="churned", suppressions={"*": "bounced"}), NIGHT) == (
        "lifecycle",
        Skip(Reason.CHURNED),
    )


def test_the_answer_keeps_what_it_rested_on() -> None:
    inputs = candidate(suppressions={"*": "bounced"}, account_phase="adoption").inputs()

    assert inputs["suppressions"] == {"*": "bounced"}
    assert (inputs["account_phase"], inputs["zone"], inputs["country"]) == ("adoption", "Asia/Tokyo", "JP")


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(WORDS) == set(Reason)
    assert all(set(words) == {"ja", "en"} for words in WORDS.values())
    assert say("opted_out", "en") == "the contact opted out of this topic"
    assert len(POLICIES) == 12
