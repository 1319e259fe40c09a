"""Mail that came in: the list, one mail with what was understood, and a colleague's word on a departure."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from engage.errors import ConflictError, InputError
from engage.messages.inbound.deciding import Departed, confirm, dismiss
from engage.messages.inbound.listing import SUGGESTING, WantedMail, list_inbound, show_inbound
from engage.web.console.pages import show
from engage.wiring import Engage

_MOST = 100
_VIEWS = {
    "replies": WantedMail(kind="reply"),
    "undecided": WantedMail(undecided=True),
    "unmatched": WantedMail(unmatched=True),
    "all": WantedMail(),
}


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the list, the page of one mail and the two answers to a departure."""

    @pages.get("/inbound")
    def inbound() -> Response:
        view = request.args.get("show", "")
        view = view if view in _VIEWS else "replies"
        with engage.database.reading() as session:
            found = list_inbound(session, _VIEWS[view], limit=_MOST)
        return show("console/inbound.html", mails=found, view=view, views=list(_VIEWS))

    @pages.get("/inbound/<inbound_id>")
    def inbound_mail(inbound_id: str) -> Response:
        return _page(inbound_id)

    @pages.post("/inbound/<inbound_id>/confirm")
    def confirm_departure(inbound_id: str) -> AnyResponse:
        said = Departed(
            left=request.form.get("left") == "yes",
            successor_name=request.form.get("successor_name", ""),
            successor_address=request.form.get("successor_address", ""),
        )
        try:
            with engage.database.transaction() as session:
                confirm(session, inbound_id, said, by=g.login.staff.email, now=engage.clock.now())
        except (InputError, ConflictError) as error:
            return _page(inbound_id, refused=error, said=said)
        return redirect(url_for("console.inbound_mail", inbound_id=inbound_id, notice="departure_confirmed"), code=303)

    @pages.post("/inbound/<inbound_id>/dismiss")
    def dismiss_departure(inbound_id: str) -> AnyResponse:
        try:
            with engage.database.transaction() as session:
                dismiss(session, inbound_id, by=g.login.staff.email, now=engage.clock.now())
        except ConflictError as error:
            return _page(inbound_id, refused=error)
        return redirect(url_for("console.inbound_mail", inbound_id=inbound_id, notice="departure_dismissed"), code=303)

    def _page(
        inbound_id: str, *, refused: InputError | ConflictError | None = None, said: Departed | None = None
    ) -> Response:
        with engage.database.reading() as session:
            mail = show_inbound(session, inbound_id)
        status = 200 if refused is None else 409 if isinstance(refused, ConflictError) else 400
        code = refused.code if refused is not None else None
        asks = mail["meaning"] in SUGGESTING and mail["decided_at"] is None and mail["account"] is not None
        return show(
            "console/inbound_mail.html", status=status, mail=mail, asks=asks, said=said or _found(mail), refused=code
        )


def _found(mail: dict[str, Any]) -> Departed:
    """What was understood, for the form to begin with."""
    findings = mail["findings"]
    return Departed(
        left=mail["meaning"] == "left" and mail["contact"] is not None,
        successor_name=findings.get("successor_name", ""),
        successor_address=findings.get("successor_address", ""),
    )
