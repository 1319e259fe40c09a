"""Who a mail is from: an address that receiving servers believe, and where an answer reaches the one who wrote.

A server believes a sender whose domain we have proved to be ours (SPF, DKIM, DMARC). Whoever has their mailbox
elsewhere writes from the proved domain, in their own name, and is answered where they read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from engage.channels.base import Mailbox
from engage.channels.email.addresses import UnsendableError, wire_address

_NOBODY = re.compile(r"(no|not|do[-_.]?not)[-_.]?reply", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sender:
    """The From of a mail, and its Reply-To where that is another one."""

    name: str
    address: str
    reply_to: str | None = None


def writes_as(person: Mailbox, domains: Sequence[str]) -> Sender:
    """How this person writes, where `domains` are those that we have proved; with none, from their own address."""
    name, address = person
    local, _, domain = address.rpartition("@")
    if not domains or _plain(domain) in {_plain(one) for one in domains}:
        return Sender(name, address)
    return Sender(name, f"{local}@{domains[0]}", address)


def is_nobodys(address: str) -> bool:
    """Whether an address says that nobody reads it, such as `no-reply@…`: no mail to a customer comes from there."""
    return _NOBODY.search(address.rpartition("@")[0]) is not None


def mail_id_of(message_id: str, address: str) -> str | None:
    """The Message-ID of a message from this address, the same each time; None for an address that cannot be one."""
    try:
        return f"<{message_id}@{wire_address(address).rpartition('@')[2]}>"
    except UnsendableError:
        return None


@lru_cache(maxsize=256)
def _plain(domain: str) -> str:
    """The domain as it is compared, whichever way it is written."""
    try:
        return wire_address(f"x@{domain}").rpartition("@")[2].lower()
    except UnsendableError:
        return domain.lower()
