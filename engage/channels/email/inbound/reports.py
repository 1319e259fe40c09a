"""What servers report later: deliveries that failed, wait or succeeded (RFC 3464), and complaints (RFC 5965).

Which message a report is about is told only by our own id in what it returns: anybody can write a bounce, but nobody
can guess that id.
"""

from __future__ import annotations

import email
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from itertools import islice

from flufl.bounce import all_failures

from engage.channels.email.inbound.charsets import decoded
from engage.channels.email.inbound.letter import Letter, content_of, header_text
from engage.channels.email.refusals import STATUS, Fault, fault_of
from engage.ids import ids_in

_FIRST_REPORTED = 100
_MOST_PARTS = 30
_MOST_READ = 200_000
_CODE = re.compile(r"(?<!\d)([245]\d\d)(?=[ -])")
_DAEMONS = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|microsoftexchange\w*)@", re.IGNORECASE)
_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
_STATUSES = ("message/delivery-status", "message/global-delivery-status")


@dataclass(frozen=True, slots=True)
class Reported:
    """What is told about one address."""

    kind: str  # bounced | dropped | deferred | delivered | processed | complained
    addresses: tuple[str, ...]  # as it was written to, and what that led to
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """A server's report, with the message of ours that it returns where it returns one."""

    message_id: str | None
    about: tuple[Reported, ...]


def read_report(letter: Letter, *, envelope_from: str | None) -> Report | None:
    """The report in a mail; None where it is none."""
    parts = list(_parts(letter.message))
    blocks = [block for part in parts if part.get_content_type() in _STATUSES for block in _blocks(part)]
    told = tuple(one for block in blocks if (one := _told(block)) is not None)[:_FIRST_REPORTED]
    complaints = [part for part in parts if part.get_content_type() == "message/feedback-report"]
    if complaints:
        told = tuple(_complained(part) for part in complaints)
    elif not told:
        told = _by_habit(letter, envelope_from)
    return Report(_returned_id(letter, parts, blocks), told) if told else None


def _parts(message: Message) -> Iterator[Message]:
    """The parts of the report itself; what is inside the returned mail is none of them."""
    content = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(content, list):
        for part in content[:20]:
            if isinstance(part, Message):
                yield part
                if part.get_content_maintype() == "multipart":
                    yield from _parts(part)


def _blocks(part: Message) -> list[Message]:
    content = part.get_payload()
    if isinstance(content, list):
        return [block for block in content if isinstance(block, Message)]
    return [email.message_from_string(block) for block in decoded(content_of(part)).split("\n\n")]


def _told(block: Message) -> Reported | None:
    action = _field(block, "Action").lower()
    named = [_address(_field(block, name)) for name in ("Original-Recipient", "Final-Recipient")]
    addresses = tuple(dict.fromkeys(one for one in named if one))
    if not action or not addresses:
        return None
    status, diagnosis = _field(block, "Status"), _field(block, "Diagnostic-Code")
    reason = " ".join(part for part in (status, diagnosis) if part)[:500]
    if action.startswith(("fail", "error")):
        return Reported(_failed(status, diagnosis), addresses, reason)
    kinds = {"delayed": "deferred", "delivered": "delivered", "relayed": "processed", "expanded": "processed"}
    kind = kinds.get(action.split()[0])
    return Reported(kind, addresses, reason) if kind else None


def _failed(status: str, diagnosis: str) -> str:
    """Bounced where the address is at fault, else dropped: the next mail may well arrive."""
    said = diagnosis.partition(";")[2].strip() or diagnosis
    code = _CODE.search(said)
    words = said if STATUS.search(said) else f"{status} {said}"
    begins = STATUS.search(words)
    text = words[begins.start() :] if begins else words
    return "bounced" if fault_of(int(code[1]) if code else 0, text) is Fault.ADDRESS else "dropped"


def _field(block: Message, name: str) -> str:
    return " ".join(header_text(str(block.get(name, ""))).split())[:2000]


def _address(field: str) -> str:
    """`rfc822; name@example.com` without its type and brackets."""
    return field.rpartition(";")[2].strip().strip("<>")[:320]


def _complained(part: Message) -> Reported:
    block = next(iter(_blocks(part)), part)
    address = _address(_field(block, "Original-Rcpt-To"))
    return Reported("complained", (address,) if address else (), _field(block, "Feedback-Type")[:100] or "abuse")


def _by_habit(letter: Letter, envelope_from: str | None) -> tuple[Reported, ...]:
    """The reports of servers that keep to no standard; only what a mail system sends is taken for one."""
    if envelope_from != "" and letter.header("Return-Path") != "<>" and not _DAEMONS.match(letter.sender[1]):
        return ()
    if next(islice(letter.message.walk(), _MOST_PARTS, None), None) is not None:
        return ()  # no server's report has so many, and each pattern would be tried on all of them
    logging.getLogger("flufl.bounce").disabled = True  # it would log addresses, and each pattern that it tries
    try:
        waiting, failed = all_failures(letter.message)
    except Exception:  # its patterns meet whatever robots write
        return ()
    found = [("deferred", one) for one in sorted(waiting)] + [("bounced", one) for one in sorted(failed)]
    return tuple(_habitual(kind, one.decode("ascii", "replace"), letter) for kind, one in found[:_FIRST_REPORTED])


def _habitual(kind: str, address: str, letter: Letter) -> Reported:
    """What the text around the address says decides; without a word of it nobody's address is given up."""
    at = letter.text.lower().find(address.lower())
    around = letter.text[max(at - 200, 0) : at + 600]
    begins = STATUS.search(around)
    code = _CODE.search(around)
    fault = fault_of(int(code[1]) if code else 0, around[begins.start() :] if begins else around)
    if kind == "bounced" and fault is not Fault.ADDRESS:
        kind = "dropped"
    return Reported(kind, (address,), " ".join(around.split())[:500])


def _returned_id(letter: Letter, parts: list[Message], blocks: list[Message]) -> str | None:
    """Our id in the head of the mail that came back; else in the envelope's id, else the only one that stands there."""
    for part in parts:
        if part.get_content_type() in _RETURNED:
            head = _head_of(part)
            for name in ("X-Engage-Message", "Message-ID"):
                if found := ids_in(str(head.get(name, "")), "msg"):
                    return found[0]
    envelope = " ".join(_field(block, "Original-Envelope-Id") for block in blocks)
    texts = [decoded(content_of(part))[:_MOST_READ] for part in parts if part.get_content_maintype() == "text"]
    for text in (envelope, "\n".join((letter.text, *texts))):
        found = ids_in(text, "msg")
        if len(found) == 1:
            return found[0]
    return None


def _head_of(part: Message) -> Message:
    content = part.get_payload()
    if isinstance(content, list) and content and isinstance(content[0], Message):
        return content[0]
    return email.message_from_string(decoded(content_of(part))[:_MOST_READ])
