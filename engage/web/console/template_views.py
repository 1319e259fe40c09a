"""Templates: the words that are live, read in each language, in light and dark, for a sample or a customer."""

from __future__ import annotations

from flask import Blueprint, Response, request

from engage.errors import NotFoundError
from engage.rollout.template_showing import LiveTemplate, ShownTemplate, find_live, in_colours, live_templates
from engage.rollout.template_showing import show as show_template
from engage.web.console.pages import show
from engage.web.headers import framed_mail
from engage.wiring import Engage

SCHEMES = ("light", "dark")


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the list, the page of one template, and the mail in its frame."""

    @pages.get("/templates")
    def templates() -> Response:
        with engage.database.reading() as session:
            found = live_templates(session, engage.library)
        return show("console/templates.html", templates=found)

    @pages.get("/templates/<path:name>")
    def template(name: str) -> Response:
        account, problem = _account(), False
        try:
            found, shown = _shown(engage, name, account)
        except NotFoundError as error:
            if error.code != "no_such_account":
                raise
            found, shown = _shown(engage, name, None)
            problem = True
        status = 404 if problem else 200
        return show(
            "console/template.html",
            status=status,
            live=found,
            shown=shown,
            account=account,
            problem=problem,
            scheme=_scheme(),
        )

    @pages.get("/template-mail/<locale>/<path:name>")
    def template_mail(name: str, locale: str) -> Response:
        _, shown = _shown(engage, name, _account())
        html = next((one.html for one in shown if one.locale == locale), "")
        return framed_mail(in_colours(html, _scheme()))


def _shown(engage: Engage, name: str, account: str | None) -> tuple[LiveTemplate, list[ShownTemplate]]:
    with engage.database.reading() as session:
        found = find_live(session, engage.library, name)
        now = engage.clock.now()
        return found, show_template(session, engage.library, found, links=engage.links, account=account, now=now)


def _account() -> str | None:
    return request.args.get("account", "").strip() or None


def _scheme() -> str:
    said = request.args.get("colours", "")
    return said if said in SCHEMES else SCHEMES[0]
