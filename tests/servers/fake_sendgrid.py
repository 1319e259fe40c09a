"""A stand-in for SendGrid over HTTP that keeps its own log and can post signed Event Webhooks back.

`python -m tests.servers.fake_sendgrid --log FILE` prints its port. The log gets one JSON line per accepted message,
written before the 202. Addresses choose faults: `reject…` 400, `throttle…` 429, `broken…` 500, `hangup…` accepted but
never answered.
`POST /control/events {"url": …, "events": [{"message_id": …, "event": "delivered", …}]}` sends a signed webhook
(`"timestamp": "1700000000"` signs it as of then);
`GET /control/key` gives the public key as SendGrid shows it (base64 DER).
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import time
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Provider:
    """The stand-in's state: its log, its signing key, its speed."""

    log: int | None = None
    latency: float = 0.0
    webhook_url: str | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def public_key(self) -> str:
        der = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
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
        }
        os.write(self.log, json.dumps(line).encode("ascii") + b"\n")

    def post_events(self, url: str, events: list[dict[str, Any]], timestamp: str | None = None) -> int:
        """Posts one signed batch the way SendGrid does; returns the receiver's status."""
        raw = (json.dumps([event_body(event) for event in events]) + "\r\n").encode("utf-8")
        headers = {"Content-Type": "application/json", **self.signed(raw, timestamp)}
        request = urllib.request.Request(url, raw, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def signed(self, raw: bytes, timestamp: str | None = None) -> dict[str, str]:
        """The two signature headers for a body."""
        stamp = timestamp or str(int(time.time()))
        signature = self.key.sign(stamp.encode("ascii") + raw, ec.ECDSA(hashes.SHA256()))
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
    """mail/send, and the controls for tests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write per answer
    provider: Provider

    def do_GET(self) -> None:
        if self.path == "/control/key":
            self._answer(200, {"public_key": self.provider.public_key()})
        else:
            self._answer(404, {"errors": [{"message": "not found"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v3/mail/send":
            self._send(body)
        elif self.path == "/control/events":
            url = body.get("url") or self.provider.webhook_url
            status = self.provider.post_events(url, body["events"], body.get("timestamp"))
            self._answer(200, {"status": status})
        else:
            self._answer(404, {"errors": [{"message": "not found"}]})

    def _send(self, mail: dict[str, Any]) -> None:
        if self.provider.latency:
            time.sleep(self.provider.latency)
        if not self.headers.get("Authorization", "").startswith("Bearer SG."):
            self._answer(401, {"errors": [{"message": "The provided authorization grant is invalid"}]})
            return
        address = mail["personalizations"][0]["to"][0]["email"]
        if address.startswith("reject"):
            self._answer(400, {"errors": [{"message": "Does not contain a valid address.", "field": "to"}]})
        elif address.startswith("throttle"):
            self._answer(429, {"errors": [{"message": "too many requests"}]}, reset=time.time() + 7)
        elif address.startswith("broken"):
            self._answer(500, {"errors": [{"message": "internal"}]})
        else:
            provider_id = secrets.token_hex(11)
            self.provider.take(mail, provider_id)
            if address.startswith("hangup"):
                self.close_connection = True
            else:
                self._answer(202, None, provider_id=provider_id)

    def _answer(self, status: int, body: object, *, provider_id: str | None = None, reset: float | None = None) -> None:
        raw = b"" if body is None else json.dumps(body).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        if provider_id:
            self.send_header("X-Message-Id", provider_id)
        if reset:
            self.send_header("X-RateLimit-Reset", str(int(reset)))
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Its log is the file; standard error stays quiet."""


class Server(ThreadingHTTPServer):
    """Many connections at once, as the real one takes them."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is nothing to speak of."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="file that gets one line per accepted message")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--webhook-url", help="where /control/events posts to when it is told no url")
    options = parser.parse_args()
    log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if options.log else None
    provider = Provider(log, options.latency, options.webhook_url)
    server = Server(("127.0.0.1", options.port), type("Bound", (Handler,), {"provider": provider}))
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
