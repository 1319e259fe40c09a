"""The first page: what one has before oneself today, as the digest says it."""

from __future__ import annotations

from flask import Blueprint, Response, g

from engage.reports.today import today_of
from engage.web.console.pages import show
from engage.wiring import Engage


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the page."""

    @pages.get("/today")
    def today() -> Response:
        now = engage.clock.now()
        with engage.database.reading() as session:
            found = today_of(session, engage.library, g.login.staff, links=engage.links, now=now)
        return show("console/today.html", today=found, now=now)
