"""Which providers `ENGAGE_EMAIL_URL` names: one, or several apart by spaces, asked one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from engage.calendars.zones import first_zone
from engage.channels.base import EmailChannel, SuppressionLists
from engage.channels.email.outbox import opening as outbox
from engage.channels.email.provider_urls import ProviderUrl, wrong
from engage.channels.email.routing.brakes import Allowance
from engage.channels.email.routing.routes import Route, Routes
from engage.channels.email.routing.warm_up import read_warm_ups
from engage.channels.email.sendgrid import opening as sendgrid
from engage.channels.email.smtp import opening as smtp
from engage.config import Settings

_LIMITS: Final = {
    "per_second": timedelta(seconds=1),
    "per_minute": timedelta(minutes=1),
    "per_hour": timedelta(hours=1),
    "per_day": timedelta(days=1),
}
_FASTEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Provider:
    """How a provider's channel is opened, which options its URL may have, and its suppression lists, if it has any."""

    open: Callable[[ProviderUrl, Settings], EmailChannel]
    options: Set[str]
    lists: Callable[[ProviderUrl, Settings], SuppressionLists] | None = None


def open_channel(settings: Settings) -> Routes:
    """The way that the settings ask for; nothing is connected before the first message."""
    urls = [ProviderUrl(text) for text in settings.email_url.split()]
    seen: Counter[str] = Counter()
    routes = [_route(url, settings, seen) for url in urls]
    if not routes:
        raise wrong("it names no channel")
    zone = first_zone(settings.default_timezone)
    return Routes(tuple(routes), read_warm_ups(settings.warm_up, zone))


def open_lists(settings: Settings) -> list[SuppressionLists]:
    """The suppression lists of those providers that keep any; nothing is asked yet."""
    urls = [ProviderUrl(text) for text in settings.email_url.split()]
    found = {url.scheme: (url, PROVIDERS[url.scheme].lists) for url in urls if url.scheme in PROVIDERS}
    return [opener(url, settings) for url, opener in found.values() if opener is not None]


def _route(url: ProviderUrl, settings: Settings, seen: Counter[str]) -> Route:
    provider = PROVIDERS.get(url.scheme)
    if provider is None:
        raise wrong("it names no channel we have")
    url.insist_on(provider.options | _LIMITS.keys())
    channel = provider.open(url, settings)
    seen[channel.name] += 1
    name = channel.name if seen[channel.name] == 1 else f"{channel.name}-{seen[channel.name]}"
    return Route(name, channel, _limit(url))


def _limit(url: ProviderUrl) -> Allowance | None:
    said = [name for name in _LIMITS if name in url.options]
    if len(said) > 1:
        raise wrong(f"say one of {' and '.join(said)}")
    return Allowance(url.number(said[0], 1, most=_FASTEST), _LIMITS[said[0]]) if said else None


_SMTP = Provider(smtp.open_channel, smtp.OPTIONS)
PROVIDERS: Final[dict[str, Provider]] = {
    "outbox": Provider(outbox.open_channel, outbox.OPTIONS),
    "smtp": _SMTP,
    "smtps": _SMTP,
    "sendgrid": Provider(sendgrid.open_channel, sendgrid.OPTIONS, sendgrid.open_lists),
}
