"""SendGrid's Inbound Parse: the fields of its form as a mail, raw as it came or put together from the parsed parts."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engage.channels.email.inbound.arrived import Arrived
from engage.errors import InputError

_OURS_TO_SAY = re.compile(rb"^(?:mime-version|content-[a-z-]+):.*(?:\r?\n[ \t].*)*\r?\n?", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(r"[A-Za-z0-9!#$&^_.+-]+")
_TYPE = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+")
_EDGE = b"=_engage_inbound"


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of the form."""

    type: str
    name: str
    content: bytes


def read_inbound(fields: Mapping[str, bytes], files: Mapping[str, FormFile]) -> Arrived:
    """The mail in a form; raises InputError where the form holds none."""
    if "email" in fields or "email" in files:
        raw = fields["email"] if "email" in fields else files["email"].content
    elif "headers" in fields:
        raw = _put_together(fields, list(files.values()))
    else:
        raise InputError("the form holds no mail: it has neither `email` nor `headers`", code="no_mail")
    envelope = _json(fields.get("envelope", b""))
    sender, readers = envelope.get("from"), envelope.get("to")
    return Arrived(
        door="sendgrid",
        raw=raw,
        size=len(raw),
        envelope_from=sender if isinstance(sender, str) else None,
        envelope_to=tuple(str(one) for one in readers) if isinstance(readers, list) else (),
    )


def _put_together(fields: Mapping[str, bytes], files: Sequence[FormFile]) -> bytes:
    """A mail of the parts that SendGrid took apart: its own head, each text in the charset that it was sent in."""
    charsets = _json(fields.get("charsets", b""))
    head = _OURS_TO_SAY.sub(b"", fields["headers"].replace(b"\r\n", b"\n")).strip(b"\n").replace(b"\n", b"\r\n")
    pieces = [head, b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="', _EDGE, b'"\r\n\r\n']
    texts = [(kind, fields[name], name) for name, kind in (("text", "plain"), ("html", "html")) if fields.get(name)]
    for kind, content, name in texts[:1]:
        charset = str(charsets.get(name, "utf-8"))
        said = charset if _TOKEN.fullmatch(charset) else "utf-8"
        pieces += [_part(f"text/{kind}; charset={said}", content, "8bit")]
    for file in files:
        pieces.append(_attached(file))
    return b"".join((*pieces, b"--", _EDGE, b"--\r\n"))


def _attached(file: FormFile) -> bytes:
    """A file as an attachment; what is a mail or a report itself must not be encoded."""
    kind = file.type if _TYPE.fullmatch(file.type) else "application/octet-stream"
    if kind.startswith("message/"):
        return _part(kind, file.content, "8bit")
    name = base64.b64encode(file.name.encode("utf-8", "replace")[:150]).decode("ascii")
    disposition = f'Content-Disposition: attachment; filename="=?utf-8?B?{name}?="\r\n'
    return _part(kind, base64.encodebytes(file.content), "base64", disposition)


def _part(kind: str, content: bytes, transfer: str, more: str = "") -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {transfer}\r\n{more}\r\n"
    return b"--" + _EDGE + b"\r\n" + head.encode("ascii") + content + b"\r\n"


def _json(raw: bytes) -> dict[str, Any]:
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
