"""A stand-in for SendGrid over HTTP that keeps its own log and can post signed Event Webhooks back.

`python -m tests.servers.fake_sendgrid --log FILE` prints its port. The log gets one JSON line per accepted message,
written before the 202. With `--tls FILE` it speaks TLS with the certificate and key in that file, which a client trusts
by `SSL_CERT_FILE=FILE`. Addresses choose faults: `reject…` 400, `throttle…` 429, `broken…` 500, `hangup…` accepted but
never answered, `kill…` accepted, and the process that called is killed before it is answered (once for each message),
`hold…` accepted, and answered only after `POST /control/release`.
`POST /control/events {"url": …, "events": [{"message_id": …, "event": "delivered", …}]}` sends a signed webhook
(`"timestamp": "1700000000"` signs it as of then, `"key": 1` with another of its keys);
`GET /control/key` gives the public key as SendGrid shows it (base64 DER), `?number=1` another one;
`POST /control/moods {"rules": […]}` makes it misbehave (see `sendgrid_moods.py`);
`POST /control/forget {}` has it begin anew, with an empty log;
`POST /control/suppressions {"list": "bounces", "email": …}` puts somebody on a list, a GET there shows lists and log.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import socket
import ssl
import struct
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.servers.killing import Victims, kill_peer
from tests.servers.sendgrid_lists import Lists
from tests.servers.sendgrid_moods import Moods

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER without waiting: closing sends a reset


def _a_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Provider:
    """The stand-in's state: its log, its signing keys, its speed, its lists and moods."""

    log: int | None = None
    latency: float = 0.0
    webhook_url: str | None = None
    per_second: int = 0  # 0: as fast as you like
    keys: list[ec.EllipticCurvePrivateKey] = field(default_factory=lambda: [_a_key(), _a_key(), _a_key()])
    moods: Moods = field(default_factory=Moods)
    lists: Lists = field(default_factory=Lists)
    seconds: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    victims: Victims = field(default_factory=Victims)
    released: threading.Event = field(default_factory=threading.Event)

    def public_key(self, number: int = 0) -> str:
        der = (
            self.keys[number]
            .public_key()
            .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        return base64.b64encode(der).decode("ascii")

    def take(self, mail: dict[str, Any], provider_id: str) -> None:
        if self.log is None:
            return
        person = mail["personalizations"][0]
        line = {
            "message_id": mail.get("custom_args", {}).get("engage_message_id"),
            "to": person["to"][0]["email"],
            "subject": mail["subject"],
            "provider_id": provider_id,
            "at": time.time(),
        }
        os.write(self.log, json.dumps(line).encode("ascii") + b"\n")

    def forget(self) -> None:
        """Begins anew: an empty log, nothing counted, on nobody's list, in no mood."""
        if self.log is not None:
            os.ftruncate(self.log, 0)
        self.moods, self.lists, self.seconds, self.requests = Moods(), Lists(), Counter(), 0

    def is_too_fast(self) -> bool:
        """Counts a request; whether it is one too many for this second of the clock."""
        self.requests += 1
        self.seconds[int(time.time())] += 1
        return bool(self.per_second) and self.seconds[int(time.time())] > self.per_second

    def post_events(self, url: str, events: list[dict[str, Any]], timestamp: str | None = None, key: int = 0) -> int:
        """Posts one signed batch the way SendGrid does; returns the receiver's status."""
        raw = (json.dumps([event_body(event) for event in events]) + "\r\n").encode("utf-8")
        headers = {"Content-Type": "application/json", **self.signed(raw, timestamp, key)}
        request = urllib.request.Request(url, raw, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def signed(self, raw: bytes, timestamp: str | None = None, key: int = 0) -> dict[str, str]:
        """The two signature headers for a body."""
        stamp = timestamp or str(int(time.time()))
        signature = self.keys[key].sign(stamp.encode("ascii") + raw, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode("ascii"),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }


def event_body(said: dict[str, Any]) -> dict[str, Any]:
    """One event as SendGrid words it; what the caller says wins."""
    event = {"email": "someone@example.com", "timestamp": int(time.time()), "event": "delivered"}
    event |= {"sg_event_id": secrets.token_urlsafe(16), "sg_message_id": f"{secrets.token_hex(8)}.filter0001"}
    event |= {key: value for key, value in said.items() if key != "message_id"}
    if "message_id" in said:
        event["engage_message_id"] = said["message_id"]
    return event


class Handler(BaseHTTPRequestHandler):
    """mail/send, the suppression lists, and the controls for tests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write per answer
    provider: Provider

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/control/key":
            self._answer(200, {"public_key": self.provider.public_key(int(query.partition("=")[2] or 0))})
        elif path == "/control/suppressions":
            self._answer(200, {"lists": self.provider.lists.names(), "log": self.provider.lists.log})
        elif path == "/control/requests":
            self._answer(200, {"count": self.provider.requests})
        else:
            self._on_lists("GET", None)

    def do_DELETE(self) -> None:
        self._on_lists("DELETE", None)

    def do_POST(self) -> None:
        mood = self.provider.moods.next() if self.path == "/v3/mail/send" else None
        if mood is not None and mood["do"] == "reset":
            self._reset()
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v3/mail/send":
            self._send(body, mood)
        elif self.path.startswith("/control/"):
            self._control(body)
        else:
            self._on_lists("POST", body)

    def _control(self, said: dict[str, Any]) -> None:
        match self.path:
            case "/control/events":
                url = said.get("url") or self.provider.webhook_url
                status = self.provider.post_events(url, said["events"], said.get("timestamp"), said.get("key", 0))
                self._answer(200, {"status": status})
            case "/control/release":
                self.provider.released.set()
                self._answer(200, {})
            case "/control/moods":
                self.provider.moods.obey(said)
                self._answer(200, {})
            case "/control/forget":
                self.provider.forget()
                self._answer(200, {})
            case "/control/suppressions":
                self.provider.lists.put(said.pop("list"), said.pop("email"), **said)
                self._answer(200, {})
            case _:
                self._answer(404, {"errors": [{"message": "not found"}]})

    def _on_lists(self, method: str, body: dict[str, Any] | None) -> None:
        if not self._has_key():
            return
        found = self.provider.lists.answer(method, self.path, body)
        self._answer(*(found or (404, {"errors": [{"message": "not found"}]})))

    def _send(self, mail: dict[str, Any], mood: dict[str, Any] | None) -> None:
        if self.provider.latency:
            time.sleep(self.provider.latency)
        if not self._has_key():
            return
        if self.provider.is_too_fast():
            self._throttle(1)
        elif mood is not None:
            self._misbehave(mail, mood)
        else:
            self._by_address(mail)

    def _by_address(self, mail: dict[str, Any]) -> None:
        address = mail["personalizations"][0]["to"][0]["email"]
        if address.startswith("reject"):
            errors = [{"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email"}]
            self._answer(400, {"errors": errors})
        elif address.startswith("throttle"):
            self._throttle(7)
        elif address.startswith("broken"):
            self._answer(500, {"errors": [{"message": "internal"}]})
        else:
            self._accept(mail, silent=address.startswith("hangup"))

    def _misbehave(self, mail: dict[str, Any], mood: dict[str, Any]) -> None:
        seconds = float(mood.get("seconds", 2))
        match mood["do"]:
            case "throttle":
                self._throttle(seconds)
            case "last":
                self._accept(mail, **{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": _ahead(seconds)})
            case "fail" | "answer":
                self._answer(mood.get("status", 500), {"errors": mood.get("errors", [{"message": "internal"}])})
            case "slow":
                time.sleep(seconds)
                self._accept(mail)
            case "garbage":
                self.close_connection = True
                self.wfile.write(b"\x00\xff no HTTP at all\r\n\r\n")
            case "swallow":
                self._accept(mail, silent=True)
                time.sleep(seconds)
            case "hangup":
                self._accept(mail, silent=True)

    def _accept(self, mail: dict[str, Any], *, silent: bool = False, **headers: str) -> None:
        if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            self._answer(200, None, **headers)  # judged, and nothing more
            return
        provider_id = secrets.token_hex(11)
        self.provider.take(mail, provider_id)
        address = mail["personalizations"][0]["to"][0]["email"]
        if address.startswith("hold"):
            self.provider.released.wait()
        if self.provider.victims.is_one(address, mail.get("custom_args", {}).get("engage_message_id")):
            kill_peer(self.server.server_address[1], self.client_address[1])
            self.close_connection = True
        elif silent:
            self.close_connection = True
        else:
            self._answer(202, None, **{"X-Message-Id": provider_id}, **headers)

    def _throttle(self, seconds: float) -> None:
        said = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": _ahead(seconds)}
        self._answer(429, {"errors": [{"field": None, "message": "too many requests"}]}, **said)

    def _has_key(self) -> bool:
        if self.headers.get("Authorization", "").startswith("Bearer SG."):
            return True
        self._answer(401, {"errors": [{"message": "The provided authorization grant is invalid", "field": None}]})
        return False

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()

    def _answer(self, status: int, body: object, **headers: str) -> None:
        raw = b"" if body is None else json.dumps(body).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Its log is the file; standard error stays quiet."""


def _ahead(seconds: float) -> str:
    return str(int(time.time() + seconds))


class Server(ThreadingHTTPServer):
    """Many connections at once, as the real one takes them."""

    daemon_threads = True
    request_queue_size = 128

    def speak_tls(self, certificate: Path) -> None:
        """Each connection shakes hands in its own thread, at its first read."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is nothing to speak of."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="file that gets one line per accepted message")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--per-second", type=int, default=0, help="answers 429 to more in a second of the clock")
    parser.add_argument("--tls", type=Path, help="file with the certificate and key to speak TLS with")
    parser.add_argument("--webhook-url", help="where /control/events posts to when it is told no url")
    options = parser.parse_args()
    log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if options.log else None
    provider = Provider(log, options.latency, options.webhook_url, options.per_second)
    server = Server(("127.0.0.1", options.port), type("Bound", (Handler,), {"provider": provider}))
    if options.tls:
        server.speak_tls(options.tls)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
