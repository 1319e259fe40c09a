"""`/click/<token>`: notes that a link was fetched, then leads to exactly the page that was signed."""

from __future__ import annotations

import logging

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from engage.errors import NotFoundError, StoreUnavailableError
from engage.messages.clicking import note_click
from engage.web.public.pages import refused
from engage.wiring import Engage

log = logging.getLogger(__name__)


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the click link; Flask answers HEAD with it too, as link checkers ask."""

    @pages.get("/click/<token>")
    def click(token: str) -> AnyResponse:
        try:
            public_id, url = engage.links.read_click(token)
        except NotFoundError:
            return refused()
        _note(public_id, url)
        response = redirect(url, code=302)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def _note(public_id: str, url: str) -> None:
        """The reader gets to the page even when the store is away."""
        try:
            with engage.database.transaction() as session:
                agent = request.headers.get("User-Agent")
                now = engage.clock.now()
                note_click(session, public_id, url, method=request.method, user_agent=agent, now=now)
        except StoreUnavailableError:
            log.warning("a click could not be noted")
