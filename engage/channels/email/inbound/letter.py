"""A mail that came in, as its parts: who wrote it, to whom, what it answers, and its text as it was sent.

Reading never fails: what cannot be read is left out, and what is endless is cut.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from engage.channels.base import Mailbox
from engage.channels.email.inbound.charsets import decoded, storable
from engage.channels.email.inbound.html_text import text_of_html

MOST_TEXT = 100_000  # characters; nobody writes more, and what robots write is not read further
_MOST_PARTS = 200
_LONGEST_HEADER = 20_000
_MOST_MAILBOXES = 100
_ID = re.compile(r"<([^<>\s]{1,500})>")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"]{1,64}@[^\s<>()\[\],;:\"@]{1,255}")
_FOLD = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail; only what it is called and how big it is."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail as a person would read it."""

    message: Message
    header_id: str  # its Message-ID without the brackets; empty where it has none
    sent_at: datetime | None
    sender: Mailbox
    to: tuple[Mailbox, ...]  # with those who got a copy
    subject: str
    answers: tuple[str, ...]  # the Message-IDs that it answers, the nearest first
    text: str
    attachments: tuple[Attachment, ...] = field(default=())

    def header(self, name: str) -> str:
        """A header's text; empty where there is none."""
        return _header(self.message, name)


def read_letter(raw: bytes) -> Letter:
    """The mail in these bytes, as far as it can be read."""
    message = _parsed(raw)
    parts = list(_leaves(message))
    senders = _mailboxes(message, "From") or _mailboxes(message, "Sender")
    return Letter(
        message=message,
        header_id=next(iter(_ids(message, "Message-ID")), ""),
        sent_at=_instant(_header(message, "Date")),
        sender=senders[0] if senders else ("", ""),
        to=(*_mailboxes(message, "To"), *_mailboxes(message, "Cc"))[:_MOST_MAILBOXES],
        subject=_header(message, "Subject"),
        answers=_answers(message),
        text=_text(parts),
        attachments=tuple(_attachment(part) for part in parts if _is_attached(part)),
    )


def content_of(part: Message) -> bytes:
    """The bytes of a part without its transfer encoding."""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, TypeError, AssertionError):
        return b""
    return content if isinstance(content, bytes) else b""


def _parsed(raw: bytes) -> Message:
    try:
        return email.message_from_bytes(raw, policy=email.policy.compat32)
    except RecursionError:  # parts within parts within parts: a robot's work, of which the head is enough
        return email.message_from_bytes(raw.partition(b"\r\n\r\n")[0], policy=email.policy.compat32)


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something themselves; a mail within the mail is one of them, and is not entered."""
    waiting, seen = [message], 0
    while waiting and seen < _MOST_PARTS:
        part, seen = waiting.pop(0), seen + 1
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            waiting = [one for one in part.get_payload() if isinstance(one, Message)] + waiting
        else:
            yield part


def _header(message: Message, name: str) -> str:
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), None)
    return "" if raw is None else " ".join(header_text(str(raw)[:_LONGEST_HEADER]).split())


def header_text(raw: str) -> str:
    """A header's value with its encoded words read, and plain 8-bit or ISO-2022-JP text as well."""
    data = _FOLD.sub("", raw).encode("utf-8", "surrogateescape")
    if b"=?" not in data:
        return decoded(data)
    try:
        words = decode_header(data.decode("ascii", "replace"))
    except (ValueError, LookupError):
        return decoded(data)
    return "".join(storable(word) if isinstance(word, str) else decoded(word, charset) for word, charset in words)


def _mailboxes(message: Message, name: str) -> list[Mailbox]:
    """Names and addresses; the names are read after the commas between them, not before."""
    raw = [str(value)[:_LONGEST_HEADER] for key, value in message.raw_items() if key.lower() == name.lower()]
    try:
        named = getaddresses([_FOLD.sub("", one) for one in raw])
    except (RecursionError, ValueError, IndexError):
        named = []
    found = []
    for display, address in named:
        plain = _ADDRESS.search(address)
        if plain is not None:
            found.append((" ".join(header_text(display).split()), decoded(plain[0].encode("utf-8", "surrogateescape"))))
    return found or [("", one) for one in _ADDRESS.findall(" ".join(map(header_text, raw)))][:1]


def _ids(message: Message, name: str) -> list[str]:
    return _ID.findall(_header(message, name)) or _header(message, name).split()[:1]


def _answers(message: Message) -> tuple[str, ...]:
    """What it answers itself, then what that answered, back to the first."""
    nearest_first = [*_ids(message, "In-Reply-To"), *reversed(_ID.findall(_header(message, "References")))]
    return tuple(dict.fromkeys(nearest_first))[:50]


def _instant(written: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(written)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _text(parts: Sequence[Message]) -> str:
    """The plain text; where there is none, what its HTML says."""
    read = [part for part in parts if not _is_attached(part)]
    plain = [_plain(part) for part in read if part.get_content_type() == "text/plain"]
    text = "\n".join(one for one in plain if one.strip())
    if not text:
        text = "\n".join(text_of_html(_said(part)) for part in read if part.get_content_type() == "text/html")
    return text.replace("\r\n", "\n").replace("\r", "\n")[:MOST_TEXT]


def _plain(part: Message) -> str:
    text = _said(part)
    return _unflowed(text, part) if str(part.get_param("format", "")).lower() == "flowed" else text


def _said(part: Message) -> str:
    charset = part.get_param("charset")
    return decoded(content_of(part), str(charset) if isinstance(charset, str) else None)[: 4 * MOST_TEXT]


def _unflowed(text: str, part: Message) -> str:
    """Lines that were broken for the way only, as one (RFC 3676); Japanese ones without the space between."""
    joint = "" if str(part.get_param("delsp", "")).lower() == "yes" else " "
    pieces: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        is_soft = line.endswith(" ") and line != "-- " and not line.startswith(">")
        pieces.append(line[:-1] + joint if is_soft else line + "\n")
    return "".join(pieces).removesuffix("\n")


def _is_attached(part: Message) -> bool:
    is_text = part.get_content_type() in ("text/plain", "text/html")
    return part.get_content_disposition() == "attachment" or (bool(part.get_filename()) and not is_text)


def _attachment(part: Message) -> Attachment:
    name = part.get_filename() or ""
    return Attachment(header_text(name)[:200], storable(part.get_content_type())[:100], len(content_of(part)))
