"""Who is at the console: the session cookie, the guard of its blueprint, and the two checks against forged requests."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from engage.clock import Clock
from engage.db.session import Database
from engage.errors import PermissionDeniedError
from engage.staff import sessions
from engage.staff.entering import Browser
from engage.staff.sessions import Login

READING = ("GET", "HEAD", "OPTIONS")


class ConsoleDoor:
    """Lets people in and out, and stands before every view of the blueprint it is bound to."""

    def __init__(self, database: Database, clock: Clock, *, public_url: str, open_endpoints: Collection[str]) -> None:
        self._database = database
        self._clock = clock
        self._origin = origin_of(public_url)
        self._is_https = public_url.startswith("https://")
        self._open = frozenset(open_endpoints)
        self.cookie = "__Host-engage" if self._is_https else "engage"

    def bind(self, blueprint: Blueprint) -> None:
        """Puts the guard before every view of the blueprint."""
        blueprint.before_request(self._guard)

    @property
    def browser(self) -> Browser:
        """Where the request comes from."""
        return Browser(client=request.remote_addr or "", token=request.cookies.get(self.cookie))

    def log_out(self, session: Session) -> None:
        """Ends the session the request came with."""
        sessions.log_out(session, request.cookies.get(self.cookie, ""))

    def hand_cookie(self, response: AnyResponse, token: str) -> None:
        """Gives the browser its session."""
        response.set_cookie(
            self.cookie,
            token,
            max_age=int(sessions.LONGEST.total_seconds()),
            secure=self._is_https,
            httponly=True,
            samesite="Lax",
        )

    def take_cookie(self, response: AnyResponse) -> None:
        """Takes the session away from the browser."""
        response.delete_cookie(self.cookie, secure=self._is_https, httponly=True, samesite="Lax")

    def _guard(self) -> AnyResponse | None:
        """1. who is it 2. does the form come from our own page 3. may nobody-in-particular see this."""
        g.login = self._login()
        is_open = request.endpoint in self._open
        if request.method not in READING:
            self._refuse_foreign_forms(None if is_open else g.login)
        if g.login is None and not is_open:
            back = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("console.login", next=back), code=303)
        return None

    def _login(self) -> Login | None:
        token = request.cookies.get(self.cookie)
        if not token or request.endpoint == "console.static":
            return None
        now = self._clock.now()
        with self._database.reading() as session:
            login = sessions.find_login(session, token, now=now)
        if login is not None and login.is_stale:
            with self._database.transaction() as session:
                sessions.touch(session, token, now=now)
        return login

    def _refuse_foreign_forms(self, login: Login | None) -> None:
        refuse_foreign_forms(self._origin)
        said = request.form.get("csrf_token", "")
        if login is not None and not hmac.compare_digest(said.encode(), login.csrf_token.encode()):
            raise PermissionDeniedError("the form is too old", code="stale_form", hint="open the page again")


def refuse_foreign_forms(origin: str) -> None:
    """Lets a form pass that stands on a page of ours.

    By what browsers say of where a form stands; a client that says nothing is no browser, and was not led here.
    """
    site, said = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_ours = said is None or said in (origin, origin_of(request.host_url))
    if not (site in ("same-origin", "none") if site is not None else is_ours):
        raise PermissionDeniedError("the form came from another site", code="foreign_form")


def back_path(said: str | None, otherwise: str) -> str:
    """A path of the console to go to next, never another site."""
    parts = urlsplit(said or "")
    ours = not parts.scheme and not parts.netloc and parts.path.startswith("/console/") and "\\" not in (said or "")
    return said if ours and said else otherwise


def origin_of(url: str) -> str:
    """Scheme, host and port, as browsers name a site."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
