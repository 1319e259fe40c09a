"""Pages that customers reach from their mail: no login, a signed token is the guard of each."""

from __future__ import annotations

from flask import Blueprint

from engage.web.public import chart, click, confirm, preferences, survey, unsubscribe
from engage.wiring import Engage


def public_pages(engage: Engage) -> Blueprint:
    """The blueprint of the links in mails."""
    pages = Blueprint("public_pages", __name__, template_folder="templates")
    chart.add(pages, engage)
    click.add(pages, engage)
    confirm.add(pages, engage)
    preferences.add(pages, engage)
    survey.add(pages, engage)
    unsubscribe.add(pages, engage)
    return pages
