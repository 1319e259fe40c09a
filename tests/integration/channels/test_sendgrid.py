"""SendGrid's channel against the stand-in: each way a request can end means one thing for the ledger."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engage.channels.base import (
    Accepted,
    Declined,
    NotSent,
    OutboundEmail,
    Outcome,
    Rejected,
    Throttled,
    Unavailable,
    Unknown,
)
from engage.channels.email.sendgrid.channel import PATIENCE, SendGridChannel
from tests.servers.running import Running, accepted_ids, fake_sendgrid
from tests.support.certificates import self_signed
from tests.unit.channels.mails import an_email


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fake_sendgrid(tmp_path_factory.mktemp("sendgrid") / "log") as running:
        yield running


@pytest.fixture
def server(stand_in: Running) -> Running:
    stand_in.control("forget", anew=True)
    return stand_in


def sent(port: int, *batch: OutboundEmail, key: str = "SG.test", scheme: str = "http", **more: Any) -> list[Outcome]:
    channel = SendGridChannel(key, f"{scheme}://127.0.0.1:{port}", **more)
    try:
        return channel.send(batch)
    finally:
        channel.close()


def emails(count: int) -> list[OutboundEmail]:
    return [an_email(message_id=f"msg_{number}") for number in range(count)]


def test_a_batch_is_accepted_once_each(server: Running) -> None:
    batch = emails(40)
    outcomes = sent(server.port, *batch)
    assert all(isinstance(outcome, Accepted) and outcome.provider_id for outcome in outcomes)
    assert sorted(accepted_ids(server)) == sorted(email.message_id for email in batch)


@pytest.mark.parametrize(
    ("mood", "kind", "is_taken"),
    [
        ({"do": "answer", "status": 400, "errors": [{"field": "personalizations.0.to", "message": "no"}]}, Rejected, 0),
        ({"do": "answer", "status": 401, "errors": [{"message": "no"}]}, Unavailable, 0),
        ({"do": "answer", "status": 413}, Declined, 0),
        ({"do": "throttle", "seconds": 7}, Throttled, 0),
        ({"do": "fail", "status": 500}, Unknown, 0),
        ({"do": "garbage"}, Unknown, 0),
        ({"do": "reset"}, Unknown, 0),  # from here it cannot be told from a request that was taken
        ({"do": "hangup"}, Unknown, 1),
        ({"do": "swallow", "seconds": 1}, Unknown, 1),
        ({"do": "slow", "seconds": 0.05}, Accepted, 1),
        ({"do": "last", "seconds": 7}, Accepted, 1),
    ],
    ids=lambda value: value["do"] + str(value.get("status", "")) if isinstance(value, dict) else "",
)
def test_each_way_to_misbehave_has_one_meaning(
    server: Running, mood: dict[str, Any], kind: type[Outcome], is_taken: int
) -> None:
    server.control("moods", rules=[mood])
    (outcome,) = sent(server.port, an_email(), read_seconds=0.5)
    assert type(outcome) is kind
    assert len(accepted_ids(server)) == is_taken
    if isinstance(outcome, Throttled):
        assert 1 <= outcome.retry_after <= 8


def test_when_it_throttles_the_rest_of_the_batch_is_not_tried(server: Running) -> None:
    server.control("moods", rules=[{"do": "throttle", "seconds": 7}])
    outcomes = sent(server.port, *emails(10), threads=1)
    assert {type(outcome) for outcome in outcomes} == {Throttled}
    assert server.control("requests")["count"] == 1


def test_when_its_window_is_full_nobody_runs_into_a_refusal(server: Running) -> None:
    server.control("moods", rules=[{"do": "last", "seconds": 7}])
    first, *rest = sent(server.port, *emails(10), threads=1)
    assert isinstance(first, Accepted) and first.pause >= 1
    assert {type(outcome) for outcome in rest} == {Throttled}
    assert server.control("requests")["count"] == 1


def test_when_nothing_comes_back_the_rest_of_the_batch_is_surely_not_sent(server: Running) -> None:
    server.control("moods", rules=[{"do": "fail"}])
    outcomes = sent(server.port, *emails(10), threads=1)
    assert [type(outcome) for outcome in outcomes] == [Unknown] * PATIENCE + [Unavailable] * (10 - PATIENCE)


def test_a_sender_that_sendgrid_does_not_know_leaves_the_rest_of_the_batch_alone(server: Running) -> None:
    refusal = {"field": "from", "message": "The from address does not match a verified Sender Identity."}
    server.control("moods", rules=[{"do": "answer", "status": 403, "errors": [refusal], "next": 1}])
    outcomes = sent(server.port, *emails(3), threads=1)
    assert [type(outcome) for outcome in outcomes] == [Declined, Accepted, Accepted]


def test_a_wrong_api_key_keeps_the_message_for_later(server: Running) -> None:
    (outcome,) = sent(server.port, an_email(), key="wrong")
    assert isinstance(outcome, Unavailable)
    assert "401" in outcome.reason and "SENDGRID_API_KEY" in outcome.reason


def test_nobody_there_means_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (outcome,) = sent(port, an_email())
    assert isinstance(outcome, Unavailable)


def test_over_tls_mail_goes_only_to_a_certificate_that_the_environment_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path / "both.pem")
    with fake_sendgrid(tmp_path / "log", certificate=certificate) as server:
        (refused,) = sent(server.port, an_email(), scheme="https")
        assert isinstance(refused, Unavailable) and "SSL_CERT_FILE" in refused.reason
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        batch = emails(30)
        assert {type(outcome) for outcome in sent(server.port, *batch, scheme="https")} == {Accepted}
        assert server.control("requests")["count"] == len(accepted_ids(server)) == 30


def test_in_the_sandbox_a_mail_is_judged_and_goes_nowhere(server: Running) -> None:
    assert sent(server.port, an_email(), sandbox=True) == [Accepted(None)]
    assert accepted_ids(server) == []


def test_a_mail_that_cannot_travel_is_refused_before_any_request(server: Running) -> None:
    outcomes = sent(server.port, an_email(subject="a\r\nb"), an_email(text="SG.abcdefgh.ijklmnop"))
    assert all(isinstance(outcome, Rejected) for outcome in outcomes)
    assert server.control("requests")["count"] == 0


def test_past_the_time_of_a_batch_the_rest_is_left_for_the_next_round(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engage.channels.email.sendgrid.channel.BATCH_SECONDS", -1.0)
    (outcome,) = sent(server.port, an_email())
    assert type(outcome) is NotSent
    assert accepted_ids(server) == []
