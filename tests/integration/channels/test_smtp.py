"""SMTP over real sockets: what each fault means for the ledger."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from engage.channels.base import Accepted, Declined, NotSent, OutboundEmail, Rejected, Unknown
from engage.channels.email.smtp.channel import SmtpChannel
from engage.channels.email.smtp.connection import SmtpServer
from tests.servers.running import accepted_ids, smtp_sink
from tests.unit.channels.mails import an_email

Script = Callable[[socket.socket], None]


def mails(*addresses: str) -> list[OutboundEmail]:
    return [an_email(message_id=f"msg_{number}", to_address=a) for number, a in enumerate(addresses)]


@contextmanager
def scripted(*scripts: Script) -> Iterator[int]:
    """A server that plays one script per connection and then stops listening."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def play() -> None:
            for script in scripts:
                client, _ = listener.accept()
                with client:
                    script(client)
            listener.close()

        thread = threading.Thread(target=play)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def hear(client: socket.socket, until: bytes) -> None:
    seen = b""
    while until not in seen:
        data = client.recv(65536)
        if not data:
            return
        seen += data


def greet(client: socket.socket, *features: str) -> None:
    client.sendall(b"220 hi\r\n")
    hear(client, b"\r\n")
    client.sendall("".join(f"250-{word}\r\n" for word in ("me", *features)).encode() + b"250 OK\r\n")


def channel(port: int, **more: object) -> SmtpChannel:
    return SmtpChannel(SmtpServer("127.0.0.1", port, **more))  # type: ignore[arg-type]


def kinds(outcomes: object) -> list[str]:
    assert isinstance(outcomes, list)
    return [type(outcome).__name__ for outcome in outcomes]


def test_a_batch_arrives_whole_and_once_over_one_connection(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with smtp_sink(tmp_path / "log", "--keep", str(tmp_path / "kept")) as sink:
        sender = channel(sink.port)
        batch = [an_email(message_id=f"msg_{n}", text=".dot\n..\n.\nend") for n in range(30)]
        assert kinds(sender.send(batch[:15]) + sender.send(batch[15:])) == ["Accepted"] * 30
        sender.close()
        assert accepted_ids(sink) == [email.message_id for email in batch]
        message = message_from_bytes((tmp_path / "kept" / "1.eml").read_bytes(), policy=policy.default)
        body = message.get_body(("plain",))  # type: ignore[attr-defined]
        assert body.get_content().replace("\r\n", "\n") == ".dot\n..\n.\nend"


def test_several_connections_share_a_batch_and_keep_its_order(tmp_path: Path) -> None:
    with smtp_sink(tmp_path / "log", "--latency", "0.01") as sink:
        sender = SmtpChannel(SmtpServer("127.0.0.1", sink.port), connections=4)
        addresses = ["reject@example.com" if n % 5 == 0 else f"a{n}@example.com" for n in range(23)]
        expected = ["Rejected" if n % 5 == 0 else "Accepted" for n in range(23)]
        assert kinds(sender.send(mails(*addresses))) == expected
        sender.close()


def test_each_refusal_concerns_its_own_message_only(tmp_path: Path) -> None:
    with smtp_sink(tmp_path / "log") as sink:
        sender = channel(sink.port)
        batch = mails("a@example.com", "reject@example.com", "later@example.com", "山田@example.com", "b@example.com")
        outcomes = sender.send(batch)
        sender.close()
        assert kinds(outcomes) == ["Accepted", "Rejected", "NotSent", "Rejected", "Accepted"]
        assert outcomes[1] == Rejected("550 no such user", dead=("reject@example.com",))
        assert accepted_ids(sink) == ["msg_0", "msg_4"]


def test_a_refused_copy_does_not_stop_the_mail(tmp_path: Path) -> None:
    with smtp_sink(tmp_path / "log") as sink:
        sender = channel(sink.port)
        copies = (("", "reject@example.com"), ("", "c@example.com"))
        assert kinds(sender.send([an_email(cc=copies)])) == ["Accepted"]
        assert kinds(sender.send([an_email(to_address="reject@example.com", cc=copies[1:])])) == ["Rejected"]
        assert kinds(sender.send(mails("next@example.com"))) == ["Accepted"]
        sender.close()
        assert len(accepted_ids(sink)) == 2


def test_a_server_that_is_not_there_means_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcomes = channel(port).send(mails("a@example.com", "b@example.com"))
    assert kinds(outcomes) == ["Unavailable", "Unavailable"]


def test_no_answer_after_the_content_is_unknown_and_the_rest_goes_over_a_new_connection() -> None:
    def swallow(client: socket.socket) -> None:
        greet(client, "PIPELINING")
        hear(client, b"DATA\r\n")
        client.sendall(b"250 ok\r\n250 ok\r\n354 go\r\n")
        hear(client, b"\r\n.\r\n")

    def busy(client: socket.socket) -> None:
        client.sendall(b"421 too busy\r\n")

    with scripted(swallow, busy) as port:
        outcomes = channel(port).send(mails("a@example.com", "b@example.com"))
    assert isinstance(outcomes[0], Unknown)
    assert isinstance(outcomes[1], NotSent)
    assert "421" in outcomes[1].reason


@pytest.mark.parametrize(("answer", "kind"), [(b"250 ok 7", Accepted), (b"452 full", NotSent), (b"554 spam", Rejected)])
def test_the_answer_to_the_content_decides(answer: bytes, kind: type) -> None:
    def server(client: socket.socket) -> None:
        greet(client)
        for reply in (b"250 ok", b"250 ok", b"354 go"):  # without PIPELINING each command waits for its reply
            hear(client, b"\r\n")
            client.sendall(reply + b"\r\n")
        hear(client, b"\r\n.\r\n")
        client.sendall(answer + b"\r\n")

    with scripted(server) as port:
        sender = channel(port)
        (outcome,) = sender.send(mails("a@example.com"))
        sender.close()
    assert isinstance(outcome, kind)


def test_a_kept_connection_that_died_meanwhile_is_made_anew(tmp_path: Path) -> None:
    def one_message(client: socket.socket) -> None:
        greet(client, "PIPELINING")
        hear(client, b"DATA\r\n")
        client.sendall(b"250 ok\r\n250 ok\r\n354 go\r\n")
        hear(client, b"\r\n.\r\n")
        client.sendall(b"250 taken\r\n")

    with scripted(one_message, one_message) as port:
        sender = channel(port)
        assert kinds(sender.send(mails("a@example.com"))) == ["Accepted"]
        assert kinds(sender.send(mails("b@example.com"))) == ["Accepted"]
        sender.close()


def test_content_awaited_for_a_refused_recipient_is_never_sent() -> None:
    heard: list[bytes] = []

    def odd(client: socket.socket) -> None:
        greet(client, "PIPELINING")
        hear(client, b"DATA\r\n")
        client.sendall(b"250 ok\r\n550 no\r\n354 go\r\n")
        heard.append(client.recv(10))

    with scripted(odd) as port:
        (outcome,) = channel(port).send(mails("a@example.com"))
    assert isinstance(outcome, Rejected)
    assert heard == [b""]


def test_a_password_is_sent_only_where_the_server_asks_for_it() -> None:
    heard: list[bytes] = []

    def server(client: socket.socket) -> None:
        greet(client, "AUTH LOGIN PLAIN")
        heard.append(client.recv(1000))
        client.sendall(b"535 wrong\r\n")

    with scripted(server) as port:
        (outcome,) = channel(port, user="me", password="geheim", tls="never").send(mails("a@example.com"))
    assert heard == [b"AUTH PLAIN AG1lAGdlaGVpbQ==\r\n"]
    assert isinstance(outcome, NotSent), "a wrong password is our fault, not the recipient's"


def test_without_starttls_no_password_is_sent() -> None:
    with scripted(greet) as port:
        (outcome,) = channel(port, user="me", password="geheim", tls="required").send(mails("a@example.com"))
    assert isinstance(outcome, NotSent)
    assert "STARTTLS" in outcome.reason


@pytest.mark.parametrize(
    ("where", "answer", "kind", "dead"),
    [
        ("recipient", b"550 5.1.1 no such mailbox", Rejected, True),
        ("recipient", b"550 5.2.2 mailbox full", Rejected, False),
        ("recipient", b"550-5.7.1 not from you\r\n550 5.7.1 really", Rejected, False),
        ("recipient", b"554 5.7.1 <a@example.com>: Relay access denied", Declined, False),
        ("recipient", b"450 4.2.1 later", NotSent, False),
        ("sender", b"550 5.1.1 whoever you are", Declined, False),  # no reader was named yet of whom it could speak
        ("content", b"550 5.7.26 DMARC", Declined, False),
        ("content", b"550 5.1.1 no such mailbox", Rejected, True),
    ],
)
def test_a_refusal_counts_against_whom_it_speaks_of(where: str, answer: bytes, kind: type, dead: bool) -> None:
    said = {"sender": b"250 ok", "recipient": b"250 ok", "data": b"354 go", "content": b"250 ok"} | {where: answer}

    def server(client: socket.socket) -> None:
        greet(client)
        for step in ("sender", "recipient", "data"):
            hear(client, b"\r\n")
            client.sendall(said[step] + b"\r\n")
        if where == "content":
            hear(client, b"\r\n.\r\n")
            client.sendall(answer + b"\r\n")
        else:
            client.recv(100)

    with scripted(server) as port:
        sender = channel(port)
        (outcome,) = sender.send(mails("a@example.com"))
        sender.close()
    assert type(outcome) is kind
    assert bool(getattr(outcome, "dead", ())) == dead


def test_a_copy_to_nobody_is_told_and_the_mail_goes(tmp_path: Path) -> None:
    with smtp_sink(tmp_path / "log") as sink:
        sender = channel(sink.port)
        (outcome,) = sender.send([an_email(cc=(("", "reject@example.com"), ("", "c@example.com")))])
        sender.close()
    assert isinstance(outcome, Accepted)
    assert outcome.dead == ("reject@example.com",)
