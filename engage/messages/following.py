"""Click links in one mail: put where its links lead out, unless its reader's clicks are not to be followed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any, Final

from engage.customers.fact_shapes import NO_TRACKING
from engage.customers.trait_values import typed
from engage.messages.charts import CHART
from engage.messages.formats import safe_url
from engage.messages.links import Links
from engage.messages.marks import MARKED

UNFOLLOWED: Final = frozenset({("contact", NO_TRACKING), ("account", NO_TRACKING)})


class Following:
    """The links of one mail: the same page has the same link, in its HTML and in its text."""

    def __init__(self, links: Links, message_id: str, facts: Mapping[str, Any]) -> None:
        self._links = links if may_follow(facts.get("contact"), facts.get("account")) else links.straight
        self._message_id = message_id
        self._made: dict[str, str | None] = {}

    def html(self, html: str) -> str:
        """The HTML with a link where each mark was, or the address of a chart."""
        return MARKED.sub(self._in_html, html)

    def text(self, text: str) -> str:
        """The text part likewise; a former one showed the pages themselves."""
        return MARKED.sub(self._in_text if self._links.follows_text else _as_it_is, text)

    def _in_html(self, found: re.Match[str]) -> str:
        if found[1].startswith(CHART):
            return self._links.chart_url(found[1].removeprefix(CHART))
        return self._link(unescape(found[1]) if "&" in found[1] else found[1]) or found[1]

    def _in_text(self, found: re.Match[str]) -> str:
        return self._link(found[1]) or found[1]

    def _link(self, url: str) -> str | None:
        """The click link of a web page; None where the link stays as it is. One that opens anything else is refused."""
        if url not in self._made:
            safe = safe_url(url)
            is_page = self._links.follows_clicks and safe[:4].lower() == "http"
            self._made[url] = self._links.click_url(self._message_id, safe) if is_page else None
        return self._made[url]


def may_follow(*of: Mapping[str, Any] | None) -> bool:
    """Whether none of these, a contact and an account, said that nobody may follow their clicks."""
    return not any(typed("bool", said.get(NO_TRACKING)) for said in of if said)


def _as_it_is(found: re.Match[str]) -> str:
    return found[1]
