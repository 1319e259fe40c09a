"""Fills the ledger: a release with one template of each kind, and due messages to as many contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact, Membership
from engage.db.session import Database
from engage.ids import new_id
from engage.keys import address_key
from engage.messages.tables import Message
from engage.releases.tables import Release, TemplateVersion
from engage.testing import make_account

VOCABULARY = {
    "company": {"name": {"ja": "例", "en": "Example"}, "team": {"name": "Example team", "email": "team@example.com"}},
    "topics": {"news": {"title": {"ja": "お知らせ", "en": "News"}}},
}
HTML = (
    '<html lang="en"><body><p>{{ salutation }}</p><p>Hello {{ contact.given_name }}, '
    '<a href="https://example.com/start">start here</a></p></body></html>'
)


def publish(session: Session, *, now: datetime, **vocabulary: Any) -> dict[str, int]:
    """A release with an email template and an in-app template; their version ids by kind."""
    session.add(Release(created_at=now, author="test", vocabulary=VOCABULARY | vocabulary, playbooks={}))
    made = {
        "email": TemplateVersion(
            name="test/email", locale="en", kind="email", sha="1", subject="Hello {{ contact.given_name }}",
            html=HTML, text=None, meta={"purpose": "relationship", "needs": ["contact.given_name"]}, created_at=now,
        ),
        "in_app": TemplateVersion(
            name="test/in-app", locale="en", kind="in_app", sha="2", subject="Hi {{ contact.given_name }}",
            html="", text="Look at this.", meta={"purpose": "relationship"}, created_at=now,
        ),
    }  # fmt: skip
    session.add_all(made.values())
    session.flush()
    return {kind: version.id for kind, version in made.items()}


def queue(
    session: Session,
    templates: dict[str, int],
    count: int,
    *,
    now: datetime,
    first: int = 0,
    address: Callable[[int], str] = "user-{}@customer.example".format,
    **said: Any,
) -> list[str]:
    """So many due messages, each to a contact of its own; `said` overrides columns; returns their public ids."""
    account_id = session.scalar(select(Account.id)) or make_account(session, now=now).id
    numbers = range(first, first + count)
    contact_ids = _contacts(session, account_id, numbers, address, now)
    rows = [_message(number, contact_id, account_id, templates, now) | {"address": address(number)} | said
            for number, contact_id in zip(numbers, contact_ids, strict=True)]  # fmt: skip
    session.execute(insert(Message), rows)
    return [row["public_id"] for row in rows]


def states(database: Database) -> Counter[str]:
    """How many messages are in each state."""
    with database.reading() as session:
        asked = select(Message.state, func.count()).group_by(Message.state)
        return Counter({row[0]: row[1] for row in session.execute(asked)})


def state_of_each(database: Database) -> dict[str, str]:
    """Every message's state, by its public id."""
    with database.reading() as session:
        return {row.public_id: row.state for row in session.execute(select(Message.public_id, Message.state))}


def _contacts(
    session: Session, account_id: int, numbers: range, address: Callable[[int], str], now: datetime
) -> list[int]:
    rows = [
        {
            "public_id": new_id("con"), "external_id": f"user-{number}", "email": address(number),
            "address_key": address_key(address(number)), "family_name": "Smith",
            "given_name": f"Ann{number}", "traits": {}, "created_at": now, "updated_at": now,
        }
        for number in numbers
    ]  # fmt: skip
    ids = list(session.scalars(insert(Contact).returning(Contact.id, sort_by_parameter_order=True), rows))
    members = [
        {"contact_id": key, "account_id": account_id, "roles": [], "since": now, "learned_at": now} for key in ids
    ]
    session.execute(insert(Membership), members)
    return ids


def _message(number: int, contact_id: int, account_id: int, templates: dict[str, int], now: datetime) -> dict[str, Any]:
    return {
        "public_id": new_id("msg"), "origin": "notice", "origin_id": number, "step_id": "s", "visit": 1,
        "contact_id": contact_id, "channel": "email", "account_id": account_id, "playbook_key": "test",
        "template_name": "test/email", "template_version_id": templates["email"], "locale": "en", "topic": "news",
        "purpose": "relationship", "hours": "any", "state": "queued",
        "inputs": {"contact": {"given_name": f"Ann{number}"}, "salutation": f"Dear Ann{number},"},
        "due_at": now, "created_at": now,
    }  # fmt: skip
