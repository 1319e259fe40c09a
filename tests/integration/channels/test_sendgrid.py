"""SendGrid's channel against the stand-in: each answer means one thing for the ledger."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engage.channels.base import Accepted, NotSent, Rejected, Unknown
from engage.channels.email.sendgrid.channel import SendGridChannel
from tests.servers.running import Running, accepted_ids, fake_sendgrid
from tests.unit.channels.mails import an_email


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with fake_sendgrid(tmp_path / "log") as running:
        yield running


def channel(port: int, key: str = "SG.test", **more: float) -> SendGridChannel:
    return SendGridChannel(key, f"http://127.0.0.1:{port}", **more)  # type: ignore[arg-type]


def test_a_batch_is_accepted_once_each(server: Running) -> None:
    sender = channel(server.port)
    batch = [an_email(message_id=f"msg_{number}") for number in range(40)]
    outcomes = sender.send(batch)
    sender.close()
    assert all(isinstance(outcome, Accepted) and outcome.provider_id for outcome in outcomes)
    assert sorted(accepted_ids(server)) == sorted(email.message_id for email in batch)


def test_each_answer_has_one_meaning(server: Running) -> None:
    sender = channel(server.port)
    names = ("good", "reject", "throttle", "broken", "hangup", "good2")
    outcomes = sender.send([an_email(message_id=f"msg_{name}", to_address=f"{name}@example.com") for name in names])
    sender.close()
    assert [type(outcome) for outcome in outcomes] == [Accepted, Rejected, NotSent, Unknown, Unknown, Accepted]
    assert outcomes[1] == Rejected("400 Does not contain a valid address.")
    assert isinstance(outcomes[2], NotSent)
    assert 1 <= outcomes[2].retry_after <= 8
    assert sorted(accepted_ids(server)) == ["msg_good", "msg_good2", "msg_hangup"]


def test_a_wrong_api_key_keeps_the_message_for_later(server: Running) -> None:
    sender = channel(server.port, key="wrong")
    (outcome,) = sender.send([an_email()])
    sender.close()
    assert isinstance(outcome, NotSent)
    assert "401" in outcome.reason


def test_nobody_there_means_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (outcome,) = channel(port).send([an_email()])
    assert isinstance(outcome, NotSent)


def test_no_answer_in_time_is_unknown(tmp_path: Path) -> None:
    with fake_sendgrid(tmp_path / "slow", "--latency", "1") as slow:
        sender = channel(slow.port, read_seconds=0.1)
        (outcome,) = sender.send([an_email()])
        sender.close()
    assert isinstance(outcome, Unknown)


def test_a_mail_that_cannot_travel_is_refused_before_any_request(server: Running) -> None:
    sender = channel(server.port)
    outcomes = sender.send([an_email(subject="a\r\nb"), an_email(text="SG.abcdefgh.ijklmnop")])
    sender.close()
    assert isinstance(outcomes[0], Rejected)
    assert "msg_0123456789" in accepted_ids(server) or isinstance(outcomes[1], Rejected)
