"""What every public page has in common: strict headers, and the page for a link that is not ours."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from engage.web.public.words import WORDS, language_asked

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def stern(response: Response) -> Response:
    """The response with headers that keep it out of caches, searches, frames and other pages' logs."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def refused() -> Response:
    """The page for a link that was cut short, changed or never ours, in the language the browser asks for."""
    locale = language_asked(request)
    lines = {"title": WORDS[locale]["bad.title"], "lead": WORDS[locale]["bad.lead"]}
    return stern(make_response(render_template("public/page.html", locale=locale, lines=lines, company=""), 404))
