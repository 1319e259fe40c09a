"""The SendGrid stand-in's suppression lists, with its own log of what was done to them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
_GLOBAL = re.compile(r"/v3/asm/suppressions/global(?:/(?P<email>[^/]+))?")
_GROUP = re.compile(r"/v3/asm/groups/(?P<group>\d+)/suppressions(?:/(?P<email>[^/]+))?")
_LIST = re.compile(rf"/v3/suppression/(?P<list>{'|'.join(LISTS)})(?:/(?P<email>[^/]+))?")

Answer = tuple[int, Any]
NOTHING_THERE = {"errors": [{"field": None, "message": "resource not found"}]}


@dataclass
class Lists:
    """Who is on which list, and since when; a group is a list by its number."""

    entries: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def put(self, name: str, email: str, **said: Any) -> None:
        """Somebody gets onto a list."""
        self.entries.setdefault(name, {})[email] = {"created": int(time.time()), "reason": "", **said}
        self.log.append(f"+ {name} {email}")

    def names(self) -> dict[str, list[str]]:
        """Who is on each list."""
        return {name: sorted(entries) for name, entries in self.entries.items() if entries}

    def answer(self, method: str, target: str, body: dict[str, Any] | None) -> Answer | None:
        """What the API answers; None for a path that is not of these lists."""
        url = urlsplit(target)
        for pattern, kind in ((_GLOBAL, "unsubscribes"), (_GROUP, None), (_LIST, None)):
            found = pattern.fullmatch(url.path)
            if found is not None:
                said = found.groupdict()
                name = kind or said.get("list") or said["group"]
                return self._on(method, name, unquote(said["email"] or ""), body, parse_qs(url.query))
        return None

    def _on(self, method: str, name: str, email: str, body: Any, query: dict[str, list[str]]) -> Answer:
        if method == "POST":
            for one in body["recipient_emails"]:
                self.put(name, one)
            return 201, {"recipient_emails": body["recipient_emails"]}
        if method == "DELETE":
            known = self.entries.get(name, {}).pop(email, None)
            self.log.append(f"- {name} {email}")
            return (204, None) if known is not None or name == "unsubscribes" else (404, NOTHING_THERE)
        if name.isdigit():
            return 200, list(self.entries.get(name, {}))
        rows = [{"email": one, **said} for one, said in self.entries.get(name, {}).items()]
        return 200, self._page(rows, query)

    @staticmethod
    def _page(rows: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
        """At most 500, as the real one; from a time on where that is asked."""
        since = int(query.get("start_time", ["0"])[0])
        offset, limit = int(query.get("offset", ["0"])[0]), min(int(query.get("limit", ["500"])[0]), 500)
        return [row for row in rows if row["created"] >= since][offset : offset + limit]
