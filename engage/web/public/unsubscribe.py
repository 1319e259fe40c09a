"""`/unsubscribe/<token>`: a GET shows a page and changes nothing, a POST stops the topic, the tenth like the first."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from engage.errors import NotFoundError
from engage.messages.unsubscribing import Offer, describe, stop_topic
from engage.web.public.pages import stern
from engage.web.public.words import WORDS, language_asked
from engage.wiring import Engage

_ONE_CLICK = "One-Click"


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the page and the two ways to stop."""

    @pages.get("/unsubscribe/<token>")
    def unsubscribe_page(token: str) -> Response:
        try:
            public_id = engage.links.read_unsubscribe(token)
            with engage.database.reading() as session:
                offer = describe(session, engage.library, public_id)
        except NotFoundError:
            return _page("bad", language_asked(request), 404)
        return _page("done" if offer.stopped else "offer", offer.locale, 200, offer)

    @pages.post("/unsubscribe/<token>")
    def unsubscribe(token: str) -> Response:
        one_click = request.form.get("List-Unsubscribe") == _ONE_CLICK
        try:
            public_id = engage.links.read_unsubscribe(token)
            with engage.database.transaction() as session:
                source = "one_click" if one_click else "page"
                stop_topic(session, public_id, source=source, now=engage.clock.now())
                offer = describe(session, engage.library, public_id)
        except NotFoundError as error:
            return Response(f"{error}\n", 404) if one_click else _page("bad", language_asked(request), 404)
        return Response(status=200) if one_click else _page("done", offer.locale, 200, offer)


def _page(kind: str, locale: str, status: int, offer: Offer | None = None) -> Response:
    said: dict[str, Any] = {"topic": offer.titles[locale], "address": offer.address} if offer else {}
    lines = {
        key.partition(".")[2]: text.format(**said) for key, text in WORDS[locale].items() if key.startswith(f"{kind}.")
    }
    company = offer.company[locale] if offer else ""
    page = render_template("public/page.html", locale=locale, lines=lines, company=company)
    return stern(make_response(page, status))
