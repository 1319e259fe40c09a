"""SendGrid's mail/send over a pool of kept connections, and its answers sorted into outcomes."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from functools import partial
from time import monotonic

from sendgrid.helpers.mail.exceptions import ApiKeyIncludedException
from urllib3 import BaseHTTPResponse, HTTPHeaderDict, Timeout, connection_from_url
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from engage.channels.base import WINDOW, Accepted, Evidence, NotSent, OutboundEmail, Outcome, Rejected, Unknown
from engage.channels.email.addresses import UnsendableError
from engage.channels.email.sendgrid.payload import payload

log = logging.getLogger(__name__)

BATCH_SECONDS = 30.0  # past this the rest of a batch is left for later, well before its lease runs out
_ACCOUNT_SECONDS = 300.0
_THROTTLED_SECONDS = 60.0


class SendGridChannel:
    """Posts each message in a request of its own, several at a time."""

    name = "sendgrid"
    window = WINDOW

    def __init__(
        self,
        api_key: str,
        base_url: str = "https://api.sendgrid.com",
        *,
        threads: int = 16,
        connect_seconds: float = 3.0,
        read_seconds: float = 15.0,
    ) -> None:
        self._pool = connection_from_url(
            base_url,
            maxsize=threads,
            block=True,
            retries=False,
            timeout=Timeout(connect=connect_seconds, read=read_seconds),
            headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
        )
        self._threads = ThreadPoolExecutor(threads, "sendgrid")

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        """One request per message; nothing is sent twice and nothing is retried here."""
        return list(self._threads.map(partial(self._send_one, deadline=monotonic() + BATCH_SECONDS), batch))

    def evidence(self, message_id: str) -> Evidence:
        """Only the Event Webhook tells; there is nothing to ask."""
        return None

    def close(self) -> None:
        """Closes the kept connections."""
        self._pool.close()

    def _send_one(self, email: OutboundEmail, *, deadline: float) -> Outcome:
        try:
            body = payload(email)
        except UnsendableError as error:
            return Rejected(str(error))
        except ApiKeyIncludedException:
            return Rejected("the content looks as if it held a SendGrid API key")
        if monotonic() > deadline:
            return NotSent("SendGrid is slow; left for the next round", retry_after=1)
        try:
            return _outcome(self._pool.request("POST", "/v3/mail/send", body=body, redirect=False))
        except (NewConnectionError, ConnectTimeoutError) as error:
            return NotSent(f"SendGrid cannot be reached ({type(error).__name__})")
        except SSLError as error:
            if isinstance(error.args[0], ssl.SSLCertVerificationError):
                return NotSent("SendGrid's certificate is not trusted", _ACCOUNT_SECONDS)
            return Unknown("the TLS connection broke")
        except (HTTPError, OSError) as error:
            return Unknown(f"no answer after the request was sent ({type(error).__name__})")


def _outcome(response: BaseHTTPResponse) -> Outcome:
    """What SendGrid's status says about the message."""
    status = response.status
    if status in (200, 202):
        return Accepted(response.headers.get("X-Message-Id"))
    if status == 429:
        return NotSent("throttled by SendGrid", _until_reset(response.headers))
    if status in (401, 403):
        log.error("sendgrid refuses our account", extra={"status": status, "reason": _reason(response)})
        return NotSent(_reason(response), _ACCOUNT_SECONDS)
    if 400 <= status < 500 and status != 408:
        return Rejected(_reason(response))
    return Unknown(f"SendGrid answered {status}")


def _reason(response: BaseHTTPResponse) -> str:
    try:
        errors = json.loads(response.data)["errors"]
        text = "; ".join(str(error["message"]) for error in errors)
    except (ValueError, KeyError, TypeError):
        text = "no reason given"
    return f"{response.status} {text}"[:500]


def _until_reset(headers: HTTPHeaderDict) -> float:
    """Seconds until SendGrid's window opens again, by SendGrid's own clock."""
    try:
        served = parsedate_to_datetime(headers["Date"]).timestamp()
        return min(max(float(headers["X-RateLimit-Reset"]) - served, 1.0), 3600.0)
    except (KeyError, ValueError):
        return _THROTTLED_SECONDS
