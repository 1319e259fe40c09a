"""Losers of the touch budget that travel in another mail, over a real database: sent once, told, never lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from engage.channels.base import NotSent, OutboundEmail, Outcome
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.events.tables import Event
from engage.messages.clicking import follow
from engage.messages.delivering import deliver
from engage.messages.sweeping import sweep
from engage.messages.tables import GateCheck, Message
from engage.releases.library import Library
from engage.releases.tables import Release, TemplateVersion
from engage.testing import MONDAY, FrozenClock
from tests.integration.messages.scene import LINKS, VOCABULARY, days
from tests.support.ledger import queue

BUDGETS = {
    "contact": {"at_most": 1, "within": "7 days"},
    "exempt": {"topics": ["contract"]},
    "when_short": {"normal": "merge"},
}
BODY = (
    "<html><body><p>Hello {{ contact.given_name }}</p>{% if merged %}<div>{{ merged }}</div>{% endif %}</body></html>"
)
SECTION = '<p>Review for {{ contact.given_name }}: <a href="https://example.com/review">read it</a></p>'


class Busy(RecordingChannel):
    """A provider that takes nothing for a minute."""

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        return [NotSent("busy", 60)] * len(batch)


def play(database: Database, count: int = 2, **said: Any) -> list[str]:
    """So many due mails to one person; their ids."""
    with database.transaction() as session:
        session.add(Release(created_at=MONDAY, author="t", vocabulary=VOCABULARY | {"budgets": BUDGETS}, playbooks={}))
        meta = {"purpose": "relationship", "merged": SECTION}
        version = TemplateVersion(
            name="test/email", locale="en", kind="email", sha="1", subject="Hello", html=BODY, text=None, meta=meta,
            created_at=MONDAY,
        )  # fmt: skip
        session.add(version)
        session.flush()
        ids = queue(session, {"email": version.id}, count, now=MONDAY, wakes=True, **said)
        one = session.scalars(select(Message.contact_id)).first()
        session.execute(update(Message).values(contact_id=one))
        return ids


def send(database: Database, after: float = 0, channel: RecordingChannel | None = None) -> list[OutboundEmail]:
    channel = channel or RecordingChannel()
    deliver(database, Library(), channel, LINKS, FrozenClock(MONDAY + days(after)))
    return channel.sent


def states(database: Database) -> list[tuple[str, str | None, str | None]]:
    with database.reading() as session:
        return [
            (row.state, row.reason, row.due_at and str((row.due_at - MONDAY).days))
            for row in session.scalars(select(Message).order_by(Message.id))
        ]


def followed(database: Database, links: Sequence[str]) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [follow(session, Library(), LINKS, url.rpartition("/")[2]) for url in links]


def test_a_loser_travels_in_the_mail_that_won(database: Database) -> None:
    winner, loser, other = play(database, 3)
    (mail,) = send(database)

    assert mail.message_id == winner
    assert mail.html.count("Review for Ann1") == mail.html.count("Review for Ann2") == 1
    links = [LINKS.click_url(one, "https://example.com/review") for one in (loser, other)]
    assert f"Review for Ann1: read it: {links[0]}" in mail.text
    assert [f"{LINKS.public_url}/click/{part.split(chr(34))[0]}" for part in mail.html.split("/click/")[1:]] == links
    assert followed(database, links) == [(loser, "https://example.com/review"), (other, "https://example.com/review")]
    assert states(database)[1] == ("accepted", f"merged: {winner}", None)
    with database.reading() as session:
        check = session.scalars(select(GateCheck).where(GateCheck.verdict == "merge")).first()
        told = session.scalars(select(Event.properties).where(Event.name == "message.accepted")).all()
    assert (check.policy, check.reason, check.inputs["carrier"]) == ("touch_budget", f"merged: {winner}", "test")
    assert check.inputs["budget"]["of"] == "contact"
    assert {one["message_id"] for one in told} == {winner, loser, other}
    assert send(database, 7.1) == []


def test_one_that_waits_travels_in_the_next_mail_to_the_same_person(database: Database) -> None:
    first, waits, duty = play(database, 3, topic="news")
    with database.transaction() as session:
        session.execute(update(TemplateVersion).values(html="<p>It has no place for others</p>"))
        session.execute(update(Message).where(Message.public_id == duty).values(state="proposed", topic="contract"))
    assert [mail.message_id for mail in send(database)] == [first]
    assert states(database)[1] == ("queued", "budget_used_up: contact", "7")

    with database.transaction() as session:
        stoppable = SECTION + '<a href="{{ unsubscribe_url }}">Stop</a>'
        meta = {"purpose": "relationship", "merged": stoppable}
        session.execute(update(TemplateVersion).values(html=BODY, meta=meta))
        approved = update(Message).where(Message.public_id == duty)
        session.execute(approved.values(state="queued", due_at=MONDAY + days(2)))
    (mail,) = send(database, 2)
    assert "Review for Ann1" in mail.html and LINKS.unsubscribe_url(waits) in mail.html
    assert states(database)[1] == ("accepted", f"merged: {duty}", None)
    assert send(database, 20) == []


def test_what_travels_in_a_mail_that_does_not_go_waits_for_itself_again(database: Database) -> None:
    winner, _ = play(database)
    assert send(database, channel=Busy()) == []
    assert [state for state, _, _ in states(database)] == ["queued", "queued"]

    soon = timedelta(minutes=2) / days(1)
    (mail,) = send(database, soon)
    assert (mail.message_id, mail.html.count("Review for Ann1")) == (winner, 1)
    assert [state for state, _, _ in states(database)] == ["accepted", "accepted"]


@pytest.mark.parametrize("inputs", [{}, {"contact": {"given_name": "Ann"}, "salutation": "Dear Ann,"}])
def test_a_broken_one_stops_no_other(database: Database, inputs: dict[str, Any]) -> None:
    """Either the carrier cannot be made, or what would travel in it."""
    winner, loser = play(database)
    is_carrier = bool(inputs)
    with database.transaction() as session:
        broken = winner if is_carrier else loser
        session.execute(update(Message).where(Message.public_id == broken).values(inputs={}))
    assert len(send(database)) == (0 if is_carrier else 1)
    sweep(database, RecordingChannel(), FrozenClock(MONDAY))

    assert [state for state, _, _ in states(database)] == (["held", "queued"] if is_carrier else ["accepted", "held"])
    assert len(send(database)) == (1 if is_carrier else 0)
