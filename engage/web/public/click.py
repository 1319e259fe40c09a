"""`/click/<token>`: notes that a link was fetched, then leads to exactly the page that was signed."""

from __future__ import annotations

import logging

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from engage.errors import NotFoundError, StoreUnavailableError
from engage.messages.clicking import follow, note_click
from engage.web.public.pages import away, refused
from engage.wiring import Engage

log = logging.getLogger(__name__)


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the click link; Flask answers HEAD with it too, as link checkers ask."""

    @pages.get("/click/<token>")
    def click(token: str) -> AnyResponse:
        try:
            with engage.database.reading() as session:
                public_id, url = follow(session, engage.library, engage.links, token)
        except NotFoundError:
            return refused()
        except StoreUnavailableError:
            return away()
        if engage.links.follows_clicks:
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
                note_click(
                    session,
                    public_id,
                    url,
                    method=request.method,
                    user_agent=request.headers.get("User-Agent"),
                    address=request.remote_addr,
                    now=engage.clock.now(),
                )
        except StoreUnavailableError:
            log.warning("a click could not be noted")
