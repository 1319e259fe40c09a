"""What every email channel is given and what it answers; the ledger understands nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

WINDOW = 25
Mailbox = tuple[str, str]  # (display name, address); the name may be empty


@dataclass(frozen=True, slots=True)
class OutboundEmail:
    """One email to one person, finished: a channel only has to carry it."""

    message_id: str  # our opaque public id; it travels with the mail and comes back in receipts
    attempt: int
    from_name: str
    from_address: str
    reply_to: str | None
    to_name: str
    to_address: str
    cc: tuple[Mailbox, ...]
    subject: str
    html: str
    text: str
    headers: tuple[tuple[str, str], ...]
    category: str
    sent_at: datetime
    mail_id: str | None = None  # its Message-ID, where one was chosen; else it follows from the two above


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message over, without the copies to addresses that reach nobody."""

    provider_id: str | None = None
    dead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider refuses this message for good, perhaps as addresses reach nobody."""

    reason: str
    dead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotSent:
    """The message has surely not left: it is safe to try again after so many seconds."""

    reason: str
    retry_after: float = 60.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """The message may have left: nobody may send it again without evidence."""

    reason: str


Outcome = Accepted | Rejected | NotSent | Unknown
Evidence = Accepted | NotSent | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider tells later about one message, in our words."""

    provider: str
    natural_key: str
    message_id: str | None
    kind: str  # processed | deferred | delivered | bounced | dropped | complained | unsubscribed | opened
    at: datetime
    reason: str | None
    address: str | None
    raw: dict[str, object]


class EmailChannel(Protocol):
    """A provider of email."""

    name: str
    window: int  # messages handed over between two commits: so many are in doubt when a process dies

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        """Hand over every message; one outcome each, in the same order, and never an exception."""
        ...

    def evidence(self, message_id: str) -> Evidence:
        """What the provider knows of a message whose outcome was lost; None when it cannot tell."""
        ...

    def close(self) -> None:
        """Let go of connections; the channel may be used again afterwards."""
        ...
