"""What a click's user agent gives away: programs that say so, and what no browser calls itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from crawlerdetect import CrawlerDetect

_BROWSERS: Final = ("Mozilla/", "Opera/")
# Mail gateways and office programs that fetch links ahead of their readers; the library knows the rest of the web.
_AHEAD_OF_READERS: Final = (
    "barracuda", "bitdefender", "fireeye", "forcepoint", "fortimail", "googleimageproxy", "mimecast", "ms-office",
    "msoffice", "proofpoint", "safelinks", "sophos", "symantec", "trendmicro", "trend micro", "vadesecure",
)  # fmt: skip


def is_program(user_agent: str | None) -> bool:
    """Whether whoever calls itself so is no browser in front of a person."""
    said = (user_agent or "").strip()
    if not said.startswith(_BROWSERS) or "(" not in said:  # a bare `Mozilla/5.0` names no system
        return True
    spelt = said.lower()
    return any(name in spelt for name in _AHEAD_OF_READERS) or bool(_crawlers().isCrawler(said))


@cache
def _crawlers() -> CrawlerDetect:
    from crawlerdetect import CrawlerDetect  # only who judges clicks needs its list

    return CrawlerDetect()
