"""Approvals: what waits, the very mail with its reasons, and the three answers: edit, approve, reject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from engage.errors import ConflictError, InputError, PermissionDeniedError
from engage.messages import approvals as desk
from engage.staff.colleagues import covered_by
from engage.web.console.approval_reasons import reasons_of
from engage.web.console.pages import show
from engage.web.headers import framed_mail
from engage.wiring import Engage


@dataclass(frozen=True, slots=True)
class Said:
    """What a person typed into the edit form."""

    subject: str
    parts: Mapping[str, str]


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the list, the page of one approval and the forms on it."""

    @pages.get("/approvals")
    def approvals() -> Response:
        mine = request.args.get("show") != "all"
        staff_id, now = g.login.staff.id, engage.clock.now()
        with engage.database.reading() as session:
            covered = covered_by(session, engage.library.vocabulary(session), staff_id, now=now) if mine else ()
            whose = {"assignee_id": staff_id, "instead_of": covered} if mine else {}
            found = desk.list_pending(session, engage.library, links=engage.links, **whose)
        return show("console/approvals.html", approvals=found, mine=mine, now=now)

    @pages.get("/approvals/<approval_id>")
    def approval(approval_id: str) -> Response:
        return _page(engage, approval_id)

    @pages.get("/approvals/<approval_id>/mail")
    def approval_mail(approval_id: str) -> Response:
        with engage.database.reading() as session:
            view = desk.load(session, engage.library, approval_id, links=engage.links, locale=g.reader.locale)
        return framed_mail(view.html or "")

    @pages.post("/approvals/<approval_id>/approve")
    def approve(approval_id: str) -> AnyResponse:
        sha = request.form.get("sha") or None

        def decide(session: Session) -> None:
            desk.approve(session, engage.library, approval_id, links=engage.links, sha=sha, **_by_whom(engage))

        return _decide(engage, approval_id, decide, notice="approved")

    @pages.post("/approvals/<approval_id>/reject")
    def reject(approval_id: str) -> AnyResponse:
        reason = request.form.get("reason", "")

        def decide(session: Session) -> None:
            desk.reject(session, approval_id, reason=reason, **_by_whom(engage))

        return _decide(engage, approval_id, decide, notice="rejected", reason=reason)

    @pages.get("/approvals/<approval_id>/edit")
    def edit(approval_id: str) -> AnyResponse:
        return _form(engage, approval_id)

    @pages.post("/approvals/<approval_id>/edit")
    def save(approval_id: str) -> AnyResponse:
        return _save(engage, approval_id, _said_in_form())


def _decide(
    engage: Engage, approval_id: str, decide: Callable[[Session], None], *, notice: str, reason: str | None = None
) -> AnyResponse:
    try:
        with engage.database.transaction() as session:
            decide(session)
    except (ConflictError, PermissionDeniedError) as error:
        return _page(engage, approval_id, refused=error.code, reason=reason)
    except InputError:
        return _page(engage, approval_id, refused="no_reason", reason=reason)
    return redirect(url_for("console.approvals", notice=notice), code=303)


def _save(engage: Engage, approval_id: str, said: Said) -> AnyResponse:
    words: dict[str, Any] = {"subject": said.subject, "parts": said.parts, **_by_whom(engage)}
    try:
        with engage.database.transaction() as session:
            desk.edit(session, engage.library, approval_id, links=engage.links, **words)
    except ConflictError as error:
        if error.code == "stale":
            return _form(engage, approval_id, said=said, refused="edited_your_text")
        return _page(engage, approval_id, refused=error.code)
    except PermissionDeniedError as error:
        return _page(engage, approval_id, refused=error.code)
    except InputError as error:
        return _form(engage, approval_id, said=said, problem=str(error))
    return redirect(url_for("console.approval", approval_id=approval_id, notice="edited"), code=303)


def _page(engage: Engage, approval_id: str, *, refused: str | None = None, reason: str | None = None) -> Response:
    now = engage.clock.now()
    with engage.database.reading() as session:
        view = desk.load(session, engage.library, approval_id, links=engage.links, locale=g.reader.locale)
        why = reasons_of(session, engage.library, approval_id)
    status = 409 if refused else 200
    return show("console/approval.html", status=status, view=view, why=why, refused=refused, reason=reason, now=now)


def _form(
    engage: Engage,
    approval_id: str,
    *,
    said: Said | None = None,
    refused: str | None = None,
    problem: str | None = None,
) -> AnyResponse:
    with engage.database.reading() as session:
        view = desk.load(session, engage.library, approval_id, links=engage.links, locale=g.reader.locale)
    if view.state != "pending":
        return redirect(url_for("console.approval", approval_id=approval_id))
    status = 409 if refused else 400 if problem else 200
    return show("console/edit.html", status=status, view=view, said=said, refused=refused, problem=problem)


def _by_whom(engage: Engage) -> dict[str, Any]:
    return {"by": g.login.staff.id, "version": request.form.get("version", 0, type=int), "now": engage.clock.now()}


def _said_in_form() -> Said:
    parts = {name.removeprefix("part-"): text for name, text in request.form.items() if name.startswith("part-")}
    return Said(request.form.get("subject", ""), parts)
