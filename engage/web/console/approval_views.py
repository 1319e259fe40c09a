"""Approvals: what waits, the very mail with its reasons, and the three answers: edit, approve, reject."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from engage.errors import ConflictError, InputError
from engage.messages import approvals as desk
from engage.web.console.approval_reasons import reasons_of
from engage.web.console.pages import show
from engage.web.headers import MAIL_POLICY
from engage.wiring import Engage

_INERT_LINKS = '<base target="_blank">'


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the list, the page of one approval and the forms on it."""

    @pages.get("/approvals")
    def approvals() -> Response:
        mine = request.args.get("show") != "all"
        with engage.database.reading() as session:
            found = desk.list_pending(session, now=engage.clock.now(), assignee_id=g.login.staff.id if mine else None)
        return show("console/approvals.html", approvals=found, mine=mine, now=engage.clock.now())

    @pages.get("/approvals/<approval_id>")
    def approval(approval_id: str) -> Response:
        return _page(approval_id)

    @pages.get("/approvals/<approval_id>/mail")
    def approval_mail(approval_id: str) -> Response:
        view = _view(approval_id)
        headers = {"Content-Security-Policy": MAIL_POLICY, "Cache-Control": "no-store"}
        return Response(_INERT_LINKS + (view.html or ""), mimetype="text/html", headers=headers)

    @pages.post("/approvals/<approval_id>/approve")
    def approve(approval_id: str) -> AnyResponse:
        return _decide(approval_id, desk.approve, done="approved")

    @pages.post("/approvals/<approval_id>/reject")
    def reject(approval_id: str) -> AnyResponse:
        reason = request.form.get("reason", "").strip()
        return _decide(approval_id, desk.reject, done="rejected", reason=reason)

    @pages.get("/approvals/<approval_id>/edit")
    def edit(approval_id: str) -> Response:
        return show("console/edit.html", view=_view(approval_id), said=None)

    @pages.post("/approvals/<approval_id>/edit")
    def save(approval_id: str) -> AnyResponse:
        said = _said_in_form()
        try:
            with engage.database.transaction() as session:
                desk.edit(session, engage.library, approval_id, **_who_and_when(engage), **said)
        except ConflictError as error:
            if error.code == "already_decided":
                return _page(approval_id, status=409, conflict="decided")
            return _form_again(approval_id, said, status=409, conflict="edited_your_text")
        except InputError as error:
            return _form_again(approval_id, said, status=400, problem=str(error))
        return redirect(url_for("console.approval", approval_id=approval_id, notice="edited"), code=303)

    def _decide(approval_id: str, verb: Any, *, done: str, **said: str) -> AnyResponse:
        try:
            with engage.database.transaction() as session:
                verb(session, engage.library, approval_id, **_who_and_when(engage), **said)
        except ConflictError as error:
            conflict = "decided" if error.code == "already_decided" else "edited"
            return _page(approval_id, status=409, conflict=conflict, reject_reason=said.get("reason"))
        return redirect(url_for("console.approvals", notice=done), code=303)

    def _view(approval_id: str) -> desk.ApprovalView:
        with engage.database.reading() as session:
            return desk.load(session, engage.library, approval_id, links=engage.links)

    def _page(
        approval_id: str, *, status: int = 200, conflict: str | None = None, reject_reason: str | None = None
    ) -> Response:
        with engage.database.reading() as session:
            view = desk.load(session, engage.library, approval_id, links=engage.links)
            why = reasons_of(session, engage.library, approval_id)
        return show(
            "console/approval.html",
            status=status,
            view=view,
            why=why,
            conflict=conflict,
            reject_reason=reject_reason,
            now=engage.clock.now(),
        )

    def _form_again(approval_id: str, said: dict[str, Any], *, status: int, **context: str) -> Response:
        return show("console/edit.html", status=status, view=_view(approval_id), said=said, **context)


def _who_and_when(engage: Engage) -> dict[str, Any]:
    return {"by": g.login.staff.id, "version": request.form.get("version", 0, type=int), "now": engage.clock.now()}


def _said_in_form() -> dict[str, Any]:
    parts = {name[5:]: text.replace("\r\n", "\n") for name, text in request.form.items() if name.startswith("part:")}
    return {"subject": request.form.get("subject", ""), "parts": parts}
