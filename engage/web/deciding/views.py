"""The page of a deciding link: a GET shows the very mail and changes nothing, a POST decides."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from engage.errors import ConflictError, InputError
from engage.messages.deciding import Opened, approve_by_link, open_link, reject_by_link
from engage.web.console.pages import show
from engage.web.headers import framed_mail
from engage.wiring import Engage


def opened(engage: Engage) -> Opened:
    """What the link of this request opens."""
    token = str((request.view_args or {}).get("token", ""))
    with engage.database.reading() as session:
        return open_link(session, engage.library, engage.links, token, now=engage.clock.now())


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the page, the mail in its frame, and the two answers."""

    @pages.get("/<token>")
    def page(token: str) -> Response:
        return _page(token, engage)

    @pages.get("/<token>/mail")
    def mail(token: str) -> Response:
        return framed_mail(g.opened.view.html or "")

    @pages.post("/<token>/approve")
    def approve(token: str) -> AnyResponse:
        return _decide(token, engage, sha=request.form.get("sha") or None)

    @pages.post("/<token>/reject")
    def reject(token: str) -> AnyResponse:
        return _decide(token, engage, reason=request.form.get("reason", ""))


def _decide(token: str, engage: Engage, *, sha: str | None = None, reason: str | None = None) -> AnyResponse:
    seen: dict[str, Any] = {"version": request.form.get("version", 0, type=int), "now": engage.clock.now()}
    try:
        with engage.database.transaction() as session:
            if reason is None:
                approve_by_link(session, engage.library, engage.links, token, sha=sha, **seen)
            else:
                reject_by_link(session, engage.library, engage.links, token, reason=reason, **seen)
    except InputError:
        return _again(token, engage, "no_reason", reason)
    except ConflictError as error:
        return _again(token, engage, error.code, reason)
    return redirect(url_for("deciding.page", token=token), code=303)


def _again(token: str, engage: Engage, code: str, reason: str | None) -> Response:
    """The page as it stands now, with why the answer did not count."""
    g.opened = opened(engage)
    return _page(token, engage, status=409, refused=code, reason=reason)


def _page(
    token: str, engage: Engage, *, status: int = 200, refused: str | None = None, reason: str | None = None
) -> Response:
    says_no = reason is not None or request.args.get("answer") == "no"
    shown = {"opened": g.opened, "view": g.opened.view, "now": engage.clock.now()}
    shown |= {"token": token, "refused": refused, "reason": reason, "says_no": says_no}
    return show("deciding/page.html", status=status, **shown)
