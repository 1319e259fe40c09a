"""Finds the write key of a tracking request, and whose it is."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from werkzeug.datastructures import Headers

from engage.db.session import Database
from engage.errors import PermissionDeniedError
from engage.staff.keys import Source, source_of

_TRUSTED_FOR = timedelta(seconds=10)
_MOST_HELD = 1_000


def key_in_headers(headers: Headers) -> str | None:
    """The key in the headers: the user name of Basic, then X-Write-Key; None leaves it to the body.

    The first that is there decides: a wrong one is not made good by a right one behind it.
    """
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _user_name(credentials.strip())
    return headers.get("X-Write-Key")


def key_in_body(body: Mapping[str, Any]) -> str | None:
    """The key that a browser or a client with an OAuth token puts into the body."""
    key = body.get("writeKey")
    return key if isinstance(key, str) else None


class Sources:
    """Which key belongs to which source; a good key is looked up again after ten seconds, a bad one each time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, tuple[Source, datetime]] = {}

    def find(self, key: str | None, *, now: datetime) -> Source:
        """The source a key belongs to; refuses what belongs to none."""
        held = self._held.get(key) if key else None
        if held is not None and abs(now - held[1]) < _TRUSTED_FOR:
            return held[0]
        source = self._look_up(key) if key else None
        if key is None or source is None:
            said, hint = "the write key is missing, unknown or revoked", "engage keys create makes one"
            raise PermissionDeniedError(said, code="invalid_write_key", hint=hint)
        if len(self._held) >= _MOST_HELD:
            self._held.clear()
        self._held[key] = (source, now)
        return source

    def _look_up(self, key: str) -> Source | None:
        with self._database.reading() as session:
            return source_of(session, key)


def _user_name(credentials: str) -> str:
    """The part before the colon; some clients leave the colon out."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except ValueError:  # not Base64, not ASCII, not UTF-8
        return ""
