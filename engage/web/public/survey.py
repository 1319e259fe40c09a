"""`/survey/<token>`: a GET shows the question with the clicked choice and changes nothing, a POST keeps the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from engage.errors import ConflictError, InputError, NotFoundError
from engage.messages.answering import Form, answer, describe, signed_in
from engage.messages.formats import filters_for
from engage.surveys.answering import FURTHEST, Reply
from engage.web.public.pages import refused, stern
from engage.web.public.survey_words import SURVEY_WORDS
from engage.wiring import Engage


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the page and the answer."""

    @pages.get("/survey/<token>")
    def survey_page(token: str) -> Response:
        try:
            form = _form(token)
        except NotFoundError:
            return refused()
        return _asked(form) if form.state == "open" else _closed(form)

    @pages.post("/survey/<token>")
    def survey_answer(token: str) -> Response:
        try:
            with engage.database.transaction() as session:
                signed = signed_in(session, engage.library, engage.links, token)
                reply = answer(session, engage.library, signed, request.form, now=engage.clock.now())
        except NotFoundError:
            return refused()
        except ConflictError:
            return _closed(_form(token))
        except InputError as error:
            return _asked(_form(token), wrong=error, said=request.form)
        return _thanks(_form(token), reply)

    def _form(token: str) -> Form:
        with engage.database.reading() as session:
            signed = signed_in(session, engage.library, engage.links, token)
            return describe(session, engage.library, signed, now=engage.clock.now())


def _asked(form: Form, *, wrong: InputError | None = None, said: Mapping[str, str] | None = None) -> Response:
    said = said or {}
    lines = _lines(form, "ask")
    page = render_template(
        "public/survey.html",
        locale=form.locale,
        company=form.vendor,
        lines=lines,
        form=form,
        chosen=said.get("choice", form.choice),
        dates={key: said.get(f"date.{key}", "") for key in form.question.choices},
        comment=said.get("comment", ""),
        earliest=form.today + timedelta(days=1),
        latest=form.today + FURTHEST,
        wrong=_wrong(form, wrong) if wrong else "",
    )
    return stern(make_response(page, 400 if wrong else 200))


def _thanks(form: Form, reply: Reply) -> Response:
    choice = form.question.choices[reply.choice]
    thanks = choice.thanks or form.question.thanks
    said = choice.text.for_locale(form.locale)
    told = _lines(form, "done", answer=said, date=_day(form, reply.day) if reply.day else "")
    told["date"] = told["date"] if reply.day else ""
    page = render_template(
        "public/thanks.html",
        locale=form.locale,
        company=form.vendor,
        lines=told,
        thanks=thanks.for_locale(form.locale) if thanks else "",
        note=form.question.note.for_locale(form.locale) if form.question.note else "",
    )
    return stern(make_response(page, 200))


def _closed(form: Form) -> Response:
    lines = _lines(form, form.state)
    page = render_template("public/page.html", locale=form.locale, company=form.vendor, lines=lines)
    return stern(make_response(page, 410 if form.state == "closed" else 409))


def _lines(form: Form, kind: str, **said: Any) -> dict[str, str]:
    said |= {"customer": form.customer, "address": form.address, "contract": form.contract or ""}
    said |= {"deadline": _day(form, form.notice_deadline), "before": _day(form, form.answered_on)}
    words = SURVEY_WORDS[form.locale]
    lines = {key.partition(".")[2]: text.format(**said) for key, text in words.items() if key.startswith(f"{kind}.")}
    if kind == "ask":
        known = {"contract": form.contract, "deadline": form.notice_deadline, "before": form.answered_on}
        lines |= {key: "" for key, fact in known.items() if not fact}
    return lines


def _wrong(form: Form, error: InputError) -> str:
    words = SURVEY_WORDS[form.locale]
    return words.get(f"wrong.{error.code}.{error.where}") or words[f"wrong.{error.code}"]


def _day(form: Form, day: Any) -> str:
    return str(filters_for(form.locale, html=False)["date"](day, "weekday")) if day else ""
