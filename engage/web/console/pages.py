"""What every page of the console shares: language, colours, words, dates, and the frame around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta
from flask import Response, g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from engage.calendars.spoken import day_and_time
from engage.staff.people import name_of
from engage.staff.tables import StaffMember
from engage.web.console.texts import LOCALES, has_words, speaker

THEMES = ("auto", "light", "dark")
CHOICES = {"locale": LOCALES, "theme": THEMES}
_A_YEAR = 365 * 24 * 3600
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*[Z+-]")
STATIC = Path(__file__).parent.parent / "static"


@dataclass(frozen=True, slots=True)
class Reader:
    """In which language, zone and colours the person at the screen reads."""

    locale: str
    time_zone: str
    theme: str

    @property
    def say(self) -> Callable[..., str]:
        """The words of the reader's language."""
        return speaker(self.locale)

    def day(self, at: datetime) -> str:
        """An instant as people say it: day, weekday and time in the reader's zone."""
        return day_and_time(at, zone=ZoneInfo(self.time_zone), language=self.locale)

    def distance(self, at: datetime, now: datetime) -> str:
        """How far an instant is from now, such as `in 3 hours`."""
        if abs((at - now).total_seconds()) < 60:
            return self.say("time.now")
        return format_timedelta(at - now, add_direction=True, locale=self.locale, threshold=1.2)

    def span(self, seconds: int) -> str:
        """How long something takes, rounded up: `30 seconds`, `2 minutes`."""
        rounded = timedelta(seconds=seconds) if seconds < 60 else timedelta(minutes=ceil(seconds / 60))
        return format_timedelta(rounded, locale=self.locale, threshold=1)

    def value(self, value: object) -> str:
        """A fact as a person reads it."""
        match value:
            case None:
                return "—"
            case bool():
                return {"ja": ("いいえ", "はい"), "en": ("no", "yes")}[self.locale][value]
            case str():
                return self._dated(value)
            case datetime():
                return self.day(value)
            case date():
                return format_date(value, "long", locale=self.locale)
            case list() | tuple():
                return ("、" if self.locale == "ja" else ", ").join(self.value(one) for one in value) or "—"
            case dict():
                return ", ".join(f"{name}: {self.value(one)}" for name, one in value.items()) or "—"
        return str(value)

    def _dated(self, text: str) -> str:
        """A text; dates and instants come out of the journal as ISO texts."""
        try:
            if _ISO_DAY.fullmatch(text):
                return self.value(date.fromisoformat(text))
            return self.day(datetime.fromisoformat(text)) if _ISO_INSTANT.match(text) else text
        except ValueError:
            return text

    def words(self, text: dict[str, Any] | str | None) -> str:
        """A text kept in several languages, in the reader's one where there is one."""
        if not isinstance(text, dict):
            return text or ""
        return str(text.get(self.locale) or next(iter(text.values()), ""))

    def staff(self, member: StaffMember) -> str:
        """A colleague's name as the reader's language writes it."""
        return name_of(member, self.locale)

    def fact(self, path: str) -> str | None:
        """The words for a fact, where there are some."""
        key = f"fact.{path}"
        return self.say(key) if has_words(key) else None

    def known(self, prefix: str, code: str) -> str:
        """The words for a code, or the code itself."""
        key = f"{prefix}.{code}"
        return self.say(key) if has_words(key) else code.replace("_", " ")


def reader(default_locale: str, default_time_zone: str) -> Reader:
    """Who reads: by the choice in the cookie, else the person's own language, else the browser's."""
    staff = g.login.staff if g.get("login") else None
    fallback = staff.locale if staff else request.accept_languages.best_match(LOCALES, default_locale)
    return Reader(
        locale=_chosen("engage_locale", LOCALES, fallback),
        time_zone=staff.time_zone if staff else default_time_zone,
        theme=_chosen("engage_theme", THEMES, "auto"),
    )


def visitor(locale: str, time_zone: str, *, is_known: bool = False) -> Reader:
    """Who reads a page without a login: known by their link, or by what the browser asks for."""
    asked = locale if is_known else request.accept_languages.best_match(LOCALES, locale)
    language = asked if asked in LOCALES else LOCALES[0]
    return Reader(locale=language, time_zone=time_zone, theme=_chosen("engage_theme", THEMES, "auto"))


def show(template: str, *, status: int = 200, **context: Any) -> Response:
    """A page in its frame, never kept by a cache."""
    who: Reader = g.reader
    login = g.get("login")
    frame = {
        "reader": who,
        "t": who.say,
        "staff_name": name_of(login.staff, who.locale) if login else None,
        "csrf_token": login.csrf_token if login else "",
        "asset": asset_url,
        "here": request.full_path.rstrip("?") if request.method == "GET" else request.path,
        "notice": _notice(),
    }
    response = make_response(render_template(template, **frame, **context), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def keep_choice(response: AnyResponse, name: str, said: str) -> AnyResponse:
    """The response with a reader's choice of language or colours for the next pages, if it is one."""
    if said in CHOICES[name]:
        response.set_cookie(f"engage_{name}", said, max_age=_A_YEAR, samesite="Lax", httponly=True)
    return response


@cache
def asset_url(name: str) -> str:
    """The address of one of our own files, with its content's hash."""
    mark = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return url_for("console.static", filename=name, v=mark)


def _notice() -> str | None:
    said = request.args.get("notice", "")
    return f"notice.{said}" if has_words(f"notice.{said}") else None


def _chosen(cookie: str, known: tuple[str, ...], otherwise: str | None) -> str:
    said = request.cookies.get(cookie, "")
    return said if said in known else otherwise or known[0]
