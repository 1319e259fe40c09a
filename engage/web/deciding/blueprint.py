"""`/decide/…`: the blueprint of the deciding links; the signed token is the guard, no session is read or made here."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from engage.errors import EngageError
from engage.web.auth import READING, origin_of, refuse_foreign_forms
from engage.web.console.pages import show, visitor
from engage.web.console.texts import has_words
from engage.web.deciding import views
from engage.web.errors import status_of
from engage.wiring import Engage


def deciding_pages(engage: Engage) -> Blueprint:
    """The blueprint, with its guard bound before any view exists."""
    pages = Blueprint("deciding", __name__, url_prefix="/decide", template_folder="templates")
    origin = origin_of(engage.settings.public_url)

    @pages.before_request
    def guard() -> None:
        """1. whose link is it 2. does the form come from our own page."""
        g.reader = visitor(engage.settings.default_locale, engage.settings.default_timezone)
        g.opened = views.opened(engage)
        g.reader = visitor(g.opened.member.locale[:2], g.opened.member.time_zone, is_known=True)
        if request.method not in READING:
            refuse_foreign_forms(origin)

    @pages.after_request
    def keep_out(response: Response) -> Response:
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    @pages.errorhandler(EngageError)
    def refused(error: EngageError) -> Response:
        said = f"error.{error.code}"
        message = g.reader.say(said) if has_words(said) else str(error)
        return show("deciding/refused.html", status=status_of(error), message=message)

    views.add(pages, engage)
    return pages
