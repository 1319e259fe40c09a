"""Who has a stream open, and the loop that tells them when their inbox has a new version; SQL is the truth."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.in_app.tables import InAppInbox
from engage.db.sets import among
from engage.staff.tables import InAppKey

log = logging.getLogger(__name__)

LOOKS_EVERY = 20.0
"""So often everybody's version is read, whatever hints came: one that was lost is late, and nothing more."""
MOST_FOR_ONE = 10
"""So many streams one reader may have: the tabs of a browser share one."""

_inboxes, _keys = InAppInbox.__table__.c, InAppKey.__table__.c
_VERSIONS = select(_inboxes.contact_id, _inboxes.version).where(among(_inboxes.contact_id, "ids"))
_REVOKED = select(_keys.kid).where(among(_keys.kid, "kids"), _keys.revoked_at.is_not(None))


class News(Protocol):
    """Where hints come from."""

    @property
    def is_listening(self) -> bool: ...
    async def heard(self, seconds: float) -> set[int]: ...
    async def close(self) -> None: ...


@dataclass(eq=False, slots=True)
class Stream:
    """One open stream: whose it is, what it was told last, and until when it may stay."""

    contact_id: int
    kid: str
    until: datetime
    told: int | None = None  # None: not read yet
    version: int | None = None  # what it is to be told
    is_over: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, version: int) -> None:
        """Has it say that the inbox has changed, unless it has said so."""
        if self.told is not None and version != self.told:
            self.version = version
            self._woken.set()

    def end(self) -> None:
        """Has it close."""
        self.is_over = True
        self._woken.set()

    async def next(self, seconds: float) -> int | None:
        """The version to tell of; None when there was nothing for so long, or it is over."""
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return None
        self._woken.clear()
        version, self.version = self.version, None
        self.told = version if version is not None else self.told
        return version


class Hub:
    """The streams of this process."""

    def __init__(self, news: News, asked: Callable[[Callable[[Session], Any]], Awaitable[Any]], *, most: int) -> None:
        self._news, self._asked, self._most = news, asked, most
        self._streams: dict[int, list[Stream]] = defaultdict(list)
        self.count = 0

    @property
    def is_full(self) -> bool:
        """Whether nobody else fits in."""
        return self.count >= self._most

    def add(self, stream: Stream) -> None:
        """Lets it hear from now on; the oldest of a reader who has too many ends."""
        mine = self._streams[stream.contact_id]
        open_ = [one for one in mine if not one.is_over]
        if len(open_) >= MOST_FOR_ONE:
            open_[0].end()
        mine.append(stream)
        self.count += 1

    def remove(self, stream: Stream) -> None:
        """Forgets it."""
        mine = self._streams[stream.contact_id]
        if stream in mine:
            mine.remove(stream)
            self.count -= 1
        if not mine:
            self._streams.pop(stream.contact_id, None)

    async def run(self) -> None:
        """Tells whoever is concerned until it is cancelled; a database that is away only makes the news late."""
        try:
            await self._run()
        finally:
            await self._news.close()

    async def _run(self) -> None:
        loop, looked_at = asyncio.get_running_loop(), 0.0
        while True:
            hinted = await self._news.heard(LOOKS_EVERY)
            is_time = not self._news.is_listening or loop.time() - looked_at >= LOOKS_EVERY
            try:
                await self._look(self._streams if is_time else hinted & self._streams.keys(), keys_too=is_time)
            except Exception:
                log.exception("inboxes could not be looked at")
            looked_at = loop.time() if is_time else looked_at

    async def _look(self, contacts: Iterable[int], *, keys_too: bool) -> None:
        ids = list(contacts)
        if not ids:
            return
        streams = [stream for one in ids for stream in self._streams.get(one, ())]
        kids = {stream.kid for stream in streams} if keys_too else set()
        versions, revoked = await self._asked(lambda session: _read(session, ids, kids))
        for stream in streams:
            stream.tell(versions.get(stream.contact_id, 0))
            if stream.kid in revoked:
                stream.end()


def _read(session: Session, ids: list[int], kids: set[str]) -> tuple[dict[int, int], set[str]]:
    versions = {row.contact_id: row.version for row in session.execute(_VERSIONS, {"ids": ids})}
    return versions, set(session.scalars(_REVOKED, {"kids": sorted(kids)})) if kids else set()
