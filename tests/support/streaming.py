"""The live stream behind a real server, and a browser's ear at it."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from engage.web.stream.app import PATH
from engage.web.stream.serving import stream_app
from engage.wiring import Engage
from tests.support.waiting import until


@contextmanager
def streaming(engage: Engage, redis_url: str | None = None) -> Iterator[str]:
    """The URL of the live stream over this installation."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    host, _, port = listen.rpartition(":")
    app = stream_app(engage, redis_url)
    quiet: dict[str, Any] = {"log_config": None, "log_level": "warning", "access_log": False}
    live = uvicorn.Server(uvicorn.Config(app, host, int(port), lifespan="on", timeout_graceful_shutdown=1, **quiet))
    thread = threading.Thread(target=live.run)
    thread.start()
    try:
        until(lambda: _answers(listen), seconds=60, what="the stream to answer")
        yield f"http://{listen}"
    finally:
        live.should_exit = True
        thread.join()


class Ear:
    """One open stream, read part by part."""

    def __init__(self, url: str, token: str, **headers: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        self._connection.request("GET", PATH, headers={"Authorization": f"Bearer {token}", **headers})
        self.answer = self._connection.getresponse()

    def next(self) -> str:
        """The next event or remark; empty at the end."""
        lines: list[str] = []
        while (line := self.answer.readline().decode().rstrip("\n")) or not lines:
            if not line and self.answer.closed:
                return ""
            if not line and not lines:
                return ""
            lines.append(line)
        return "\n".join(lines)

    def close(self) -> None:
        """Goes away."""
        self.answer.close()
        self._connection.close()


def _answers(listen: str) -> bool:
    host, _, port = listen.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
