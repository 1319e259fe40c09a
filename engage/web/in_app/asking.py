"""What a browser may ask of an inbox, read with care: its words go no further than they are understood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from engage.channels.in_app.feed import LARGEST_PAGE
from engage.errors import InputError

LARGEST_BODY = 20_000
_ITEM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SESSION = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True)
class FeedAsked:
    """One page of a list, and what a session may be shown over its pages; none where it names no session."""

    limit: int
    cursor: str | None
    archived: bool
    browsing: str

    @property
    def text(self) -> str:
        """The question, the same for the same."""
        return f"{self.limit} {self.cursor} {self.archived} {self.browsing}"


def feed_asked(args: Mapping[str, str]) -> FeedAsked:
    """What `GET /v1/feed?limit=…&cursor=…&archived=…&session=…` asks for; InputError for what is none of that."""
    limit, cursor = args.get("limit", "20"), args.get("cursor")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= LARGEST_PAGE):
        raise InputError(f"limit is a number from 1 to {LARGEST_PAGE}", code="bad_limit", where="limit")
    if cursor is not None and not is_item_id(cursor):
        hint = "take next_cursor of the page before"
        raise InputError("this is no cursor", code="bad_cursor", where="cursor", hint=hint)
    archived = args.get("archived", "") in ("1", "true")
    return FeedAsked(int(limit), cursor, archived, browsing_asked(args))


def browsing_asked(args: Mapping[str, str]) -> str:
    """The session that a browser names for its visit; empty where it names none."""
    session = args.get("session", "")
    if session and not _SESSION.fullmatch(session):
        hint = "8 to 64 letters, digits, - or _, made anew for each visit"
        raise InputError("this is no name of a session", code="bad_session", where="session", hint=hint)
    return session


def is_item_id(word: str) -> bool:
    """Whether an item may be called that; what it may not be called, nobody needs to look for."""
    return _ITEM_ID.fullmatch(word) is not None


def said() -> Any:
    """The body of the request as JSON; None where it is none."""
    return request.get_json(force=True, silent=True)
