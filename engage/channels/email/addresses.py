"""What an email may not carry: control characters in headers, addresses no server would take."""

from __future__ import annotations

import re
from functools import lru_cache

import idna

from engage.channels.base import OutboundEmail

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class UnsendableError(ValueError):
    """The message cannot be put on the wire; the text says which part and why."""


def check(email: OutboundEmail) -> None:
    """Refuse an email whose headers or addresses would be illegal or dangerous on the wire."""
    refuse_controls("the subject", email.subject)
    refuse_controls("the sender's name", email.from_name)
    refuse_controls("the recipient's name", email.to_name)
    for name, _ in email.cc:
        refuse_controls("the name in cc", name)
    for header, value in email.headers:
        if not _HEADER_NAME.fullmatch(header):
            raise UnsendableError("a header name holds a character that is not allowed")
        refuse_controls(f"the header {header}", value)


def refuse_controls(place: str, text: str) -> None:
    """Refuse CR, LF and every other control character: they would start a header of their own."""
    found = _CONTROL.search(text)
    if found is not None:
        raise UnsendableError(f"{place} contains a control character (U+{ord(found[0]):04X})")


def message_id_of(email: OutboundEmail) -> str:
    """The Message-ID, the same over every channel and in every attempt."""
    return email.mail_id or f"<{email.message_id}@{wire_address(email.from_address).rpartition('@')[2]}>"


@lru_cache(maxsize=4096)
def wire_address(address: str) -> str:
    """The address as it goes on the wire (IDN domains in ASCII), or a refusal."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise UnsendableError("an address must look like name@example.com")
    if not local.isascii():
        raise UnsendableError("the part before @ holds characters outside ASCII, which mail servers do not carry")
    if not _LOCAL.fullmatch(local) or len(local) > 64:
        raise UnsendableError("the part before @ is not a usable mailbox name")
    if not domain.isascii():
        domain = _ascii_domain(domain)
    if not _DOMAIN.fullmatch(domain) or ".." in domain or len(domain) > 253:
        raise UnsendableError("the part after @ is not a usable domain name")
    return f"{local}@{domain}"


def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise UnsendableError("the part after @ is not a usable domain name") from None
