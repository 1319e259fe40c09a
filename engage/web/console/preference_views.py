"""Choosing the language and the colours of the console."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from engage.web.auth import back_path
from engage.web.console.pages import CHOICES, keep_choice


def add(pages: Blueprint) -> None:
    """Adds the one form that sets both."""

    @pages.post("/choose")
    def choose() -> Response:
        response = redirect(back_path(request.form.get("back"), url_for("console.home")), code=303)
        for name in CHOICES:
            keep_choice(response, name, request.form.get(name, ""))
        return response
