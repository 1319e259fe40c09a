"""SendGrid's own suppression lists: read page by page, added to, and let go from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from urllib3 import Timeout, connection_from_url
from urllib3.exceptions import HTTPError

from engage.channels.base import Listed
from engage.channels.email.sendgrid.answers import errors_in, refusal_words
from engage.errors import ProviderError

PAGE = 500  # the most that SendGrid gives at once
MOST_AT_ONCE = 1000
EVERYTHING: Final = "*"
# Its lists: why an address is there, and whether it gets no mail for it. What was blocked once may be sent again.
_LISTS: Final = {
    "bounces": ("bounced", True),
    "invalid_emails": ("bounced", True),
    "spam_reports": ("complained", True),
    "unsubscribes": ("unsubscribed", True),
    "blocks": ("blocked", False),
}


class SendGridSuppressions:
    """The lists of one account; the unsubscribe groups are those that the settings name."""

    name = "sendgrid"

    def __init__(self, api_key: str, base_url: str, groups: Mapping[str, int]) -> None:
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        timeout = Timeout(connect=3.0, read=30.0)
        self._pool = connection_from_url(base_url, maxsize=1, retries=False, timeout=timeout, headers=headers)
        self._groups = dict(groups)

    @property
    def topics(self) -> frozenset[str]:
        """Those that have a group."""
        return frozenset(self._groups)

    def pull(self, since: Mapping[str, datetime]) -> Iterator[Sequence[Listed]]:
        """Every list, then every group; a group is read whole, as it says no times."""
        for name in _LISTS:
            yield from self._pages(name, since.get(name))
        for topic, group in sorted(self._groups.items()):
            found = self._ask("GET", f"/v3/asm/groups/{group}/suppressions")
            yield [Listed(f"group {group}", str(address), topic, "unsubscribed", None) for address in found or ()]

    def push(self, topic: str, addresses: Sequence[str]) -> None:
        """To the group of the topic, or to the global unsubscribes."""
        path = "/v3/asm/suppressions/global"
        if topic != EVERYTHING:
            path = f"/v3/asm/groups/{self._groups[topic]}/suppressions"
        for start in range(0, len(addresses), MOST_AT_ONCE):
            self._ask("POST", path, {"recipient_emails": list(addresses[start : start + MOST_AT_ONCE])})

    def forget(self, topic: str, address: str) -> None:
        """From the group of the topic, or from every list that stops all mail."""
        at = quote(address, safe="")
        if topic != EVERYTHING:
            if topic in self._groups:
                self._ask("DELETE", f"/v3/asm/groups/{self._groups[topic]}/suppressions/{at}")
            return
        for name, (_, stops) in _LISTS.items():
            if stops and name != "unsubscribes":
                self._ask("DELETE", f"/v3/suppression/{name}/{at}")
        self._ask("DELETE", f"/v3/asm/suppressions/global/{at}")

    def _pages(self, name: str, since: datetime | None) -> Iterator[Sequence[Listed]]:
        reason, stops = _LISTS[name]
        start = f"&start_time={int(since.timestamp())}" if since else ""
        offset = 0
        while True:
            rows = self._ask("GET", f"/v3/suppression/{name}?limit={PAGE}&offset={offset}{start}") or []
            topic = EVERYTHING if stops else None
            yield [Listed(name, str(row["email"]), topic, reason, _instant(row.get("created"))) for row in rows]
            if len(rows) < PAGE:
                return
            offset += len(rows)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        raw = None if body is None else json.dumps(body).encode("utf-8")
        try:
            response = self._pool.request(method, path, body=raw, redirect=False)
        except (HTTPError, OSError) as error:
            said = f"SendGrid cannot be reached ({type(error).__name__})"
            raise ProviderError(said, where="suppressions", hint="nothing is lost: the next turn goes on") from error
        if response.status == 404 and method == "DELETE":
            return None  # it was not there
        if response.status == 429:
            raise ProviderError("SendGrid takes no more requests for now", hint="the next turn goes on")
        if response.status >= 500:
            raise ProviderError(f"SendGrid answered {response.status}", hint="the next turn goes on")
        if response.status >= 300:
            raise ProviderError(refusal_words(response.status, errors_in(response.data)))
        return _read(response.data)


def _read(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ProviderError("SendGrid's answer is not JSON", hint="is ENGAGE_SENDGRID_URL right?") from None


def _instant(created: object) -> datetime | None:
    return datetime.fromtimestamp(created, UTC) if isinstance(created, int) else None
