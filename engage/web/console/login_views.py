"""Logging in and out, and one's own password."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from engage.errors import InputError
from engage.staff.entering import Refused, change_password, enter
from engage.staff.passwords import SHORTEST
from engage.web.auth import ConsoleDoor, back_path
from engage.web.console.pages import show
from engage.wiring import Engage


def add(pages: Blueprint, engage: Engage, door: ConsoleDoor) -> None:
    """Adds the login page, the way out, and the page of one's own password."""

    @pages.route("/login", methods=["GET", "POST"])
    def login() -> Response:
        onward = back_path(request.args.get("next"), url_for("console.today"))
        if request.method == "GET":
            return redirect(onward) if g.login else show("console/login.html")
        email, password, now = request.form.get("email", ""), request.form.get("password", ""), engage.clock.now()
        with engage.database.transaction() as session:
            answer = enter(session, email, password, browser=door.browser, now=now)
        if isinstance(answer, Refused):
            return _refused("console/login.html", g.reader.say("login.wrong"), answer.until, now, email=email)
        response = redirect(onward, code=303)
        door.hand_cookie(response, answer.token)
        return response

    @pages.post("/logout")
    def logout() -> Response:
        with engage.database.transaction() as session:
            door.log_out(session)
        response = redirect(url_for("console.login"), code=303)
        door.take_cookie(response)
        return response

    @pages.route("/password", methods=["GET", "POST"])
    def password() -> Response:
        if request.method == "GET":
            return _password_form()
        return _new_password(engage, door)


def _new_password(engage: Engage, door: ConsoleDoor) -> Response:
    """Changes the password as the form asks, or shows the form again."""
    current, new, now = request.form.get("current", ""), request.form.get("new", ""), engage.clock.now()
    if new != request.form.get("again", ""):
        return _password_form(status=400, problem=g.reader.say("password.differ"))
    try:
        with engage.database.transaction() as session:
            answer = change_password(session, g.login.staff.id, current=current, new=new, browser=door.browser, now=now)
    except InputError:
        return _password_form(status=400, problem=g.reader.say("password.bad", n=SHORTEST))
    if isinstance(answer, Refused):
        return _refused("console/password.html", g.reader.say("password.wrong"), answer.until, now, shortest=SHORTEST)
    response = redirect(url_for("console.approvals", notice="password"), code=303)
    door.hand_cookie(response, answer.token)
    return response


def _password_form(status: int = 200, problem: str | None = None) -> Response:
    return show("console/password.html", status=status, problem=problem, shortest=SHORTEST)


def _refused(page: str, words: str, until: datetime | None, now: datetime, **context: object) -> Response:
    """The form again, with what was wrong; or how long to wait."""
    if until is None:
        return show(page, status=403, problem=words, **context)
    seconds = max(1, ceil((until - now).total_seconds()))
    response = show(page, status=429, problem=g.reader.say("login.wait", wait=g.reader.span(seconds)), **context)
    response.headers["Retry-After"] = str(seconds)
    return response
