"""`/console/…`: the blueprint, with its guard bound before any view exists."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from engage.errors import EngageError
from engage.web.auth import ConsoleDoor
from engage.web.console import (
    approval_views,
    customer_views,
    inbound_views,
    login_views,
    me_views,
    preference_views,
    task_views,
    template_views,
    today_views,
)  # fmt: skip
from engage.web.console.pages import STATIC, reader, show
from engage.web.console.texts import has_words
from engage.web.errors import status_of
from engage.wiring import Engage

OPEN_ENDPOINTS = ("console.login", "console.static", "console.choose")


def console(engage: Engage) -> Blueprint:
    """The console's blueprint."""
    pages = Blueprint("console", __name__, url_prefix="/console", template_folder="templates", static_folder=STATIC)
    door = ConsoleDoor(
        engage.database, engage.clock, public_url=engage.settings.public_url, open_endpoints=OPEN_ENDPOINTS
    )
    door.bind(pages)

    @pages.before_request
    def know_reader() -> None:
        g.reader = reader(engage.settings.default_locale, engage.settings.default_timezone)

    @pages.errorhandler(EngageError)
    def refused(error: EngageError) -> Response:
        return _error_page(error.code, str(error), status_of(error))

    @pages.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        return _error_page(error.name.lower().replace(" ", "_"), error.description or error.name, error.code or 500)

    @pages.get("/")
    def home() -> AnyResponse:
        return redirect(url_for("console.today"))

    def _error_page(code: str, message: str, status: int) -> Response:
        if "reader" not in g:
            know_reader()
        words = g.reader.say(f"error.{code}") if has_words(f"error.{code}") else message
        return show("console/error.html", status=status, message=words)

    login_views.add(pages, engage, door)
    preference_views.add(pages)
    approval_views.add(pages, engage)
    task_views.add(pages, engage)
    template_views.add(pages, engage)
    inbound_views.add(pages, engage)
    customer_views.add(pages, engage)
    today_views.add(pages, engage)
    me_views.add(pages, engage)
    return pages
