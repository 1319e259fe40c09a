"""What a mail server's refusal is about: the address, this reader alone, ourselves, or only the moment (RFC 3463).

One table for what SMTP answers and for what a bounce reports later, so that both mean the same.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

OURS_REFUSED: Final = "our side is refused"  # how the reason begins where the fault is ours
STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_FIRST = re.compile(r"\s*(?:[245]\d\d[ -])?\s*#?([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")


class Fault(StrEnum):
    """Whom a refusal speaks of."""

    ADDRESS = "address"  # nobody can be reached there: no mail goes to it again
    READER = "reader"  # this mail does not reach this reader; the address is good
    OURS = "ours"  # our name, our keys, our reputation: the same for every reader there
    MOMENT = "moment"  # may pass by itself


# Class 5 only. What stands in neither table is the reader's: 5.2.2 full, 5.3.4 too big, 5.7.1 not from you.
_ADDRESS = frozenset({
    "5.1.1",  # no such mailbox
    "5.1.2",  # no such domain
    "5.1.3",  # no such way to write an address
    "5.1.6",  # moved, and nobody says where
    "5.1.10",  # the domain takes no mail at all (null MX)
    "5.2.1",  # the mailbox is switched off
    "5.4.4",  # there is no way to the domain
    "5.4.310",  # Exchange Online: the domain is not in the DNS
})  # fmt: skip
_OURS = frozenset({
    "5.1.7", "5.1.8",  # the sender's address
    "5.7.3", "5.7.8", "5.7.9", "5.7.11", "5.7.12", "5.7.13", "5.7.14", "5.7.18",  # login and trust
    "5.7.64",  # Exchange Online: relaying
    "5.7.509", "5.7.515",  # Exchange Online, Outlook.com: DMARC, sender requirements
})  # fmt: skip
_AUTHENTICITY = range(20, 30)  # 5.7.20 to 5.7.29: DKIM, SPF, reverse DNS, ARC (RFC 7372 and its registry)
_BLOCKED = range(600, 800)  # Exchange Online: 5.7.606 to 5.7.750, banned senders and networks
_LOGIN_CODES = (530, 534, 535, 538)

# For servers that give no status, or one that says nothing: 5.0.0, 5.1.0, 5.4.1, 5.7.1.
_NOBODY = re.compile(
    r"user unknown|unknown (?:user|recipient|mailbox)|no such (?:user|recipient|mailbox|address|person)"
    r"|(?:user|mailbox|account|recipient|address)[^.\n]{0,80}(?:does not exist|doesn't exist|not found|unknown)"
    r"|doesn't have an? \S+ account|no mailbox here|not a valid (?:user|mailbox)|invalid (?:recipient|mailbox)\b"
    r"|recipient address rejected: (?:access denied|user unknown|undeliverable)|account (?:is |has been )?disabled"
    r"|宛先不明|存在しません",
    re.IGNORECASE,
)
_ABOUT_US = re.compile(
    r"\brelay(?:ing)?\b[^\n]{0,40}\b(?:denied|not (?:permitted|allowed)|prohibited)|unable to relay"
    r"|authentication (?:is )?required|spamhaus|block ?list|black ?list|\bRBL\b|\bDNSBL\b|reputation"
    r"|\bSPF\b|\bDKIM\b|\bDMARC\b|reverse DNS|\bPTR\b",
    re.IGNORECASE,
)


def status_of(text: str) -> str | None:
    """The enhanced status that a reply or a status field begins with, such as `5.1.1`."""
    found = _FIRST.match(text)
    return ".".join(str(int(part)) for part in found.groups()) if found else None


def fault_of(code: int, text: str) -> Fault:
    """What a refusal speaks of, by its three digits (0: none were given), its status and its words."""
    status = status_of(text)
    if code in _LOGIN_CODES:
        return Fault.OURS
    if (code or 500) < 500 or (status or "5").startswith("4"):
        return Fault.MOMENT
    if status in _ADDRESS:
        return Fault.ADDRESS
    if status in _OURS or _is_about_authenticity(status):
        return Fault.OURS
    return _by_words(status, text)


def _is_about_authenticity(status: str | None) -> bool:
    first, _, detail = (status or "").rpartition(".")
    return first == "5.7" and (int(detail) in _AUTHENTICITY or int(detail) in _BLOCKED)


def _by_words(status: str | None, text: str) -> Fault:
    """A policy or a content that is refused is never the address's fault, whatever the words are."""
    if _ABOUT_US.search(text):
        return Fault.OURS
    if (status is None or status in _SAY_LITTLE) and _NOBODY.search(text):
        return Fault.ADDRESS
    return Fault.READER


_SAY_LITTLE = frozenset({"5.0.0", "5.1.0", "5.4.1", "5.5.0"})
