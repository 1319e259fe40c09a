"""One customer: what has passed between us, and the form that logs a call, a visit or a mail by hand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from engage.customers.finding import find_account
from engage.customers.showing import show_account
from engage.customers.touching import KINDS, LONGEST_NOTE, Touched, log_touch
from engage.errors import InputError, NotFoundError
from engage.ids import new_id
from engage.messages.contacting import history
from engage.web.console.pages import show
from engage.wiring import Engage

_MOST = 100


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the page of a customer and its form."""

    @pages.get("/customers/<account>")
    def customer(account: str) -> Response:
        return _page(account)

    @pages.post("/customers/<account>/touches")
    def log(account: str) -> AnyResponse:
        form = request.form
        try:
            touched = Touched(
                key=form.get("key", "") or new_id("tch"),
                account=account,
                kind=form.get("kind", ""),
                at=_instant(form.get("at", "")),
                contact=form.get("contact") or None,
                note=form.get("note", ""),
            )
            with engage.database.transaction() as session:
                log_touch(session, touched, by=g.login.staff.email, now=engage.clock.now())
        except (InputError, NotFoundError) as error:
            if error.code == "no_such_account":
                raise
            return _page(account, refused=error.code)
        return redirect(url_for("console.customer", account=account, notice="touch_logged"), code=303)

    def _page(account: str, *, refused: str | None = None) -> Response:
        with engage.database.reading() as session:
            told = show_account(session, account, events=0)
            touches = history(session, find_account(session, account).id, limit=_MOST)
        local = engage.clock.now().astimezone(ZoneInfo(g.reader.time_zone))
        return show(
            "console/customer.html",
            status=400 if refused else 200,
            account=told["account"],
            people=[one for one in told["people"] if "until" not in one],
            csm=[one["email"] for one in told["owners"] if one["role"] == "csm" and "until" not in one],
            touches=touches,
            kinds=KINDS,
            longest=LONGEST_NOTE,
            refused=refused,
            form=request.form,
            key=request.form.get("key") or new_id("tch"),
            local_now=f"{local:%Y-%m-%dT%H:%M}",
        )


def _instant(written: str) -> datetime:
    """What the form's field for date and time says, in the reader's zone."""
    try:
        return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(g.reader.time_zone))
    except ValueError:
        raise InputError("this is no date and time", code="bad_time", where="at") from None
