"""How one hears of news: language, hours, channels, the digest, who stands in, and one's absences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from engage.calendars.zones import day_of, first_zone, zone_names
from engage.errors import EngageError, InputError
from engage.staff.absences import absences_of, forget_absence, note_absence
from engage.staff.people import list_people, person
from engage.staff.profiles import LANGUAGES
from engage.staff.reaching import CHANNELS, DIGEST_AT, NEWS, reach_of, set_reach
from engage.staff.tables import StaffMember
from engage.web.console.pages import keep_choice, show
from engage.wiring import Engage


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the page and its three forms."""

    @pages.get("/me")
    def me() -> Response:
        return _page(engage)

    @pages.post("/me")
    def save_me() -> AnyResponse:
        response = _change(engage, lambda session, member: set_reach(session, member, **_said()), notice="me")
        return keep_choice(response, "locale", request.form.get("locale", ""))

    @pages.post("/me/absences")
    def add_absence() -> AnyResponse:
        def note(session: Session, member: StaffMember) -> None:
            note_absence(session, member, _day("first_day"), _day("last_day"))

        return _change(engage, note, notice="absence")

    @pages.post("/me/absences/<absence_id>/forget")
    def forget(absence_id: str) -> AnyResponse:
        number = int(absence_id) if absence_id.isdecimal() else 0
        return _change(
            engage, lambda session, member: forget_absence(session, member, number), notice="absence_forgotten"
        )


def _said() -> dict[str, Any]:
    """What the form says; each field is there, since a form sends all of them."""
    form = request.form
    return {
        **{name: form.get(name, "") for name in ("locale", "time_zone", "country", "opens", "closes", "slack")},
        "slack_is_own": form.get("slack_is_own") == "yes",
        "digest_at": form.get("digest_at", DIGEST_AT) if form.get("has_digest") == "yes" else None,
        "stand_in_id": form.get("stand_in_id", type=int),
        "channels": {news: form.get(f"channel.{news}", "mail") for news in NEWS},
    }


def _day(field: str) -> date:
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise InputError("this is no date", code="bad_date", where=field) from None


def _change(engage: Engage, change: Callable[[Session, StaffMember], Any], *, notice: str) -> AnyResponse:
    try:
        with engage.database.transaction() as session:
            change(session, person(session, g.login.staff.id))
    except EngageError as error:
        return _page(engage, status=400, problem=error)
    return redirect(url_for("console.me", notice=notice), code=303)


def _page(engage: Engage, *, status: int = 200, problem: EngageError | None = None) -> Response:
    staff, now = g.login.staff, engage.clock.now()
    with engage.database.reading() as session:
        known = {
            "reach": reach_of(session, staff.id),
            "absences": absences_of(session, staff.id, since=day_of(now, first_zone(staff.time_zone))),
            "others": [one for one in list_people(session) if one.is_active and one.id != staff.id],
        }
    said = request.form if problem is not None else None
    choices = {"zones": sorted(zone_names()), "languages": LANGUAGES, "news": NEWS, "channels": CHANNELS}
    slack = sorted(engage.settings.slack)
    return show("console/me.html", status=status, me=staff, problem=problem, said=said, slack=slack, **known, **choices)
