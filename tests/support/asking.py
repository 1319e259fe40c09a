"""A customer who was asked a question by mail, and the pages that take the answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from engage.clock import Clock
from engage.db.session import Database
from engage.messages.links import Links
from engage.messages.tables import Message
from engage.releases.tables import Release
from engage.testing import MONDAY, FrozenClock, make_account, make_contact, make_contract
from engage.web.errors import handle_errors
from engage.web.headers import harden
from engage.web.public.blueprint import public_pages
from tests.acceptance.company import shipped
from tests.support.site import installation, make_message

QUESTION = "renewal_intent"


@dataclass
class Asking:
    """One renewal mail to Aiko at Aoba, and the site behind its links."""

    database: Database
    clock: FrozenClock
    app: Flask
    links: Links
    message_id: str

    def path(self, choice: str = "deciding", *, message: str | None = None) -> str:
        """Where the link of a choice leads."""
        url = self.links.answer_url(message or self.message_id, QUESTION, choice)
        return url.removeprefix(self.links.public_url)

    def change(self, **said: Any) -> None:
        """Something about the mail is otherwise."""
        with self.database.transaction() as session:
            message = session.query(Message).filter_by(public_id=self.message_id).one()
            for name, value in said.items():
                setattr(message, name, value)


def ask(database: Database, home: Path, *, locale: str = "ja", clock: Clock | None = None) -> Asking:
    """Sets the scene, with the shipped vocabulary live."""
    frozen = FrozenClock()
    now = (clock or frozen).now()
    ja = locale == "ja"
    with database.transaction() as session:
        vocabulary = shipped().vocabulary.model_dump(mode="json")
        session.add(Release(created_at=MONDAY, author="test", vocabulary=vocabulary, playbooks={}))
        account = make_account(session, "aoba", name="株式会社青葉" if ja else "Aoba Ltd.", locale=locale)
        aiko = make_contact(session, account, "aiko", family_name="山田", given_name="愛子")
        contract = make_contract(
            session,
            account,
            "aoba-1",
            name="スタンダード" if ja else "Standard",
            notice_deadline=now.date().replace(day=28),
        )
        message = make_message(
            session, aiko, channel="email", locale=locale, account_id=account.id, contract_id=contract.id,
            address=aiko.email, accepted_at=now, created_at=now, now=now,
        )  # fmt: skip
        public_id = message.public_id
    engage = installation(database, clock or frozen, home)
    app = Flask("public", static_folder=None)
    harden(app, https=False)
    handle_errors(app)
    app.register_blueprint(public_pages(engage))
    return Asking(database, frozen, app, engage.links, public_id)
