"""A customer at the answer page: what the links of a mail open, and what is confirmed there."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engage.channels.base import OutboundEmail
from engage.config import Settings
from engage.web.errors import handle_errors
from engage.web.headers import harden
from engage.web.public.blueprint import public_pages
from engage.wiring import Engage
from tests.acceptance.company import Company

_FIELD = re.compile(r"<input type=\"(hidden|radio|date)\" name=\"([^\"]+)\"[^>]*?value=\"([^\"]*)\"([^>]*)>")


def website(company: Company) -> Flask:
    """The public pages of the company."""
    engage = Engage(
        settings=Settings.from_env({"ENGAGE_HOME": "/nowhere", "ENGAGE_SECRET_KEY": "a secret of the tests"}),
        clock=company.clock,
        database=company.database,
        library=company.library,
        links=company.links,
    )
    app = Flask("public", static_folder=None)
    harden(app, https=False)
    handle_errors(app)
    app.register_blueprint(public_pages(engage))
    return app


def link_to(mail: OutboundEmail, text: str) -> str:
    """The path of the link that the mail's text part names so."""
    line = next(line for line in mail.text.splitlines() if line.startswith(f"{text}: "))
    return "/survey/" + line.rpartition("/survey/")[2]


class Reader:
    """Somebody with a browser and the mail."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.browser: FlaskClient = website(company).test_client()

    def opens(self, mail: OutboundEmail, text: str) -> dict[str, str]:
        """What the form of the clicked choice holds, as a browser would send it."""
        page = self.browser.get(link_to(mail, text)).get_data(as_text=True)
        held: dict[str, str] = {}
        for kind, name, value, rest in _FIELD.findall(page):
            if kind != "radio" or "checked" in rest:
                held[name] = html.unescape(value)
        return held

    def confirms(self, mail: OutboundEmail, text: str, **said: Any) -> TestResponse:
        """Clicks a choice and sends the form; `day` is the date it asks for, other words are fields."""
        form = self.opens(mail, text)
        if day := said.pop("day", None):
            form[f"date.{said.get('choice', form['choice'])}"] = day
        answer = self.browser.post(link_to(mail, text), data=form | said)
        self.company.work()
        return answer
