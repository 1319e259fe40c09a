"""What a letter says of the messages that wait for a colleague's word: enough to know them by, and a link to each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Account
from engage.errors import EngageError
from engage.messages.asking import SENDER_CONSENT
from engage.messages.contexts import find
from engage.messages.expiring import second_person
from engage.messages.links import Asked, Links
from engage.messages.presenting import render
from engage.messages.rendering import RenderedEmail
from engage.messages.tables import Approval, Message
from engage.notices.telling import MOST_SHOWN, Letter, content_of, section_of, stood_in_for
from engage.releases.library import Library
from engage.staff.people import names_of, person
from engage.staff.presence import Colleague

_LONGEST_OPENING = 160
_ADDRESS = re.compile(r":?\s*https?://\S+")  # a link of the customer's is for nobody else to follow


def approvals_in(
    session: Session, library: Library, links: Links, letter: Letter, people: Mapping[int, Colleague], *, now: datetime
) -> dict[str, Any]:
    """The content of a letter about approvals: the most urgent ones, the number of all, where to find them."""
    instead_of = stood_in_for(session, letter)
    reader = person(session, letter.reader.id) if letter.reader.id is not None else None
    items = []
    for approval, message, account in _shown(session, letter):
        item = _item(session, library, links, approval, message, people, now)
        until = Asked(approval.public_id, reader.public_id, approval.expires_at) if reader else None
        item |= {"account": account, "instead_of": instead_of.get(approval.assignee_id)}
        items.append(item | {"decide": links.decision_url(until) if until else None})
    url = f"{links.public_url}/console/approvals"
    section = section_of("approvals", items, count=len(letter.news), url=url)
    return content_of(links.public_url, section)


def opening_of(rendered: RenderedEmail, message: Message) -> str:
    """The first words after the salutation: enough to know the message by, not the whole of it."""
    salutation = str(find(message.inputs, ("salutation",)) or "")
    before, _, after = rendered.text.partition(salutation or "\0")
    words = " ".join(_ADDRESS.sub("", after or before).split())
    return words if len(words) <= _LONGEST_OPENING else f"{words[:_LONGEST_OPENING].rstrip()}…"


def _shown(session: Session, letter: Letter) -> Iterator[tuple[Approval, Message, str | None]]:
    """The first ones of the letter, in its order."""
    wanted = [news.id for news in letter.news[:MOST_SHOWN]]
    asked = (
        select(Approval, Message, Account.name)
        .join(Message, Message.id == Approval.message_id)
        .outerjoin(Account, Account.id == Message.account_id)
        .where(Approval.id.in_(wanted))
    )
    found = {approval.id: (approval, message, account) for approval, message, account in session.execute(asked)}
    return (found[id_] for id_ in wanted)


def _item(
    session: Session,
    library: Library,
    links: Links,
    approval: Approval,
    message: Message,
    people: Mapping[int, Colleague],
    now: datetime,
) -> dict[str, Any]:
    title = library.title(session, message.playbook_key)
    second = second_person(session, library, approval, message, people, now=now)
    return {
        "id": approval.public_id,
        "playbook": {"ja": title.ja, "en": title.en} if title else None,
        "due": approval.expires_at.isoformat(),
        "then": "consent" if approval.cause == SENDER_CONSENT else "second" if second else "task",
        "second": names_of(second) if second else None,
        "console": f"{links.public_url}/console/approvals/{approval.public_id}",
        **_words(session, library, links, message),
    }


def _words(session: Session, library: Library, links: Links, message: Message) -> dict[str, Any]:
    """What the message says, shortly; nothing where it cannot be made, since its page says why."""
    try:
        rendered = render(session, library, links, message)
    except EngageError:
        return {"subject": message.subject, "opening": None}
    return {"subject": rendered.subject, "opening": opening_of(rendered, message)}
