"""An email as bytes, written by hand: the same message the standard library would write, at a tenth of the cost."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from struct import Struct

from engage.channels.base import OutboundEmail
from engage.channels.email.addresses import check, message_id_of, wire_address

_LINE = 76  # RFC 2047: a line that holds an encoded word has at most 76 octets
_WORD_FRAME = len("=?utf-8?b??=")
_BODY_LINE_LIMIT = 990  # RFC 5321 allows 998 octets a line; longer bodies travel as base64
_PLAIN = re.compile(r"[\x20-\x7e]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def to_bytes(email: OutboundEmail) -> bytes:
    """The whole message with CRLF line ends, or UnsendableError naming the part that cannot travel."""
    check(email)
    boundary = f"=_engage_{email.message_id}"
    sender = wire_address(email.from_address)
    lines = [
        mailbox_header("From", email.from_name, sender),
        mailbox_header("To", email.to_name, wire_address(email.to_address)),
        text_header("Subject", email.subject),
        f"Date: {_date(email.sent_at.replace(microsecond=0))}",
        f"Message-ID: {message_id_of(email)}",
        f"X-Engage-Message: {email.message_id}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    if email.reply_to:
        lines.append(mailbox_header("Reply-To", "", wire_address(email.reply_to)))
    if email.cc:
        lines.append(_cc_header(email))
    lines.extend(_machine_header(name, value) for name, value in email.headers)
    head = "\r\n".join(lines).encode("ascii")
    edge = boundary.encode("ascii")
    text, html = _part("plain", email.text, edge), _part("html", email.html, edge)
    pieces = (head, b"\r\n\r\n--", edge, *text, b"\r\n--", edge, *html, b"\r\n--", edge, b"--\r\n")
    return b"".join(pieces)


def text_header(name: str, value: str) -> str:
    """An unstructured header: plain when it is ASCII and fits, folded or RFC 2047 encoded otherwise."""
    if _PLAIN.fullmatch(value) and "=?" not in value:
        if len(name) + 2 + len(value) <= _LINE and value == value.strip(" "):
            return f"{name}: {value}"
        folded = _fold(name, value)
        if folded is not None:
            return folded
    return f"{name}: {_encoded_words(value, len(name) + 2)}"


def _machine_header(name: str, value: str) -> str:
    """A header read by programs (List-Unsubscribe …): never folded inside a URL, never encoded when ASCII."""
    line = f"{name}: {value}"
    return line if value.isascii() and len(line) <= _BODY_LINE_LIMIT else text_header(name, value)


@lru_cache(maxsize=4096)
def mailbox_header(name: str, display: str, address: str) -> str:
    """An address header with one mailbox."""
    return f"{name}: {_mailbox(display, address, len(name) + 2)}"


def _cc_header(email: OutboundEmail) -> str:
    boxes = [_mailbox(name, wire_address(address), 4) for name, address in email.cc]
    return "Cc: " + ",\r\n ".join(boxes)


def _mailbox(display: str, address: str, used: int) -> str:
    if not display:
        return address
    phrase = _phrase(display, used)
    _, fold, last_line = phrase.rpartition("\r\n")
    column = len(last_line) if fold else used + len(phrase)
    gap = " " if column + len(address) + 3 <= _LINE else "\r\n "
    return f"{phrase}{gap}<{address}>"


def _phrase(display: str, used: int) -> str:
    plain = _PLAIN.fullmatch(display) and "=?" not in display and used + len(display) + 2 <= _LINE
    if plain and _ATOMS.fullmatch(display):
        return display
    if plain and display == display.strip(" "):
        return '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _encoded_words(display, used)


def _fold(name: str, value: str) -> str | None:
    """Fold at single spaces; None when the text has runs of spaces or a word too long for a line."""
    words = value.split(" ")
    if "" in words or max(map(len, words)) > _LINE - len(name) - 2:
        return None
    lines = [f"{name}: {words[0]}"]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= _LINE:
            lines[-1] += " " + word
        else:
            lines.append(" " + word)
    return "\r\n".join(lines)


def _encoded_words(text: str, used: int) -> str:
    return "\r\n ".join(f"=?utf-8?b?{b2a_base64(c, newline=False).decode('ascii')}?=" for c in _chunks(text, used))


def _chunks(text: str, used: int) -> Iterator[bytes]:
    """UTF-8 pieces that never split a character and each fit one encoded word on its line."""
    limit = _octets(_LINE - used - _WORD_FRAME)
    data = text.encode("utf-8")
    start = 0
    while len(data) - start > limit:
        end = start + limit
        while data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end]
        start, limit = end, _octets(_LINE - 1 - _WORD_FRAME)
    yield data[start:]


def _octets(room: int) -> int:
    """How many octets base64 can carry in so many characters."""
    return max(room, 8) // 4 * 3


def _part(subtype: str, content: str, edge: bytes) -> tuple[bytes, ...]:
    body = content.encode("utf-8")
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content.isascii() and b"\0" not in body and edge not in body and _lines_fit(body):
        return (_PART_HEADS[subtype, "7bit"], body.replace(b"\n", b"\r\n"))
    return (_PART_HEADS[subtype, "base64"], _wrapped_base64(body.replace(b"\n", b"\r\n")))


def _lines_fit(body: bytes) -> bool:
    return len(body) <= _BODY_LINE_LIMIT or max(map(len, body.split(b"\n"))) <= _BODY_LINE_LIMIT


def _wrapped_base64(data: bytes) -> bytes:
    encoded = b2a_base64(data, newline=False)
    full = len(encoded) // _LINE
    return b"\r\n".join((*_rows(full).unpack_from(encoded), encoded[full * _LINE :]))


@lru_cache(maxsize=1024)
def _rows(count: int) -> Struct:
    return Struct("76s" * count)


@lru_cache(maxsize=64)
def _date(instant: datetime) -> str:
    return format_datetime(instant)


_PART_HEADS = {
    (subtype, encoding): (
        f"\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode("ascii")
    for subtype in ("plain", "html")
    for encoding in ("7bit", "base64")
}
