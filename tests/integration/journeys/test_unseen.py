"""A message in the product that nobody sees becomes a mail, and not one that was seen a moment before."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from engage.channels.email.recording import RecordingChannel
from engage.channels.in_app.tables import InAppItem
from engage.db.session import Database
from engage.messages.delivering import deliver
from engage.messages.ledger_views import show_message
from engage.messages.links import Links
from engage.messages.reactions import expire_items, react
from engage.messages.tables import Message
from tests.integration.journeys.stage import Stage, tale

STEPS = """
- in_app: greeting/note
  id: note
  to: {to}
  display: banner
  priority: high
  pages: /reports/*
  expires: 7 days
  unless_seen: {{within: 1 day, email: greeting/hello}}
- task: {{title: {{ja: 次, en: Next}}}}
"""


class Product(Stage):
    """A stage whose messages are handed over, and whose people look into the product."""

    def __init__(self, database: Database, root: Path, to: str = "champion", head: str = "hours: any\n") -> None:
        super().__init__(database, root, tale(steps=STEPS.format(to=to), head=head))
        self.channel = RecordingChannel()
        self.say("product.opened")
        self.run()
        self.hand_over()

    def hand_over(self) -> None:
        links = Links("secret", "https://engage.example.com")
        deliver(self.database, self.library, self.channel, links, self.clock)
        self.run()

    def looks(self, contact_id: int, state: str = "seen") -> None:
        with self.database.transaction() as session:
            item = session.scalars(select(InAppItem).where(InAppItem.contact_id == contact_id)).one()
            react(session, contact_id, [item.public_id], state, now=self.now)

    def mails(self) -> list[tuple[str, str | None]]:
        found = self.rows(Message, Message.state, Message.reason, channel="email")
        return [tuple(row) for row in found]


@pytest.fixture
def product(database: Database, tmp_path: Path) -> Product:
    return Product(database, tmp_path)


def test_the_item_is_shown_as_the_step_says(product: Product) -> None:
    (item,) = product.rows(InAppItem)

    assert (item.display, item.priority, item.pages) == ("banner", "high", ["/reports/*"])
    assert (item.expires_at - item.created_at).days == 7


@pytest.mark.parametrize("state", ["seen", "clicked", "dismissed"])
def test_who_has_seen_it_gets_no_mail_and_the_run_goes_on_at_once(product: Product, state: str) -> None:
    product.looks(product.ann.id, state)
    product.run()
    assert product.tasks() == ["step"] and product.runs()[0][1] == "done"
    product.run(days=2)
    product.hand_over()

    assert product.mails() == [] and product.waits() == []


def test_who_has_not_gets_the_mail_through_the_gate_once(product: Product) -> None:
    product.run(days=1)
    product.hand_over()

    assert product.mails() == [("accepted", None)]
    assert [row.step_id for row in product.rows(Message)] == ["note", "note:email"]
    assert product.journal()[:6] == [
        ("@enter", 1, "entered"), ("note", 1, "ordered"), ("note:settled", 1, "settled"), ("note:seen", 1, "waiting"),
        ("note:seen:ended", 1, "wait_ended"), ("note:email", 1, "ordered"),
    ]  # fmt: skip
    (told,) = product.explain()["runs"]
    sent = {one["step"]: one["messages"] for one in told["decisions"]}
    assert [one["channel"] for one in sent["note:email"]] == ["email"]
    assert [check["verdict"] for check in sent["note:email"][0]["gate"]] == ["allow", "allow"]


def test_seen_a_moment_before_it_leaves_it_does_not_leave(product: Product) -> None:
    product.run(days=1)
    assert product.mails() == [("queued", None)]
    product.looks(product.ann.id)
    product.hand_over()

    assert product.mails() == [("skipped", "seen_in_product")] and product.channel.sent == []
    assert product.tasks() == ["step"]


def test_of_several_readers_only_those_get_the_mail_who_have_not_seen_it(database: Database, tmp_path: Path) -> None:
    product = Product(database, tmp_path, to="{all: [champion, end_user]}")
    product.looks(product.ben.id)
    product.run(days=1)
    product.hand_over()

    written_to = product.rows(Message, Message.contact_id, channel="email")
    assert list(written_to) == [product.ann.id]


def test_another_message_that_is_seen_ends_no_wait(product: Product) -> None:
    product.note("in_app.seen", by=product.ann, origin="enrolment", origin_id=1, step_id="another", visit=1)
    product.run()

    assert product.tasks() == []


def test_what_lies_over_a_page_goes_with_a_run_that_ends_early_and_the_ledger_says_so(
    database: Database, tmp_path: Path
) -> None:
    product = Product(database, tmp_path, head="hours: any\nexit: [{event: kickoff.held}]\n")
    with database.reading() as session:
        before = session.scalars(select(InAppItem)).one()
    product.say("kickoff.held")
    product.run()
    with database.transaction() as session:
        expire_items(session, now=product.now)
    with database.reading() as session:
        message_id = session.scalars(select(Message.public_id)).one()
        shown = show_message(session, message_id)

    assert product.runs()[0][1] == "exited" and product.mails() == []
    assert [one["what"] for one in shown["in_product"]] == [
        f"put into the inbox as banner, until {product.now:%Y-%m-%d %H:%M} UTC", "expired"
    ]  # fmt: skip
    assert before.expires_at is not None and before.expires_at > product.now


def test_an_item_whose_time_is_over_says_so(product: Product) -> None:
    product.run(days=8)
    with product.database.transaction() as session:
        assert expire_items(session, now=product.now) == 1
        assert expire_items(session, now=product.now) == 0
    (item,) = product.rows(InAppItem)

    assert item.expired_at == product.now and item.seen_at is None
