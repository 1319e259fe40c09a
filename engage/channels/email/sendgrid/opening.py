"""`sendgrid:`, with `?sandbox=yes` to have mails judged and not delivered, and `?connections=8` for fewer at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from engage.channels.base import WINDOW
from engage.channels.email.provider_urls import ProviderUrl
from engage.channels.email.sendgrid.channel import SendGridChannel
from engage.channels.email.sendgrid.suppressions import SendGridSuppressions
from engage.config import Settings
from engage.errors import InputError

OPTIONS = frozenset({"connections", "sandbox"})


def open_channel(url: ProviderUrl, settings: Settings) -> SendGridChannel:
    """SendGrid at the host of the settings, with their key and groups."""
    return SendGridChannel(
        _key(settings),
        settings.sendgrid_url,
        threads=url.number("connections", WINDOW, most=64),
        groups=groups_of(settings.sendgrid_groups),
        sandbox=url.choice("sandbox", {"no": False, "yes": True}, "no"),
    )


def open_lists(_url: ProviderUrl, settings: Settings) -> SendGridSuppressions:
    """The suppression lists of the same account."""
    return SendGridSuppressions(_key(settings), settings.sendgrid_url, groups_of(settings.sendgrid_groups))


def topics_of(said: Mapping[str, str]) -> dict[int, str]:
    """The topic of each group that has one alone; leaving a group of several stops the mail's own topic."""
    groups = groups_of(said)
    counted = Counter(groups.values())
    return {group: topic for topic, group in groups.items() if counted[group] == 1}


def groups_of(said: Mapping[str, str]) -> dict[str, int]:
    """The unsubscribe group of each topic; InputError for a group that is no number."""
    wrong = [topic for topic, group in said.items() if not group.isdecimal() or int(group) == 0]
    if wrong:
        raise InputError(
            f"the group of {wrong[0]} is not a number", where="ENGAGE_SENDGRID_GROUPS", hint="such as product=12345"
        )
    return {topic: int(group) for topic, group in said.items()}


def _key(settings: Settings) -> str:
    if not settings.sendgrid_api_key:
        raise InputError("sendgrid: needs an API key", where="SENDGRID_API_KEY", hint="set SENDGRID_API_KEY")
    return settings.sendgrid_api_key
