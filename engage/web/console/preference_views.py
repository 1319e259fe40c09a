"""Choosing the language and the colours of the console."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from engage.web.auth import back_path
from engage.web.console.pages import THEMES
from engage.web.console.texts import LOCALES

_A_YEAR = 365 * 24 * 3600
_CHOICES = {"locale": LOCALES, "theme": THEMES}


def add(pages: Blueprint) -> None:
    """Adds the one form that sets both."""

    @pages.post("/choose")
    def choose() -> Response:
        response = redirect(back_path(request.form.get("back"), url_for("console.home")), code=303)
        for name, known in _CHOICES.items():
            if request.form.get(name) in known:
                response.set_cookie(
                    f"engage_{name}", request.form[name], max_age=_A_YEAR, samesite="Lax", httponly=True
                )
        return response
