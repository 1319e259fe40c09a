"""Each answer of SendGrid means one thing for the ledger, and says to whoever operates Engage what to do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.channels.base import Accepted, Declined, NotSent, Outcome, Rejected, Throttled, Unavailable, Unknown
from engage.channels.email.sendgrid.answers import outcome_of

DATE = "Mon, 16 Nov 2026 01:00:00 GMT"
RESET = "1794790842"  # 42 seconds later


def errors(*said: tuple[str | None, str]) -> bytes:
    listed = [{"field": field, "message": message, "help": None} for field, message in said]
    return json.dumps({"errors": listed}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, errors(("personalizations.0.to.0.email", "Does not contain a valid address.")), Rejected, "address"),
        (400, errors(("from", "The from email does not contain a valid address.")), Declined, "sender's name"),
        (400, errors(("asm.group_id", "no such group")), Declined, "ENGAGE_SENDGRID_GROUPS"),
        (400, errors(("content.0.value", "must be a string")), Declined, "content.0.value: must be a string"),
        (400, errors((None, "Bad Request")), Declined, "400 Bad Request"),
        (401, errors((None, "The provided authorization grant is invalid")), Unavailable, "set SENDGRID_API_KEY"),
        (401, errors((None, "Maximum credits exceeded")), Unavailable, "a larger plan"),
        (403, errors(("from", "The from address does not match a verified Sender Identity.")), Declined, "verify"),
        (403, errors((None, "access forbidden")), Unavailable, "give it the permission"),
        (404, b"<html>", Unavailable, "ENGAGE_SENDGRID_URL"),
        (405, b"", Unavailable, "ENGAGE_SENDGRID_URL"),
        (408, b"", Unknown, "408"),
        (413, errors((None, "Payload too large")), Declined, "larger than SendGrid takes"),
        (429, errors((None, "too many requests")), Throttled, "429"),
        (302, b"", Unknown, "302"),
        (500, errors((None, "internal")), Unknown, "500"),
        (503, b"garbage", Unknown, "503"),
    ],
)
def test_each_refusal_has_its_meaning_and_its_way_out(
    status: int, body: bytes, kind: type[Outcome], words: str
) -> None:
    outcome = outcome_of(status, {}, body)
    assert type(outcome) is kind
    assert words in outcome.reason  # type: ignore[union-attr]


def test_what_no_waiting_can_mend_is_told_apart_from_what_somebody_can_mend() -> None:
    too_large = outcome_of(413, {}, b"")
    unverified = outcome_of(403, {}, errors((None, "The from address does not match a verified Sender Identity.")))
    assert isinstance(too_large, Declined) and too_large.is_final
    assert isinstance(unverified, Declined) and not unverified.is_final


def test_a_throttled_message_waits_until_sendgrids_window_opens_by_sendgrids_own_clock() -> None:
    outcome = outcome_of(429, {"Date": DATE, "X-RateLimit-Reset": RESET}, b"")
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after == 42


@pytest.mark.parametrize("headers", [{}, {"X-RateLimit-Reset": RESET}, {"Date": DATE, "X-RateLimit-Reset": "soon"}])
def test_without_a_usable_reset_it_waits_for_a_minute(headers: dict[str, str]) -> None:
    outcome = outcome_of(429, headers, b"")
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after == 60


def test_the_last_message_of_a_window_asks_for_a_pause() -> None:
    said = {"X-Message-Id": "x", "Date": DATE, "X-RateLimit-Reset": RESET}
    assert outcome_of(202, said | {"X-RateLimit-Remaining": "0"}, b"") == Accepted("x", pause=42)
    assert outcome_of(202, said | {"X-RateLimit-Remaining": "1"}, b"") == Accepted("x")


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=60) | st.recursive(st.none() | st.text(), lambda x: st.lists(x) | st.dictionaries(
        st.sampled_from(["errors", "field", "message"]), x)).map(lambda x: json.dumps(x).encode()),
    reset=st.text(st.characters(codec="ascii"), max_size=12),
    date=st.sampled_from([DATE, "", "yesterday"]),
)  # fmt: skip
def test_whatever_comes_back_is_an_outcome_with_a_sane_wait(status: int, body: bytes, reset: str, date: str) -> None:
    outcome = outcome_of(status, {"Date": date, "X-RateLimit-Reset": reset}, body)
    if isinstance(outcome, NotSent):
        assert 1 <= outcome.retry_after <= 3600
