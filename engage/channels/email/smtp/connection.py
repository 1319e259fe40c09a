"""One kept SMTP connection: commands, replies, TLS and login; knows nothing of outcomes."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from socket import create_connection, getfqdn, socket
from typing import BinaryIO, Literal

CONNECT_SECONDS = 10.0
REPLY_SECONDS = 30.0
_REPLY_LIMIT = 4096

Tls = Literal["implicit", "required", "when offered", "never"]


class SmtpError(Exception):
    """The server's answer does not let us go on; `code` is 0 when the connection itself failed."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class SmtpServer:
    """Where to connect and how."""

    host: str
    port: int
    tls: Tls = "when offered"
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply: its code and its text."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def ok(self) -> bool:
        """True for 2xx and 3xx."""
        return 200 <= self.code < 400


class SmtpConnection:
    """An open, greeted and logged-in connection."""

    def __init__(self, server: SmtpServer) -> None:
        self._socket: socket = create_connection((server.host, server.port), timeout=CONNECT_SECONDS)
        self._file: BinaryIO = self._socket.makefile("rb")
        self.messages = 0
        try:
            self._open(server)
        except BaseException:
            self.close()
            raise
        self._socket.settimeout(REPLY_SECONDS)

    def write(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self._socket.sendall(data)

    def read(self) -> Reply:
        """Reads one reply, all its lines; raises ConnectionError when there is none."""
        texts: list[str] = []
        while True:
            line = self._file.readline(_REPLY_LIMIT)
            if not line.endswith(b"\n") or not line[:3].isdigit():
                raise ConnectionResetError("the server hung up or does not speak SMTP")
            texts.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                return Reply(int(line[:3]), "\n".join(texts))

    def command(self, line: str) -> Reply:
        """Sends one command and reads its reply."""
        self.write(line.encode("ascii") + b"\r\n")
        return self.read()

    def quit(self) -> None:
        """Says goodbye if the server still listens, and closes."""
        try:
            self._socket.settimeout(1.0)
            self.write(b"QUIT\r\n")
        except OSError:
            pass
        self.close()

    def close(self) -> None:
        """Closes the socket at once."""
        self._file.close()
        self._socket.close()

    def _open(self, server: SmtpServer) -> None:
        if server.tls == "implicit":
            self._start_tls(server.host)
        _expect(self.read(), "greeting")
        features = self._hello()
        if server.tls in ("required", "when offered") and "STARTTLS" in features:
            _expect(self.command("STARTTLS"), "STARTTLS")
            self._start_tls(server.host)
            features = self._hello()
        elif server.tls == "required":
            raise SmtpError("the server offers no STARTTLS, and TLS is required")
        self.pipelining = "PIPELINING" in features
        if server.user:
            self._login(server, features)

    def _hello(self) -> dict[str, Sequence[str]]:
        reply = _expect(self.command(f"EHLO {_own_name()}"), "EHLO")
        words = [line.upper().split() for line in reply.text.split("\n")[1:]]
        return {line[0]: line[1:] for line in words if line}

    def _start_tls(self, host: str) -> None:
        self._file.close()
        self._socket = _tls_context().wrap_socket(self._socket, server_hostname=host)
        self._file = self._socket.makefile("rb")

    def _login(self, server: SmtpServer, features: dict[str, Sequence[str]]) -> None:
        if "PLAIN" in features.get("AUTH", ()):
            secret = _base64(f"\0{server.user}\0{server.password}")
            _expect(self.command(f"AUTH PLAIN {secret}"), "login")
        elif "LOGIN" in features.get("AUTH", ()):
            _expect(self.command(f"AUTH LOGIN {_base64(server.user)}"), "login")
            _expect(self.command(_base64(server.password)), "login")
        else:
            raise SmtpError("the server offers neither AUTH PLAIN nor AUTH LOGIN")


def _expect(reply: Reply, step: str) -> Reply:
    if not reply.ok:
        raise SmtpError(f"{step}: {reply}", reply.code)
    return reply


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-8")).decode("ascii")


@lru_cache(maxsize=1)
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@lru_cache(maxsize=1)
def _own_name() -> str:
    name = getfqdn()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
