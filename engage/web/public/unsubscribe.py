"""`/unsubscribe/<token>`: a GET shows a page and changes nothing, a POST stops the topic, the tenth like the first."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from engage.errors import InputError, NotFoundError
from engage.messages.unsubscribing import ONE_CLICK, Offer, describe, stop_topic
from engage.web.public.pages import proof_of, stern
from engage.web.public.words import WORDS, language_asked
from engage.wiring import Engage


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
        one_click = request.form.get("List-Unsubscribe") == "One-Click"
        try:
            public_id = engage.links.read_unsubscribe(token)
            with engage.database.transaction() as session:
                source, is_own = ONE_CLICK if one_click else "page", request.form.get("own") == "yes"
                said, now = proof_of(request), engage.clock.now()
                stop_topic(session, public_id, source=source, now=now, is_own=is_own, request=said)
                offer = describe(session, engage.library, public_id)
        except NotFoundError as error:
            return Response(f"{error}\n", 404) if one_click else _page("bad", language_asked(request), 404)
        except InputError as error:
            return Response(f"{error}\n", 400) if one_click else _asked_again(public_id)
        return Response(status=200) if one_click else _page("done", offer.locale, 200, offer)

    def _asked_again(public_id: str) -> Response:
        with engage.database.reading() as session:
            offer = describe(session, engage.library, public_id)
        return _page("offer", offer.locale, 400, offer, wrong=WORDS[offer.locale][f"wrong.{offer.asks}"])


def _page(kind: str, locale: str, status: int, offer: Offer | None = None, wrong: str = "") -> Response:
    said: dict[str, Any] = {"topic": offer.titles[locale], "address": offer.address} if offer else {}
    lines = {
        key.partition(".")[2]: text.format(**said) for key, text in WORDS[locale].items() if key.startswith(f"{kind}.")
    }
    if offer and kind == "offer" and offer.asks != "nothing":
        lines |= {name: WORDS[locale][f"{offer.asks}.{name}"] for name in ("why", "own")}
    company = offer.company[locale] if offer else ""
    page = render_template("public/page.html", locale=locale, lines=lines, company=company, wrong=wrong)
    return stern(make_response(page, status))
