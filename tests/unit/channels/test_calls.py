"""Calls to addresses of the team's own: where they may go, how they are signed, what answers mean."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest

from engage.channels.base import Accepted, NotSent, Outcome, Rejected, Unknown
from engage.channels.calls.addresses import ForbiddenAddressError, checked_address, may_be_called, networks
from engage.channels.calls.endpoints import Calls
from engage.channels.calls.posting import post
from engage.channels.calls.signing import key_of, signed_headers
from engage.config import Settings
from engage.errors import InputError

LOCAL = networks(["127.0.0.0/8"])
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the example in the specification
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),  # cloud metadata
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),  # IPv4 in IPv6
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::a00:1", False),  # NAT64 of 10.0.0.1
        ("2002:a00:1::", False),  # 6to4 of 10.0.0.1
        ("::10.0.0.1", False),
    ],
)
def test_only_public_addresses_are_called(address: str, expected: bool) -> None:
    assert may_be_called(ip_address(address), allowed=()) is expected


def test_an_inner_network_is_called_only_where_a_setting_allows_it() -> None:
    allowed = networks(["10.1.0.0/16", "fd00::/8"])

    assert may_be_called(ip_address("10.1.9.9"), allowed=allowed)
    assert may_be_called(ip_address("::ffff:10.1.9.9"), allowed=allowed)
    assert may_be_called(ip_address("fd00::7"), allowed=allowed)
    assert not may_be_called(ip_address("10.2.0.1"), allowed=allowed)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "::1"])
def test_however_the_inner_address_is_written_it_is_refused(host: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        checked_address(host, 443, allowed=())


def test_the_signature_is_that_of_the_specification() -> None:
    at = datetime.fromtimestamp(1614265330, tz=UTC)
    headers = signed_headers(SECRET, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=at, body=b'{"test": 2432232314}')

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        key_of(secret)


@dataclass
class Receiver:
    """A server that answers with the statuses it was given, and keeps what it got."""

    url: str
    statuses: list[int]
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Location", "http://169.254.169.254/")
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook?x=1", list(statuses))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Accepted()),
        (204, Accepted()),
        (302, Rejected("answered 302")),  # a redirect is never followed
        (404, Rejected("answered 404")),
        (410, Rejected("answered 410")),
        (429, NotSent("answered 429", 7.0)),
        (500, Unknown("answered 500")),
        (0, Unknown("no answer (ProtocolError)")),
    ],
)
def test_what_an_answer_means(status: int, expected: Outcome) -> None:
    with receiving(status) as receiver:
        assert post(receiver.url, b"{}", {}, allowed=LOCAL) == expected
        assert [path for path, _, _ in receiver.got] == ["/hook?x=1"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/x", "not public"),
        ("https://[::ffff:169.254.169.254]/latest", "not public"),
        ("http://93.184.215.14/x", "over https"),
        ("https://93.184.215.14:22/x", "over https"),
        ("https://host:port/x", "cannot be read"),
    ],
)
def test_where_no_call_may_go_none_goes(url: str, said: str) -> None:
    outcome = post(url, b"{}", {}, allowed=())

    assert isinstance(outcome, Rejected) and said in outcome.reason


def test_nobody_listening_is_surely_not_sent() -> None:
    with receiving() as receiver:
        url = receiver.url
    assert isinstance(post(url, b"{}", {}, allowed=LOCAL), NotSent)
    assert isinstance(post("https://no-such-host.invalid/", b"{}", {}, allowed=()), NotSent)


def test_a_webhook_is_signed_over_the_very_bytes() -> None:
    with receiving() as receiver:
        calls = Calls({"crm": receiver.url}, {"crm": SECRET}, {"cs": receiver.url}, LOCAL)
        assert calls.webhook("crm", "ntc_1", {"data": {"名": "株式会社"}}, now=NOW) == Accepted()
        assert calls.slack_message("cs", {"text": "こんにちは"}) == Accepted()
    (_, headers, body), (_, _, line) = receiver.got

    assert headers["content-type"] == "application/json" and json.loads(body) == {"data": {"名": "株式会社"}}
    again = signed_headers(SECRET, message_id="ntc_1", at=NOW, body=body)
    assert {name: headers[name] for name in again} == again
    assert json.loads(line) == {"text": "こんにちは"}


@pytest.mark.parametrize(("name", "said"), [("nobody", "ENGAGE_WEBHOOKS"), ("bare", "ENGAGE_WEBHOOK_SECRETS")])
def test_a_name_that_the_settings_lack_is_refused(name: str, said: str) -> None:
    outcome = Calls({"bare": "https://x.example"}).webhook(name, "ntc_1", {}, now=NOW)

    assert isinstance(outcome, Rejected) and said in outcome.reason
    assert isinstance(Calls().slack_message("nobody", {}), Rejected)


def test_the_settings_name_addresses_and_secrets(tmp_path: object) -> None:
    env = {
        "ENGAGE_HOME": str(tmp_path),
        "ENGAGE_WEBHOOKS": "crm=https://crm.example/hook?a=b billing=https://b.example/",
        "ENGAGE_WEBHOOK_SECRETS": f"crm={SECRET}",
        "ENGAGE_SLACK": "cs=https://hooks.slack.example/services/T/B/x",
        "ENGAGE_CALL_NETWORKS": "10.1.0.0/16",
    }
    calls = Calls.of(Settings.from_env(env))
    assert calls.webhooks["crm"] == "https://crm.example/hook?a=b" and calls.secrets == {"crm": SECRET}
    for wrong in ({"ENGAGE_CALL_NETWORKS": "ten"}, {"ENGAGE_WEBHOOK_SECRETS": "crm=whsec_!"}):
        with pytest.raises(InputError):
            Calls.of(Settings.from_env(env | wrong))
