"""Whether a web address answers: asked with HEAD, and with GET where HEAD is not allowed."""

from __future__ import annotations

from collections.abc import Iterable

import urllib3

_PATIENCE = urllib3.Timeout(connect=5, read=10)
_NOT_FOR_HEAD = frozenset({403, 405, 501})


def not_reached(urls: Iterable[str]) -> dict[str, str]:
    """The addresses that do not answer well, each with what it said instead."""
    pool = urllib3.PoolManager(timeout=_PATIENCE, retries=urllib3.Retry(1, redirect=5))
    answers = {url: _answer(pool, url) for url in urls}
    return {url: reason for url, reason in answers.items() if reason is not None}


def _answer(pool: urllib3.PoolManager, url: str) -> str | None:
    try:
        status = pool.request("HEAD", url).status
        if status in _NOT_FOR_HEAD:
            response = pool.request("GET", url, preload_content=False)
            status = response.status
            response.release_conn()
    except urllib3.exceptions.HTTPError as error:
        return type(error).__name__
    return None if status < 400 else f"status {status}"
