"""`/preferences/<token>`: a GET shows what a reader gets and changes nothing, a POST saves what they chose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from engage.errors import ConflictError, InputError, NotFoundError
from engage.messages.preferences import Preferences, describe
from engage.messages.preferring import Saved, Wish, save
from engage.web.public.pages import proof_of, refused, stern
from engage.web.public.preferences_words import PREFERENCES_WORDS
from engage.wiring import Engage


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the page and what it saves."""

    @pages.get("/preferences/<token>")
    def preferences_page(token: str) -> Response:
        try:
            return _page(_preferences(token))
        except NotFoundError:
            return refused()

    @pages.post("/preferences/<token>")
    def change_preferences(token: str) -> Response:
        wish = _wish()
        try:
            public_id, now = engage.links.read_preferences(token), engage.clock.now()
            with engage.database.transaction() as session:
                saved = save(session, engage.library, public_id, wish, now=now, request=proof_of(request))
        except NotFoundError:
            return refused()
        except InputError as error:
            return _page(_preferences(token), wrong=error, wanted=wish.wanted)
        except ConflictError:
            return _page(_preferences(token))
        return _page(_preferences(token), saved=saved, nothing=wish.nothing)

    def _preferences(token: str) -> Preferences:
        public_id = engage.links.read_preferences(token)
        with engage.database.reading() as session:
            return describe(session, engage.library, public_id)


def _wish() -> Wish:
    said = request.form
    return Wish(
        was=said.getlist("was"),
        wanted=said.getlist("topic"),
        version=said.get("version", ""),
        nothing=said.get("stop") == "all",
        is_own=said.get("own") == "yes",
    )


def _page(
    found: Preferences,
    *,
    saved: Saved | None = None,
    nothing: bool = False,
    wrong: InputError | None = None,
    wanted: Any = None,
) -> Response:
    words = PREFERENCES_WORDS[found.locale]
    if found.state != "open":
        return _closed(found, words)
    lines = _lines(words, "open", customer=found.customer, address=found.address, team=_team(found.company))
    page = render_template(
        "public/preferences.html",
        locale=found.locale,
        company=found.company.get("name", ""),
        lines=lines,
        found=found,
        on={one.key for one in found.choices if one.is_on or one.waits} if wanted is None else set(wanted),
        notice=_told(found, words, saved, nothing) if saved else "",
        wrong=words[f"wrong.{wrong.code}"] if wrong else "",
    )
    return stern(make_response(page, 400 if wrong else 200))


def _closed(found: Preferences, words: Mapping[str, str]) -> Response:
    why = words.get(f"why.{found.why_stopped}", words["why.other"])
    lines = _lines(words, found.state, address=found.address, why=why, team=_team(found.company))
    said = {"locale": found.locale, "lines": lines, "company": found.company.get("name", "")}
    return stern(make_response(render_template("public/told.html", **said), 409 if found.state == "unsent" else 200))


def _told(found: Preferences, words: Mapping[str, str], saved: Saved, nothing: bool) -> str:
    """What became of what was asked for, in a sentence or two."""
    if nothing:
        return words["saved.nothing"]
    titles = {one.key: one.title.for_locale(found.locale) for one in found.choices}
    changed = bool(saved.stopped or saved.started or saved.asked)
    said = [words["saved.changed"]] if changed else [] if saved.too_old else [words["saved.same"]]
    if saved.asked:
        between = "」「" if found.locale == "ja" else "”, “"
        said.append(words["saved.asked"].format(topics=between.join(titles[key] for key in saved.asked)))
    return " ".join([*said, *([words["saved.old"]] if saved.too_old else [])])


def _lines(words: Mapping[str, str], kind: str, **said: str) -> dict[str, str]:
    return {key.partition(".")[2]: text.format(**said) for key, text in words.items() if key.startswith(f"{kind}.")}


def _team(company: Mapping[str, Any]) -> str:
    """Whom to ask, as far as the company says it."""
    team = company.get("team") or {}
    return "\n".join(str(team[name]) for name in ("name", "email", "phone") if team.get(name))
