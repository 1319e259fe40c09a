"""What every email channel is given and what it answers; the ledger understands nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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
    topic: str = ""  # of mail that its reader may refuse; other mail names none


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message over, without the copies to addresses that reach nobody.

    It may ask for a pause of so many seconds before the next.
    """

    provider_id: str | None = None
    dead: tuple[str, ...] = ()
    pause: float = 0.0


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
class Throttled(NotSent):
    """Too many at once: the provider is well, and takes nothing for so many seconds."""


@dataclass(frozen=True, slots=True)
class Unavailable(NotSent):
    """The provider takes nothing at all: it cannot be reached, or does not accept our account."""


@dataclass(frozen=True, slots=True)
class Declined(NotSent):
    """The provider does not take this message, for reasons of its own; another provider may."""

    is_final: bool = False  # whether waiting is of no use here


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
    topic: str | None = None  # what its reader wants no more of; None: the message's own, `*`: all of it


@dataclass(frozen=True, slots=True)
class Listed:
    """An address on one of a provider's own suppression lists."""

    list: str
    address: str
    topic: str | None  # `*`: it gets no mail at all; None: the list is not one that stops mail
    reason: str  # bounced | complained | unsubscribed
    at: datetime | None  # when the provider put it there, where it says


class SuppressionLists(Protocol):
    """The suppression lists that a provider keeps; every call may raise EngageError with the reason in plain words."""

    @property
    def name(self) -> str:
        """The provider's."""
        ...

    @property
    def topics(self) -> Collection[str]:
        """The topics that it can stop by themselves, beside all mail."""
        ...

    def pull(self, since: Mapping[str, datetime]) -> Iterator[Sequence[Listed]]:
        """Who is on its lists, a page at a time; from a list named in `since`, only who came on it then or later."""
        ...

    def push(self, topic: str, addresses: Sequence[str]) -> None:
        """Puts addresses on the list of a topic, or on that of all mail (`*`)."""
        ...

    def forget(self, topic: str, address: str) -> None:
        """Takes an address off every list that stops this topic, or all mail."""
        ...


class EmailChannel(Protocol):
    """A provider of email."""

    @property
    def name(self) -> str:
        """What its attempts and receipts call it."""
        ...

    @property
    def window(self) -> int:
        """Messages handed over between two commits: so many are in doubt when a process dies."""
        ...

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        """Hand over every message; one outcome each, in the same order, and never an exception."""
        ...

    def evidence(self, message_id: str) -> Evidence:
        """What the provider knows of a message whose outcome was lost; None when it cannot tell."""
        ...

    def close(self) -> None:
        """Let go of connections; the channel may be used again afterwards."""
        ...
