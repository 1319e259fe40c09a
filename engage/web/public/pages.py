"""What every public page has in common: strict headers, and the pages for a link that leads nowhere, or not now."""

from __future__ import annotations

from flask import Request, Response, make_response, render_template, request

from engage.web.public.words import WORDS, language_asked

_LONGEST_WORD = 300
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def stern(response: Response) -> Response:
    """The response with headers that keep it out of caches, searches, frames and other pages' logs."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def proof_of(asked: Request) -> dict[str, str]:
    """What is kept of a request as proof of what its sender wanted; neither token nor network address is."""
    words = {"request": f"{asked.method} /{asked.path.split('/')[1]}", "agent": asked.headers.get("User-Agent", "")}
    return {name: word[:_LONGEST_WORD] for name, word in words.items() if word}


def refused() -> Response:
    """The page for a link that was cut short, changed or never ours, in the language the browser asks for."""
    return _page_about("bad", 404)


def away() -> Response:
    """The page for a moment in which the store does not answer."""
    response = _page_about("away", 503)
    response.headers["Retry-After"] = "30"
    return response


def _page_about(kind: str, status: int) -> Response:
    locale = language_asked(request)
    lines = {"title": WORDS[locale][f"{kind}.title"], "lead": WORDS[locale][f"{kind}.lead"]}
    return stern(make_response(render_template("public/page.html", locale=locale, lines=lines, company=""), status))
