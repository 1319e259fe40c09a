"""SendGrid's mail/send over a pool of kept connections; every way a request can end becomes an outcome."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from sendgrid.helpers.mail.exceptions import ApiKeyIncludedException
from urllib3 import Timeout, connection_from_url
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from engage.channels.base import (
    WINDOW,
    Accepted,
    Evidence,
    NotSent,
    OutboundEmail,
    Outcome,
    Rejected,
    Throttled,
    Unavailable,
    Unknown,
)
from engage.channels.email.addresses import UnsendableError
from engage.channels.email.sendgrid.answers import ACCOUNT_SECONDS, outcome_of
from engage.channels.email.sendgrid.payload import payload

log = logging.getLogger(__name__)

BATCH_SECONDS = 30.0  # past this the rest of a batch is left for later, well before its lease runs out
PATIENCE = 3  # requests in a row that come to nothing, after which the rest of a batch is not tried


class SendGridChannel:
    """Posts each message in a request of its own, several at a time."""

    name = "sendgrid"
    window = WINDOW

    def __init__(
        self,
        api_key: str,
        base_url: str = "https://api.sendgrid.com",
        *,
        threads: int = WINDOW,
        groups: Mapping[str, int] | None = None,
        sandbox: bool = False,
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
            **_trust(base_url),
        )
        self._threads = ThreadPoolExecutor(threads, "sendgrid")
        self._groups = dict(groups or {})
        self._sandbox = sandbox

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        """One request per message; nothing is sent twice and nothing is retried here."""
        return list(self._threads.map(partial(self._send_one, course=_Course(monotonic() + BATCH_SECONDS)), batch))

    def evidence(self, message_id: str) -> Evidence:
        """Only the Event Webhook tells; there is nothing to ask."""
        return None

    def close(self) -> None:
        """Closes the kept connections."""
        self._pool.close()

    def _send_one(self, email: OutboundEmail, *, course: _Course) -> Outcome:
        try:
            body = payload(email, group=self._groups.get(email.topic), sandbox=self._sandbox)
        except UnsendableError as error:
            return Rejected(str(error))
        except ApiKeyIncludedException:
            return Rejected("the content looks as if it held a SendGrid API key")
        stopped = course.stopped()
        if stopped is not None:
            return stopped
        outcome = self._post(body)
        course.note(outcome)
        return outcome

    def _post(self, body: bytes) -> Outcome:
        try:
            response = self._pool.request("POST", "/v3/mail/send", body=body, redirect=False)
        except (NewConnectionError, ConnectTimeoutError) as error:
            return Unavailable(f"SendGrid cannot be reached ({type(error).__name__})")
        except SSLError as error:
            if isinstance(error.args[0], ssl.SSLCertVerificationError):
                said = "SendGrid's certificate is not trusted: SSL_CERT_FILE names a file of those that are"
                return Unavailable(said, ACCOUNT_SECONDS)
            return Unknown("the TLS connection to SendGrid broke")
        except (HTTPError, OSError) as error:
            return Unknown(f"SendGrid gave no answer after the request was sent ({type(error).__name__})")
        outcome = outcome_of(response.status, response.headers, response.data)
        if isinstance(outcome, Unavailable):
            log.error("sendgrid refuses our account", extra={"status": response.status})
        return outcome


def _trust(base_url: str) -> dict[str, Any]:
    """The certificates of the system, or of SSL_CERT_FILE, read once: each connection would read them for itself."""
    return {"ssl_context": ssl.create_default_context()} if base_url.lower().startswith("https:") else {}


@dataclass(slots=True)
class _Course:
    """How a batch goes: what is left of it is not tried when time is up, or when SendGrid takes nothing any more."""

    deadline: float
    failures: int = 0  # in a row; the threads share it without a lock, one more request does no harm
    refusal: NotSent | None = field(default=None)

    def stopped(self) -> NotSent | None:
        """Why the rest is not tried; None while it is."""
        if self.refusal is None and monotonic() > self.deadline:
            return NotSent("SendGrid is slow; left for the next round", retry_after=1)
        return self.refusal

    def note(self, outcome: Outcome) -> None:
        """Learns from how one request ended."""
        match outcome:
            case Accepted(pause=pause) if pause:
                self.refusal = Throttled("SendGrid's window is full; left for the next", pause)
            case Throttled() | Unavailable():
                self.refusal = outcome
            case Unknown():
                self.failures += 1
                if self.failures >= PATIENCE:
                    self.refusal = Unavailable("SendGrid answers nothing of use; left for later")
            case _:
                self.failures = 0
