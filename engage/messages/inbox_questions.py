"""Questions in the product: what a mail asks can be answered in its reader's inbox too; it stays one message.

So the touch, the gate and the approval are the mail's, and whoever never opens the inbox answers by the mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engage.channels.in_app.posting import NewItem, post
from engage.channels.in_app.tables import InAppItem
from engage.db.sets import one_of
from engage.errors import InputError, NotFoundError
from engage.language.questions import QUESTION
from engage.messages.answering import Form, form_of, keep_answer
from engage.messages.contexts import find
from engage.messages.tables import Message
from engage.releases.library import Library

_KEY = (QUESTION, "key")


def show_questions(session: Session, library: Library, rows: Sequence[Row[Any]], *, now: datetime) -> None:
    """Puts the questions that these mails ask into their readers' inboxes, once, for as long as an answer is taken."""
    asking = [(row, key) for row in rows if (key := find(row.inputs, _KEY))]
    known = library.vocabulary(session).questions if asking else {}
    items = [
        NewItem(
            message_id=row.id,
            contact_id=row.contact_id,
            account_id=row.account_id,
            locale=row.locale,
            title=question.text.for_locale(row.locale),
            body=question.note.for_locale(row.locale) if question.note else "",
            expires_at=now + question.open_for.roughly,
        )
        for row, key in asking
        if (question := known.get(key)) is not None
    ]
    if items:
        post(session, items, now=now)


def questions_of(session: Session, library: Library, items: Sequence[InAppItem], *, now: datetime) -> dict[int, Form]:
    """The form of each item that asks, by its message; what nobody asks any more has none."""
    forms: dict[int, Form] = {}
    for message in session.scalars(_mails([item.message_id for item in items])) if items else ():
        key = find(message.inputs, _KEY)
        if key in library.vocabulary(session).questions:
            forms[message.id] = form_of(session, library, message, key, None, now=now)
    return forms


def answer_in_product(
    session: Session,
    library: Library,
    contact_id: int | None,
    item_id: str,
    said: Mapping[str, str],
    *,
    now: datetime,
) -> Form:
    """Keeps the answer of the reader of that inbox as that of the mail's addressee, and says what stands then."""
    mine = (InAppItem.public_id == item_id, InAppItem.contact_id == contact_id)
    item = session.scalar(select(InAppItem).where(*mine)) if contact_id is not None else None
    message = session.scalar(_mails([item.message_id])) if item else None
    key = find(message.inputs, _KEY) if message else None
    if message is None or key is None:
        raise NotFoundError("there is no such question in this inbox", where=item_id)
    keep_answer(session, library, message, key, _as_form(said), choice=None, is_own=True, now=now)
    return form_of(session, library, message, key, None, now=now)


def question_in_product(session: Session, library: Library, item_id: str, *, now: datetime) -> Form | None:
    """What an item asks now."""
    item = session.scalar(select(InAppItem).where(InAppItem.public_id == item_id))
    return questions_of(session, library, [item], now=now).get(item.message_id) if item else None


def _as_form(said: Mapping[str, str]) -> dict[str, str]:
    for name in ("choice", "date", "comment", "number"):
        if not isinstance(said.get(name, ""), str):
            raise InputError(f"{name} is not a text", code="bad_body")
    return {**said, f"date.{said.get('choice', '')}": said.get("date", "")}


def _mails(message_ids: Sequence[int]) -> Any:
    return select(Message).where(one_of(Message.id, message_ids), Message.channel == "email")
