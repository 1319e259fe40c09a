"""`/chart/<token>.png`: the small picture that a mail shows; nothing is noted, and nobody is named."""

from __future__ import annotations

from flask import Blueprint, Response

from engage.errors import NotFoundError
from engage.messages.charts import drawing
from engage.web.public.pages import refused
from engage.wiring import Engage

_A_YEAR = 365 * 24 * 3600


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the pictures; mail programs may keep them, since a token is always the same picture."""

    @pages.get("/chart/<token>.png")
    def chart(token: str) -> Response:
        try:
            picture = drawing(engage.links, token)
        except NotFoundError:
            return refused()
        response = Response(picture, mimetype="image/png")
        response.headers["Cache-Control"] = f"public, max-age={_A_YEAR}, immutable"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a mail is never of our own origin
        return response
