"""A topic that asks twice: one mail for each yes, a page on which only a POST confirms it, and nothing sent before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from engage.channels.email.recording import RecordingChannel
from engage.customers.consent_ledger import words_on_mail
from engage.customers.consents import holding
from engage.customers.tables import Account, Contact
from engage.db.session import Database
from engage.events.intake import accept
from engage.journeys.digesting import digest
from engage.language.templates import CONFIRM_MAIL
from engage.language.workspace import Workspace
from engage.messages.confirming import CONFIRM_WITHIN
from engage.messages.delivering import deliver
from engage.messages.drafting import draft
from engage.messages.orders import MessageOrder
from engage.messages.tables import Message, Suppression
from engage.releases.library import Library
from engage.rollout.apply import apply_workspace
from engage.testing import MONDAY, FrozenClock, make_account
from engage.web.errors import handle_errors
from engage.web.headers import harden
from engage.web.public.blueprint import public_pages
from tests.acceptance.company import shipped
from tests.support.site import installation, make_message

TOPIC = "advocacy"


@dataclass
class Scene:
    """The shipped topics, one of which asks twice; Aiko at Aoba, and the pages behind her mail's links."""

    database: Database
    library: Library
    clock: FrozenClock
    channel: RecordingChannel
    pages: FlaskClient
    links: Any
    told: int = 0

    def hear(self, *messages: dict[str, Any], **by: float) -> None:
        """Events come in, later, and everything follows that is due."""
        self.clock.move(timedelta(minutes=1, **by))
        self.told += 1
        dated = [{"messageId": f"{self.told}-{number}", **said} for number, said in enumerate(messages)]
        with self.database.transaction() as session:
            assert not accept(session, 1, dated, received_at=self.clock.now(), sent_at=None).problems
        self.work()

    def work(self) -> None:
        with self.database.transaction() as session:
            digest(session, self.library, now=self.clock.now())
        deliver(self.database, self.library, self.channel, self.links, self.clock)

    def says_yes(self, *, who: str = "aiko", **said: Any) -> None:
        self.hear({"type": "track", "userId": who, "event": "consent.granted", "properties": {"topic": TOPIC, **said}})

    def asking(self) -> list[Message]:
        with self.database.reading() as session:
            mails = select(Message).where(Message.origin == "confirmation").order_by(Message.id)
            return list(session.scalars(mails))

    def path(self) -> str:
        url: str = self.links.confirm_url(self.asking()[-1].public_id)
        return url.removeprefix(self.links.public_url)

    def may_be_mailed(self) -> str:
        """What becomes of a mail on the topic: why not, or its state."""
        self.clock.move(timedelta(minutes=1))
        with self.database.transaction() as session:
            aiko = session.scalars(select(Contact).where(Contact.external_id == "aiko")).one()
            templates = self.library.named(session, "advocacy").templates["advocacy/ask"]  # type: ignore[union-attr]
            order = MessageOrder(
                origin="notice", origin_id=int(self.clock.now().timestamp()), step_id="s", contact_id=aiko.id,
                account_id=session.scalar(select(Account.id)), channel="email", template="advocacy/ask",
                templates=templates, topic=TOPIC, facts={}, due_at=MONDAY,
            )  # fmt: skip
            (message_id,) = draft(session, self.library, [order], now=self.clock.now())
            made = session.get_one(Message, message_id)
            return made.reason if made.state == "skipped" and made.reason else made.state

    def holds(self) -> tuple[str, str, str]:
        with self.database.reading() as session:
            ((_, word),) = holding(words_on_mail(session, session.scalars(select(Contact.id)))).items()
            return word.state, word.basis, word.source


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    with database.transaction() as session:
        apply_workspace(session, asking_twice(), author="test", now=MONDAY)
        make_account(session, "aoba", name="株式会社青葉", locale="ja")
    clock = FrozenClock()
    engage = installation(database, clock, tmp_path)
    app = Flask("public", static_folder=None)
    harden(app, https=False)
    handle_errors(app)
    app.register_blueprint(public_pages(engage))
    made = Scene(database, engage.library, clock, RecordingChannel(), app.test_client(), engage.links)
    traits = {"email": "aiko@customer.example", "family_name": "山田", "locale": "ja"}
    made.hear({"type": "identify", "userId": "aiko", "traits": traits, "context": {"groupId": "aoba"}})
    return made


def asking_twice() -> Workspace:
    """The playbook that asks for references, with what it needs, on a topic that asks twice."""
    whole = shipped()
    topics = dict(whole.vocabulary.topics)
    topics[TOPIC] = topics[TOPIC].model_copy(update={"double_opt_in": True})
    vocabulary = whole.vocabulary.model_copy(update={"topics": topics})
    templates = {name: whole.templates[name] for name in ("advocacy/ask", CONFIRM_MAIL)}
    (file,) = (one for one in whole.playbooks if one.playbook.key == "advocacy")
    others = frozenset(one.playbook.key for one in whole.playbooks) - {"advocacy"}
    bare = replace(file, playbook=file.playbook.model_copy(update={"tests": ()}))
    return replace(whole, vocabulary=vocabulary, templates=templates, playbooks=(bare,), left_out=others)


def test_a_yes_is_asked_for_again_once_and_counts_when_it_is_confirmed(scene: Scene) -> None:
    scene.says_yes()
    scene.work()
    (mail,) = scene.channel.sent

    assert (mail.to_address, mail.subject) == ("aiko@customer.example", "配信のご確認「ご感想のご紹介のお願い」")
    assert "株式会社青葉" in mail.text and scene.path() in mail.html and scene.path() in mail.text
    assert f"{CONFIRM_WITHIN.days}日以内" in mail.text
    assert "List-Unsubscribe" not in dict(mail.headers)
    assert scene.may_be_mailed() == "not_confirmed"

    page = scene.pages.get(scene.path())
    assert "お送りしてよろしいですか" in page.get_data(as_text=True) and page.headers.get("Set-Cookie") is None
    assert scene.may_be_mailed() == "not_confirmed"  # looking confirms nothing
    for _ in range(3):
        scene.clock.move(timedelta(minutes=1))
        answer = scene.pages.post(scene.path())
        assert (answer.status_code, "ご承諾をいただきました" in answer.get_data(as_text=True)) == (200, True)
    scene.work()

    assert scene.holds() == ("granted", "double_opt_in", "confirmation")
    assert scene.may_be_mailed() != "not_confirmed"
    assert len(scene.channel.sent) == 1


def test_each_yes_after_a_no_is_asked_about_and_a_repeated_one_is_not(scene: Scene) -> None:
    yes = {"type": "identify", "userId": "aiko", "traits": {"consents": {TOPIC: True}}}
    scene.hear(yes)
    scene.hear(yes, {**yes, "context": {"groupId": "aoba"}})
    assert len(scene.asking()) == 1

    scene.pages.post(scene.path())
    scene.hear({"type": "track", "userId": "aiko", "event": "consent.withdrawn", "properties": {"topic": TOPIC}})
    assert "停止されています" in scene.pages.get(scene.path()).get_data(as_text=True)
    scene.hear(yes)  # only heard of: the no was said to us
    assert len(scene.asking()) == 1
    scene.says_yes()
    assert len(scene.asking()) == 2


def test_it_expires(scene: Scene) -> None:
    scene.says_yes()
    scene.clock.move(CONFIRM_WITHIN + timedelta(seconds=1))
    for answer in (scene.pages.get(scene.path()), scene.pages.post(scene.path())):
        assert (answer.status_code, "<form" in answer.get_data(as_text=True)) == (410, False)

    assert scene.holds() == ("granted", "consent", "event")
    assert scene.may_be_mailed() == "not_confirmed"


def test_a_yes_that_was_confirmed_elsewhere_is_not_asked_about(scene: Scene) -> None:
    scene.says_yes(basis="double_opt_in", evidence="form 2026-05-01, confirmed 2026-05-02")

    assert scene.asking() == []
    assert scene.may_be_mailed() != "not_confirmed"


def test_a_yes_on_the_page_of_preferences_waits_for_its_mail(scene: Scene) -> None:
    scene.says_yes(basis="double_opt_in", evidence="x")
    scene.hear({"type": "track", "userId": "aiko", "event": "unsubscribed", "properties": {"topic": TOPIC}})
    with scene.database.transaction() as session:
        key, at = "aiko@customer.example", MONDAY
        session.add(Suppression(address_key=key, topic=TOPIC, reason="unsubscribed", source="page", at=at))
    (mail,) = _send_something(scene)
    url = scene.links.preferences_url(mail.public_id).removeprefix(scene.links.public_url)
    version = scene.pages.get(url).get_data(as_text=True).partition('name="version" value="')[2].partition('"')[0]
    scene.clock.move(timedelta(minutes=1))
    page = scene.pages.post(url, data={"topic": TOPIC, "version": version}).get_data(as_text=True)
    scene.work()

    assert "お送りする確認メールでご承諾いただくと始まります" in page and "お待ちしています" in page
    assert len(scene.asking()) == 1
    assert scene.may_be_mailed() == "address_stopped_topic"
    scene.clock.move(timedelta(minutes=1))
    scene.pages.post(scene.path())
    assert scene.may_be_mailed() not in ("address_stopped_topic", "not_confirmed")


def _send_something(scene: Scene) -> list[Message]:
    with scene.database.transaction() as session:
        aiko = session.scalars(select(Contact)).one()
        account = session.scalar(select(Account.id))
        return [make_message(session, aiko, channel="email", account_id=account, address=aiko.email)]


def test_somebody_who_belongs_to_no_customer_is_asked_too(scene: Scene) -> None:
    scene.hear({"type": "identify", "userId": "ben", "traits": {"email": "ben@elsewhere.example", "locale": "en"}})
    scene.says_yes(who="ben")
    (mail,) = scene.channel.sent

    assert (mail.to_address, mail.subject) == ("ben@elsewhere.example", "Please confirm: References and reviews")
    assert "within 7 days" in mail.text


def test_only_the_mail_that_asks_can_be_confirmed(scene: Scene) -> None:
    scene.says_yes()
    (other,) = _send_something(scene)
    forged = [scene.links.confirm_url(other.public_id), scene.links.confirm_url(scene.asking()[0].public_id)[:-1]]
    for url in forged:
        assert scene.pages.post(url.removeprefix(scene.links.public_url)).status_code == 404
    assert scene.holds() == ("granted", "consent", "event")
