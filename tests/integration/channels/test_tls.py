"""SMTP over TLS, from the start and by STARTTLS, against a certificate made for the test."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engage.channels.base import Accepted, NotSent
from engage.channels.email import smtp_connection
from engage.channels.email.smtp import SmtpChannel
from engage.channels.email.smtp_connection import SmtpServer, Tls
from tests.integration.channels.test_smtp import greet, hear
from tests.unit.channels.mails import an_email


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start, start + timedelta(3))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem))
    return path


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
def test_mail_goes_over_tls_to_a_server_we_trust(certificate: Path, tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(smtp_connection, "_tls_context", lambda: trusting)
    port, thread = tls_server(certificate, implicit=tls == "implicit")
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
