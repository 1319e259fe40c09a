"""`GET /in-app/v1/stream`: server-sent events that say no more than "changed"; the browser then asks for the feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.errors import EngageError, NotFoundError, PermissionDeniedError, StoreUnavailableError
from engage.web.in_app.origins import PREFLIGHT, headers_for, insist_on_origin
from engage.web.in_app.readers import reader_of
from engage.web.in_app.tokens import bearer, read_token
from engage.web.stream.hub import Hub, Stream

PATH = "/in-app/v1/stream"
BEAT_SECONDS = 20.0
"""So often an idle stream says that it is still there: proxies close what is silent."""
PATIENCE_SECONDS = 30.0
"""So long a browser that takes nothing is waited for."""
_RETRY = b"retry: 10000\n\n"
_BEAT = b": still here\n\n"
# Proxies must neither keep nor gather what is meant to arrive at once.
_AS_STREAM = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Asked = Callable[[Callable[[Session], Any]], Awaitable[Any]]


class StreamApp:
    """The ASGI application of `engage stream`."""

    def __init__(
        self, hub: Hub, asked: Asked, *, secret_key: str, origins: tuple[str, ...], now: Callable[[], datetime]
    ) -> None:
        self._hub, self._asked, self._now = hub, asked, now
        self._secret_key, self._origins = secret_key, origins

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request; a stream stays until its token runs out or its browser goes."""
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if scope["type"] != "http":
            return None
        if scope["path"] == "/healthz":
            return await _answer(send, 200, {"streams": self._hub.count}, {})
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get("origin")
        try:
            insist_on_origin(origin, self._origins)
            shared = headers_for(origin, self._origins)
            if scope["path"] != PATH:
                raise NotFoundError("there is only the stream here", where=PATH)
            if scope["method"] == "OPTIONS":
                return await _answer(send, 204, None, {**PREFLIGHT, **shared})
            stream, version = await self._opened(headers)
        except EngageError as error:
            known = headers_for(origin, self._origins)
            return await _answer(send, _status_of(error), {"error": _told(error)}, {**known, **_hints_of(error)})
        gone: asyncio.Future[Any] = asyncio.ensure_future(_gone(receive))
        try:
            await self._say(send, stream, version, headers.get("last-event-id"), gone, shared)
        finally:
            self._hub.remove(stream)
            gone.cancel()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Tells whoever listens of their inbox, from the start of the server to its end."""
        await receive()
        watching = asyncio.create_task(self._hub.run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        watching.cancel()
        await asyncio.wait((watching,))
        await send({"type": "lifespan.shutdown.complete"})

    async def _opened(self, headers: Mapping[str, str]) -> tuple[Stream, int]:
        """The reader's stream, which hears from now on, and the version that their inbox had a moment later."""
        token = bearer(headers.get("authorization", ""))
        speaker = read_token(token, secret_key=self._secret_key, now=self._now())
        if self._hub.is_full:
            raise StoreUnavailableError("there are as many streams as fit in here", hint="ask now and then instead")
        reader = await self._asked(lambda session: reader_of(session, speaker))
        if reader.contact_id is None:
            raise NotFoundError("nothing was heard of this user yet", hint="ask now and then instead")
        stream = Stream(reader.contact_id, speaker.kid, speaker.until)
        self._hub.add(stream)
        try:
            again = await self._asked(lambda session: reader_of(session, speaker))
        except BaseException:
            self._hub.remove(stream)
            raise
        stream.told = again.version
        return stream, again.version

    async def _say(
        self,
        send: Send,
        stream: Stream,
        version: int,
        last: str | None,
        gone: asyncio.Future[Any],
        shared: Mapping[str, str],
    ) -> None:
        await _start(send, 200, {**_AS_STREAM, **shared})
        await _send(send, _RETRY + (_changed(version) if last is not None and last != str(version) else b""))
        while not (stream.is_over or gone.done() or self._now() >= stream.until):
            waiting: asyncio.Future[Any] = asyncio.ensure_future(stream.next(BEAT_SECONDS))
            await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                return
            news = waiting.result()
            if not stream.is_over:
                await _send(send, _BEAT if news is None else _changed(news))
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _changed(version: int) -> bytes:
    return f"id: {version}\nevent: changed\ndata: changed\n\n".encode()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, part: bytes) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _answer(send: Send, status: int, body: Any, headers: Mapping[str, str]) -> None:
    text = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    said = {"Content-Type": "application/json", "Content-Length": str(len(text))} if body is not None else {}
    await _start(send, status, {**said, **headers})
    await send({"type": "http.response.body", "body": text})


def _status_of(error: EngageError) -> int:
    if isinstance(error, PermissionDeniedError):
        return 403 if error.code == "origin_not_allowed" else 401
    return 404 if isinstance(error, NotFoundError) else 503


def _hints_of(error: EngageError) -> dict[str, str]:
    return {"Retry-After": "60"} if isinstance(error, StoreUnavailableError) else {}


def _told(error: EngageError) -> dict[str, str]:
    said = {"code": error.code, "message": error.message, "hint": error.hint}
    return {name: text for name, text in said.items() if text}
