"""A question in the inbox: what the feed says of it, and the answer to it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, request

from engage.errors import ConflictError, InputError
from engage.messages.answering import Form
from engage.messages.inbox_questions import answer_in_product, question_in_product
from engage.surveys.answering import FURTHEST, LONGEST_COMMENT
from engage.web.errors import error_body, status_of
from engage.web.in_app.question_words import QUESTION_WORDS
from engage.wiring import Engage


def take_answers(api: Blueprint, engage: Engage) -> None:
    """Adds `POST /v1/items/<id>/answer`: sent again, it is the same answer."""

    @api.post("/v1/items/<item_id>/answer")
    def answer(item_id: str) -> Response:
        now, said = engage.clock.now(), _said()
        try:
            with engage.database.transaction() as session:
                form = answer_in_product(session, engage.library, g.contact_id, item_id, said, now=now)
        except (InputError, ConflictError) as error:
            with engage.database.reading() as session:
                asked = question_in_product(session, engage.library, item_id, now=now)
            return _refused(error, asked)
        return _json({"question": question_body(form)}, 200)


def question_body(form: Form) -> dict[str, Any]:
    """The question as the component shows it: every word is in the language of the message."""
    question, locale, given = form.question, form.locale, form.given
    words = QUESTION_WORDS[locale]
    choices = [
        {
            "key": key,
            "text": choice.text.for_locale(locale),
            "date": choice.date.for_locale(locale) if choice.date else None,
        }
        for key, choice in question.choices.items()
    ]
    scale = question.scale
    return {
        "key": form.key,
        "state": "open" if form.state != "closed" else "closed",
        "text": question.text.for_locale(locale),
        "locale": locale,
        "choices": choices,
        "scale": {"low": scale.low.for_locale(locale), "high": scale.high.for_locale(locale)} if scale else None,
        "dates": {"min": f"{form.today + timedelta(days=1)}", "max": f"{form.today + FURTHEST}"},
        "longest_comment": LONGEST_COMMENT,
        "number": str(form.number),
        "given": _given(form) if given else None,
        "words": {name: words[name] for name in ("comment", "send", "change", "failed", "closed")},
    }


def _given(form: Form) -> dict[str, Any]:
    """The answer that holds, with what is said to whoever gave it."""
    assert form.given is not None  # noqa: S101
    words, choice = QUESTION_WORDS[form.locale], form.question.choices.get(form.given.choice)
    thanks = (choice.thanks if choice else None) or form.question.thanks
    text = choice.text.for_locale(form.locale) if choice else form.given.choice
    return {
        "choice": form.given.choice,
        "date": form.given.day.isoformat() if form.given.day else "",
        "comment": form.given.comment or "",
        "noted": words["noted"].format(answer=text),
        "thanks": thanks.for_locale(form.locale) if thanks else "",
    }


def _said() -> dict[str, Any]:
    said = request.get_json(force=True, silent=True)
    if not isinstance(said, dict):
        raise InputError('the body is not {"choice": "…"}', code="bad_body", hint="choice, date, comment, number")
    return said


def _refused(error: InputError | ConflictError, asked: Form | None) -> Response:
    body: dict[str, Any] = {"error": error_body(error)}
    if asked is not None:
        words = QUESTION_WORDS[asked.locale]
        code = f"{error.code}.{error.where}" if f"{error.code}.{error.where}" in words else error.code
        body |= {"said": words.get(code, words["bad_choice"]), "question": question_body(asked)}
    return _json(body, status_of(error))


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
