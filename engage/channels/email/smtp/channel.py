"""SMTP: kept, pipelined connections, and every way a hand-over can end sorted into an outcome."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

from engage.channels.base import (
    WINDOW,
    Accepted,
    Declined,
    Evidence,
    NotSent,
    OutboundEmail,
    Outcome,
    Rejected,
    Unavailable,
    Unknown,
)
from engage.channels.email.addresses import UnsendableError, wire_address
from engage.channels.email.mime import to_bytes
from engage.channels.email.refusals import OURS_REFUSED, Fault, fault_of
from engage.channels.email.smtp.connection import Reply, SmtpConnection, SmtpError, SmtpServer
from engage.channels.email.smtp.lanes import deal

log = logging.getLogger(__name__)

BATCH_SECONDS = 30.0  # past this the rest of a batch is left for later, well before its lease runs out
_RECYCLE_AFTER = 1000  # messages a connection carries before it is made anew
_RETRY_SECONDS = 60.0
_LEADING_DOT = re.compile(rb"\r\n\.")  # finds none faster than `replace` does
_OURS_SECONDS = 900.0  # until a person has mended what is ours; nothing gets better by asking each minute


@dataclass(frozen=True, slots=True)
class _Envelope:
    opening: bytes  # MAIL, RCPT … and DATA, to be answered one by one
    recipients: tuple[str, ...]  # the addressee, then those who get a copy
    content: bytes


class SmtpChannel:
    """Hands messages to one SMTP server over as many kept connections as asked for.

    Of these, at most `per_domain` carry mail to one receiving domain at a time. `bounces` is where servers send what
    they cannot deliver, with `{id}` where the message's id is to stand; without it that is the sender.
    """

    name = "smtp"
    window = WINDOW

    def __init__(
        self, server: SmtpServer, *, connections: int = 1, per_domain: int | None = None, bounces: str | None = None
    ) -> None:
        self._lanes = [_Lane(server, bounces) for _ in range(connections)]
        self._threads = ThreadPoolExecutor(connections, "smtp") if connections > 1 else None
        self._per_domain = per_domain or connections

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        """One SMTP transaction per message; connections share the batch."""
        if self._threads is None:
            return self._lanes[0].send(batch)
        shares = deal([email.to_address for email in batch], lanes=len(self._lanes), per_domain=self._per_domain)
        outcomes: list[Outcome] = [NotSent("not tried")] * len(batch)
        sent = self._threads.map(lambda lane, share: lane.send([batch[place] for place in share]), self._lanes, shares)
        for share, answers in zip(shares, sent, strict=True):
            for place, answer in zip(share, answers, strict=True):
                outcomes[place] = answer
        return outcomes

    def evidence(self, message_id: str) -> Evidence:
        """SMTP cannot be asked afterwards."""
        return None

    def close(self) -> None:
        """Says goodbye on every connection."""
        for lane in self._lanes:
            lane.quit()


class _Lane:
    """One connection and the messages that go through it one after the other."""

    def __init__(self, server: SmtpServer, bounces: str | None) -> None:
        self._server = server
        self._bounces = bounces
        self._connection: SmtpConnection | None = None
        self._ahead: list[Reply] | None = None  # the server's word on the next message, asked for with the last one

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        deadline = monotonic() + BATCH_SECONDS
        prepared = [_prepared(email, self._bounces) for email in batch]
        outcomes: list[Outcome] = []
        for number, envelope in enumerate(prepared):
            if isinstance(envelope, Rejected):
                outcomes.append(envelope)
                continue
            if monotonic() > deadline:
                outcomes.append(NotSent("the server is slow; left for the next round", retry_after=1))
                continue
            following = prepared[number + 1] if number + 1 < len(prepared) else None
            try:
                outcomes.append(self._send_one(envelope, following if isinstance(following, _Envelope) else None))
            except (OSError, SmtpError) as error:
                # Raised before any content left: neither this message nor the rest of the batch has been handed over.
                self.drop()
                log.warning("smtp server unreachable", extra={"host": self._server.host, "error": str(error)})
                rest = Unavailable(f"the SMTP server is not usable: {error}", _RETRY_SECONDS)
                return outcomes + [rest] * (len(batch) - len(outcomes))
        if self._ahead is not None:
            self.drop()  # opened a transaction that nobody will fill
        return outcomes

    def quit(self) -> None:
        if self._connection is not None:
            self._connection.quit()
        self._connection = self._ahead = None

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._ahead = None

    def _send_one(self, envelope: _Envelope, following: _Envelope | None) -> Outcome:
        """Raises OSError or SmtpError only when the content surely has not left."""
        if self._connection is not None and self._connection.messages >= _RECYCLE_AFTER and self._ahead is None:
            self.quit()
        if self._connection is not None:
            try:
                return self._transaction(self._connection, envelope, following)
            except OSError:
                self.drop()  # a kept connection may have died of idleness: once more over a new one
        self._connection = SmtpConnection(self._server)
        return self._transaction(self._connection, envelope, following)

    def _transaction(self, connection: SmtpConnection, envelope: _Envelope, following: _Envelope | None) -> Outcome:
        replies, self._ahead = self._ahead or _opened(connection, envelope), None
        refusal = self._refusal(replies, envelope)
        if refusal is not None:
            return refusal
        connection.messages += 1
        ask_ahead = following if connection.pipelining and connection.messages < _RECYCLE_AFTER else None
        try:
            connection.write(envelope.content + ask_ahead.opening if ask_ahead else envelope.content)
            reply = connection.read()
        except OSError as error:
            self.drop()
            return Unknown(f"no answer after the message was handed over ({type(error).__name__})")
        if reply.code == 421:
            self.drop()
        elif ask_ahead is not None:
            self._ahead = self._read_ahead(connection, ask_ahead)
        if not reply.ok:
            return self._judged(reply, envelope.recipients if len(envelope.recipients) == 1 else ())
        return Accepted(reply.text[:200], dead=_dead_copies(replies, envelope) if len(replies) > 3 else ())

    def _read_ahead(self, connection: SmtpConnection, following: _Envelope) -> list[Reply] | None:
        try:
            return [connection.read() for _ in range(len(following.recipients) + 2)]
        except OSError:
            self.drop()
            return None

    def _refusal(self, replies: list[Reply], envelope: _Envelope) -> Outcome | None:
        """What MAIL, RCPT and DATA were answered; None means the server now waits for the content."""
        mail, recipient, data = replies[0], replies[1], replies[-1]
        for reply in replies[2:-1]:
            if not reply.ok:
                log.warning("a copy was refused", extra={"code": reply.code})
        for reply in (mail, recipient, data):
            if not reply.ok:
                if data.ok or reply.code == 421:
                    self.drop()  # hanging up alone ends it safely if the server waits for content that must not come
                elif self._connection is not None:
                    self._reset(self._connection)
                return self._judged(reply, envelope.recipients[:1] if reply is recipient else (), to_us=reply is mail)
        return None

    def _judged(self, reply: Reply, addresses: tuple[str, ...], *, to_us: bool = False) -> NotSent | Rejected:
        """What a refusal means for the message: it passes, it is for good, or it is for us to mend or to go elsewhere.

        `addresses` may turn out not to exist; `to_us`: nobody had been named yet of whom it could speak.
        """
        reason = " ".join(str(reply).split())[:400]
        fault = fault_of(reply.code, reply.text)
        if fault is Fault.MOMENT:
            return NotSent(reason, _RETRY_SECONDS)
        if fault is Fault.OURS or to_us:
            log.error("the smtp server refuses us", extra={"host": self._server.host, "code": reply.code})
            return Declined(f"{OURS_REFUSED}: {reason}", _OURS_SECONDS)
        return Rejected(reason, dead=addresses if fault is Fault.ADDRESS else ())

    def _reset(self, connection: SmtpConnection) -> None:
        try:
            ready = connection.command("RSET").ok
        except OSError:
            ready = False
        if not ready:
            self.drop()


def _opened(connection: SmtpConnection, envelope: _Envelope) -> list[Reply]:
    """MAIL, RCPT and DATA, with all their replies."""
    if connection.pipelining:
        connection.write(envelope.opening)
        return [connection.read() for _ in range(len(envelope.recipients) + 2)]
    replies = []
    for line in envelope.opening.splitlines(keepends=True):
        connection.write(line)
        replies.append(connection.read())
    return replies


def _dead_copies(replies: Sequence[Reply], envelope: _Envelope) -> tuple[str, ...]:
    """Those of the copies that the server knows to reach nobody."""
    refused = zip(envelope.recipients[1:], replies[2:-1], strict=True)
    return tuple(
        address for address, reply in refused if not reply.ok and fault_of(reply.code, reply.text) is Fault.ADDRESS
    )


def _prepared(email: OutboundEmail, bounces: str | None) -> _Envelope | Rejected:
    try:
        return _envelope(email, bounces)
    except UnsendableError as error:
        return Rejected(str(error))


def _envelope(email: OutboundEmail, bounces: str | None) -> _Envelope:
    recipients = (email.to_address, *(address for _, address in email.cc))
    sender = bounces.replace("{id}", email.message_id) if bounces else email.from_address
    lines = [f"MAIL FROM:<{wire_address(sender)}>"]
    lines += [f"RCPT TO:<{wire_address(address)}>" for address in recipients]
    opening = "\r\n".join((*lines, "DATA\r\n")).encode("ascii")
    return _Envelope(opening, recipients, _dotted(to_bytes(email)))


def _dotted(content: bytes) -> bytes:
    """The content with leading dots doubled and the end mark behind it."""
    return _LEADING_DOT.sub(b"\r\n..", content) + b".\r\n"
