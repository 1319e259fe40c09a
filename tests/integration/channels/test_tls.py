"""SMTP over TLS, from the start and by STARTTLS, against a certificate made for the test."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engage.channels.base import Accepted, NotSent, Rejected
from engage.channels.email.smtp import connection as smtp_connection
from engage.channels.email.smtp.channel import SmtpChannel
from engage.channels.email.smtp.connection import SmtpServer, Tls
from tests.integration.channels.test_smtp import greet, hear, kinds, mails
from tests.servers.running import smtp_submission
from tests.support.certificates import self_signed
from tests.unit.channels.mails import an_email


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody else has signed."""
    return self_signed(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same, trusted by this process as an operator makes it trusted: by the environment."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    smtp_connection._tls_context.cache_clear()
    yield certificate
    smtp_connection._tls_context.cache_clear()


def tls_server(certificate: Path, *, implicit: bool) -> tuple[int, threading.Thread]:
    """A server for one message."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def play() -> None:
        client, _ = listener.accept()
        listener.close()
        try:
            if not implicit:
                greet(client, "STARTTLS")
                hear(client, b"STARTTLS\r\n")
                client.sendall(b"220 go\r\n")
            with context.wrap_socket(client, server_side=True) as secure:
                if implicit:
                    secure.sendall(b"220 hi\r\n")
                hear(secure, b"\r\n")
                secure.sendall(b"250-me\r\n250 PIPELINING\r\n")
                hear(secure, b"DATA\r\n")
                secure.sendall(b"250 ok\r\n250 ok\r\n354 go\r\n")
                hear(secure, b"\r\n.\r\n")
                secure.sendall(b"250 over TLS\r\n")
        except OSError:
            client.close()

    thread = threading.Thread(target=play)
    thread.start()
    return listener.getsockname()[1], thread


@pytest.mark.parametrize("tls", ["implicit", "required"])
def test_mail_goes_over_tls_to_a_server_we_trust(trusted: Path, tls: Tls) -> None:
    port, thread = tls_server(trusted, implicit=tls == "implicit")
    channel = SmtpChannel(SmtpServer("127.0.0.1", port, tls))
    assert channel.send([an_email()]) == [Accepted("over TLS")]
    channel.close()
    thread.join(5)


@pytest.mark.parametrize("tls", ["implicit", "when offered"])
def test_nothing_goes_to_a_server_whose_certificate_nobody_signed(certificate: Path, tls: Tls) -> None:
    port, thread = tls_server(certificate, implicit=tls == "implicit")
    (outcome,) = SmtpChannel(SmtpServer("127.0.0.1", port, tls)).send([an_email()])
    thread.join(5)
    assert isinstance(outcome, NotSent)
    assert "certificate" in outcome.reason.lower()


@pytest.mark.parametrize("tls", ["implicit", "required"])
def test_a_real_server_takes_mail_over_tls_after_a_login(trusted: Path, tls: Tls, tmp_path: Path) -> None:
    how = ("--certificate", str(trusted), *(("--implicit",) if tls == "implicit" else ()))
    with smtp_submission(tmp_path / "log", *how) as server:
        ours = SmtpServer("127.0.0.1", server.port, tls, "sender", "geheim")
        channel = SmtpChannel(ours, bounces="bounces+{id}@mail.example.com")
        (first,) = channel.send(mails("a@example.com"))
        assert first == Accepted("2.0.0 taken")
        refused = ("refuse-550-5.1.1-x@example.com", "content-550-5.7.1-x@example.com")
        outcomes = channel.send(mails("b@example.com", *refused, "c@example.com"))
        channel.close()
        assert kinds(outcomes) == ["Accepted", "Rejected", "Rejected", "Accepted"]
        assert [one.dead for one in outcomes if isinstance(one, Rejected)] == [refused[:1], ()]
        assert [line.split()[:2] for line in server.lines()] == [
            [f"msg_{number}", f"bounces+msg_{number}@mail.example.com"] for number in (0, 0, 3)
        ]


@pytest.mark.parametrize(("user", "password"), [("sender", "wrong"), ("", "")])
def test_a_login_that_is_missing_or_wrong_holds_the_mail_and_blames_nobody(
    trusted: Path, user: str, password: str, tmp_path: Path
) -> None:
    with smtp_submission(tmp_path / "log", "--certificate", str(trusted)) as server:
        ours = SmtpServer("127.0.0.1", server.port, "required", user, password)
        channel = SmtpChannel(ours)
        (outcome,) = channel.send(mails("a@example.com"))
        channel.close()
        assert isinstance(outcome, NotSent)
        assert server.lines() == []
