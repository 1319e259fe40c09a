"""The addresses that the settings name, and how each is called: a signed webhook, a line in Slack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engage.channels.base import Outcome, Rejected
from engage.channels.calls.addresses import Network, networks
from engage.channels.calls.posting import post
from engage.channels.calls.signing import key_of, signed_headers
from engage.config import Settings
from engage.errors import InputError


@dataclass(frozen=True)
class Calls:
    """Who can be called, by name; playbooks know the names only."""

    webhooks: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    slack: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[Network, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Calls:
        """The calls that the settings allow; raises InputError for what cannot be read."""
        try:
            for secret in settings.webhook_secrets.values():
                key_of(secret)
            allowed = networks(settings.call_networks)
        except ValueError as error:
            raise InputError(str(error), where="ENGAGE_WEBHOOK_SECRETS, ENGAGE_CALL_NETWORKS") from None
        return cls(settings.webhooks, settings.webhook_secrets, settings.slack, allowed)

    def webhook(self, name: str, message_id: str, payload: Mapping[str, Any], *, now: datetime) -> Outcome:
        """Posts a signed payload to the webhook of that name."""
        url, secret = self.webhooks.get(name), self.secrets.get(name)
        if url is None or secret is None:
            missing = "ENGAGE_WEBHOOKS" if url is None else "ENGAGE_WEBHOOK_SECRETS"
            return Rejected(f"{missing} has no {name}")
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=str).encode()
        headers = signed_headers(secret, message_id=message_id, at=now, body=body)
        return post(url, body, headers, allowed=self.allowed)

    def slack_message(self, name: str, message: Mapping[str, Any]) -> Outcome:
        """Writes a message into the Slack channel of that name."""
        url = self.slack.get(name)
        if url is None:
            return Rejected(f"ENGAGE_SLACK has no {name}")
        return post(url, json.dumps(message, ensure_ascii=False).encode(), {}, allowed=self.allowed)
