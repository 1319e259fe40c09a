"""`/confirm/<token>`: a GET shows what was asked for and changes nothing, a POST is the yes, however often it comes."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from engage.errors import ConflictError, NotFoundError
from engage.messages.confirming import Request, confirm, describe
from engage.web.public.confirm_words import CONFIRM_WORDS
from engage.web.public.pages import proof_of, refused, stern
from engage.wiring import Engage

_STATUS = {"expired": 410, "unsent": 409}


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the page and the yes."""

    @pages.get("/confirm/<token>")
    def confirm_page(token: str) -> Response:
        try:
            return _page(_asked(token))
        except NotFoundError:
            return refused()

    @pages.post("/confirm/<token>")
    def confirm_yes(token: str) -> Response:
        try:
            public_id, now = engage.links.read_confirm(token), engage.clock.now()
            with engage.database.transaction() as session:
                confirm(session, public_id, now=now, request=proof_of(request))
        except NotFoundError:
            return refused()
        except ConflictError:
            pass  # the page says why
        return _page(_asked(token))

    def _asked(token: str) -> Request:
        public_id = engage.links.read_confirm(token)
        with engage.database.reading() as session:
            return describe(session, engage.library, public_id, now=engage.clock.now())


def _page(asked: Request) -> Response:
    about = asked.about.for_locale(asked.locale) if asked.about else ""
    said = {"topic": asked.title, "address": asked.address, "about": about}
    lines = {
        key.partition(".")[2]: text.format(**said)
        for key, text in CONFIRM_WORDS[asked.locale].items()
        if key.startswith(f"{asked.state}.")
    }
    company = asked.company.get("name", "")
    page = render_template("public/page.html", locale=asked.locale, lines=lines, company=company)
    return stern(make_response(page, _STATUS.get(asked.state, 200)))
