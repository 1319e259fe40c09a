"""Logging in and out."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from engage.web.auth import ConsoleDoor, back_path
from engage.web.console.pages import show
from engage.wiring import Engage


def add(pages: Blueprint, engage: Engage, door: ConsoleDoor) -> None:
    """Adds the login page and the way out."""

    @pages.route("/login", methods=["GET", "POST"])
    def login() -> Response:
        onward = back_path(request.args.get("next"), url_for("console.approvals"))
        if request.method == "GET":
            return redirect(onward) if g.login else show("console/login.html", wrong=False)
        email = request.form.get("email", "")
        with engage.database.transaction() as session:
            found = door.log_in(session, email, request.form.get("password", ""))
        if found is None:
            return show("console/login.html", status=403, wrong=True, email=email)
        response = redirect(onward, code=303)
        door.hand_cookie(response, found[1])
        return response

    @pages.post("/logout")
    def logout() -> Response:
        with engage.database.transaction() as session:
            door.log_out(session)
        response = redirect(url_for("console.login"), code=303)
        door.take_cookie(response)
        return response
