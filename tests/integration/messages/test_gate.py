"""The gate looks at what people said about mail as it stands in the store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engage.channels.email.recording import RecordingChannel
from engage.customers.tables import Account, Consent, Contract
from engage.db.session import Database
from engage.messages.delivering import deliver
from engage.messages.drafting import draft
from engage.messages.tables import Message
from engage.releases.library import Library
from engage.testing import FrozenClock, make_contact, make_contract
from tests.integration.journeys.stage import MONDAY, Stage, tale
from tests.integration.messages.scene import LINKS, play


@pytest.mark.parametrize(
    ("when", "words", "state"),
    [
        ("all mail stopped after a yes to the topic", [("onboarding", "granted", 2), ("*", "withdrawn", 1)], "skipped"),
        ("the topic asked for after all mail stopped", [("*", "withdrawn", 2), ("onboarding", "granted", 1)], "queued"),
        ("yes and no at the same instant", [("onboarding", "withdrawn", 1), ("onboarding", "granted", 1)], "skipped"),
    ],
)  # fmt: skip
def test_the_last_word_on_mail_holds(
    database: Database, tmp_path: Path, when: str, words: list[tuple[str, str, int]], state: str
) -> None:
    stage = Stage(database, tmp_path, tale())
    with database.transaction() as session:
        for topic, said, days_ago in words:
            at = MONDAY - timedelta(days=days_ago)
            session.add(Consent(contact_id=stage.ann.id, topic=topic, state=said, basis="consent", evidence="", at=at))
    stage.say("product.opened", by=stage.ann)
    stage.run()

    assert [("email-greeting-hello", 1, state)] == stage.messages()


@pytest.mark.parametrize("names_contract", [True, False], ids=["of its contract", "of the current contract"])
def test_what_waits_does_not_go_past_a_partner_who_alone_speaks_since(database: Database, names_contract: bool) -> None:
    cast = play(database)
    with database.transaction() as session:
        account = session.get_one(Account, cast.account_id)
        partner = make_contact(session, account, "fumi", roles=["partner"]).id
        make_contract(session, account, "old", starts_on=None, contact_policy="partner_only")
        contract = make_contract(session, account, "c", starts_on=MONDAY.date()).id
        said = {"topic": "contract", "contract_id": contract if names_contract else None, "hours": "any"}
        orders = [cast.order(contact_id=one, origin_id=one, **said) for one in (cast.aiko, partner)]
        draft(session, Library(), [*orders, cast.order(hours="any", origin_id=-1)], now=MONDAY)
        session.execute(update(Contract).where(Contract.id == contract).values(contact_policy="partner_only"))
    deliver(database, Library(), RecordingChannel(), LINKS, FrozenClock(MONDAY))

    with database.reading() as session:
        told = session.execute(select(Message.topic, Message.contact_id, Message.state, Message.reason)).all()
    assert sorted(told) == [
        ("contract", cast.aiko, "skipped", "partner_only"),
        ("contract", partner, "accepted", None),
        ("product", cast.aiko, "accepted", None),
    ]
