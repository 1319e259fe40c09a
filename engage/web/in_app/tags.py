"""The ETag of a feed: it says which version of the inbox it is of, and until when that holds by itself.

So "nothing has changed" is answered from the inbox's version alone; a browser that makes tags up only misleads itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

FRESH_FOR = timedelta(minutes=10)
"""So long an unchanged inbox is believed: what its questions say, and their days, may change without it."""

_SHAPE = re.compile(r'"(\d{1,18})\.(\d{1,12})\.([0-9a-f]{8})\.([0-9a-f]{16})"')


@dataclass(frozen=True, slots=True)
class Tag:
    """What one answer was made of."""

    version: int
    until: int  # seconds since 1970
    asked: str  # of what was asked
    said: str  # of what was answered

    @classmethod
    def read(cls, header: str) -> Tag | None:
        """The tag in an `If-None-Match` header; None where it is none of ours."""
        found = _SHAPE.search(header)
        return cls(int(found[1]), int(found[2]), found[3], found[4]) if found else None

    @classmethod
    def of(cls, body: bytes, asked: str, *, version: int, until: datetime) -> Tag:
        """The tag of an answer."""
        return cls(version, int(until.timestamp()), fingerprint(asked), sha256(body).hexdigest()[:16])

    def holds(self, asked: str, *, version: int, now: datetime) -> bool:
        """Whether the same question would get the same answer, without looking at it."""
        return self.version == version and now.timestamp() < self.until and self.asked == fingerprint(asked)

    def __str__(self) -> str:
        return f'W/"{self.version}.{self.until}.{self.asked}.{self.said}"'


def fingerprint(asked: str) -> str:
    """What was asked, as a tag holds it."""
    return sha256(asked.encode("utf-8", "backslashreplace")).hexdigest()[:8]
