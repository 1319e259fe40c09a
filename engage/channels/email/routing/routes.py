"""The providers in the order in which they are asked, each with its limit; together they are a channel, too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engage.channels.base import Declined, EmailChannel, Evidence, OutboundEmail, Outcome, Throttled, Unavailable
from engage.channels.email.routing.brakes import Allowance, Brakes, holds
from engage.channels.email.routing.warm_up import WarmUp

# With these the message has surely not left, and the reason is the provider's own: another may be asked.
ELSEWHERE = (Throttled, Unavailable, Declined)
UNLIMITED = 1_000_000
LOOK_AGAIN = timedelta(days=1)  # at what a person has stopped; their word to go on is heard at once


@dataclass(frozen=True, slots=True)
class Route:
    """One provider, under the name that its attempts bear."""

    name: str
    channel: EmailChannel
    limit: Allowance | None = None


@dataclass(frozen=True, slots=True)
class Road:
    """A route that is open now: how many it takes, and whether it is only tried whether it is back."""

    route: Route
    room: int
    probes: bool
    has_failed: bool
    has_other: bool  # another provider is there to be asked

    @property
    def name(self) -> str:
        """The provider's."""
        return self.route.name


@dataclass(frozen=True, slots=True)
class Routes:
    """All providers of an installation, and what limits its sending domains."""

    each: Sequence[Route]
    warm_up: Mapping[str, WarmUp] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the first."""
        return self.each[0].name

    @property
    def window(self) -> int:
        """That of the first."""
        return self.each[0].channel.window

    def open_now(self, brakes: Brakes, now: datetime) -> list[Road]:
        """Those that do not rest, the first to be asked first."""
        return [self._road(route, brakes, now) for route in self.each if _opens_at(route, brakes, now) <= now]

    def elsewhere_at(self, name: str, declined: Collection[str], brakes: Brakes, now: datetime) -> datetime | None:
        """When another provider than that one may be asked, of those that have not declined; None: there is none."""
        others = [route for route in self.each if route.name != name and route.name not in declined]
        return min((_opens_at(route, brakes, now) for route in others), default=None)

    def named(self, name: str) -> EmailChannel | None:
        """The channel whose attempts bear this name."""
        return next((route.channel for route in self.each if route.name == name), None)

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        """Hands over by the first, and what surely did not go by the next; for mail that has no ledger of its own."""
        outcomes: list[Outcome] = [Unavailable("no provider takes mail at the moment")] * len(batch)
        for route in self.each:
            left = [number for number, one in enumerate(outcomes) if isinstance(one, ELSEWHERE)]
            again = route.channel.send([batch[number] for number in left]) if left else []
            for number, outcome in zip(left, again, strict=True):
                outcomes[number] = outcome
        return outcomes

    def evidence(self, message_id: str) -> Evidence:
        """What the first knows; who knows which provider was asked asks that one by its name."""
        return self.each[0].channel.evidence(message_id)

    def close(self) -> None:
        """Closes all of them."""
        for route in self.each:
            route.channel.close()

    def _road(self, route: Route, brakes: Brakes, now: datetime) -> Road:
        seen = brakes.of("provider", route.name)
        probes = seen is not None and seen.rests > 0
        room = UNLIMITED if route.limit is None else route.limit.left(seen, now)
        has_failed = seen is not None and seen.failures > 0
        return Road(route, min(room, 1) if probes else room, probes, has_failed, len(self.each) > 1)


def routes_of(channel: EmailChannel) -> Routes:
    """The routes that a channel stands for: its own, or itself alone."""
    return channel if isinstance(channel, Routes) else Routes((Route(channel.name, channel),))


def _opens_at(route: Route, brakes: Brakes, now: datetime) -> datetime:
    """From when on a provider may be asked."""
    brake: Any = brakes.of("provider", route.name)
    if not holds(brake, now):
        return now
    return brake.until or now + LOOK_AGAIN
