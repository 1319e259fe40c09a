"""The live stream over one installation: what an ASGI server asks for."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy.orm import Session

from engage import wiring
from engage.logs import configure_logs
from engage.web.stream.app import StreamApp
from engage.web.stream.hub import Hub
from engage.worker.inbox_news import InboxNews

MOST_STREAMS = 20_000


def application() -> StreamApp:
    """The stream of the installation that the environment describes; what an ASGI server asks for."""
    configure_logs()
    _allow_many_files()
    engage = wiring.build()
    return stream_app(engage, wiring.redis_url(engage.settings))


def stream_app(engage: wiring.Engage, redis_url: str | None) -> StreamApp:
    """The stream over one installation."""
    # One thread reads for everybody: no stream holds a connection of the database, however long it is open.
    reading = ThreadPoolExecutor(1, "inboxes")

    async def asked(question: Callable[[Session], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(reading, _read, engage, question)

    hub = Hub(InboxNews(redis_url), asked, most=MOST_STREAMS)
    said, now = engage.settings, engage.clock.now
    return StreamApp(hub, asked, secret_key=said.secret_key, origins=said.in_app_origins, now=now)


def _read(engage: wiring.Engage, question: Callable[[Session], Any]) -> Any:
    with engage.database.reading() as session:
        return question(session)


def _allow_many_files() -> None:
    """Each stream is an open file, and the usual limit is a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
