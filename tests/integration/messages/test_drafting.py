"""Orders become rows of the ledger: whose words, which facts, what is missing, whom to ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from engage.customers.tables import Account, Contact
from engage.db.session import Database
from engage.messages import drafting
from engage.messages.approvals import load
from engage.messages.composing import inputs_of
from engage.messages.drafting import draft
from engage.messages.rendering import render_email
from engage.messages.tables import Approval, GateCheck, Message
from engage.releases.library import Library
from engage.staff.tables import SenderConsent
from engage.testing import MONDAY, make_contact
from tests.integration.messages.scene import (
    CSM_APPROVES,
    LINKS,
    Cast,
    change,
    days,
    events,
    only_message,
    play,
    propose,
)

NIGHT = datetime(2026, 11, 16, 18, 0, tzinfo=UTC)  # three in the morning in Tokyo


def drafted(database: Database, *orders: Any, now: datetime = MONDAY) -> list[int]:
    with database.transaction() as session:
        return draft(session, Library(), orders, now=now)


def approvals(database: Database) -> list[Approval]:
    with database.reading() as session:
        return list(session.scalars(select(Approval).order_by(Approval.id)))


def without(cast: Cast, **usage: Any) -> Any:
    order = cast.order()
    return cast.order(facts={**order.facts, "usage": usage})


def test_an_order_becomes_a_queued_message_with_only_the_facts_it_needs(database: Database) -> None:
    cast = play(database)
    drafted(database, cast.order(sender=cast.csm))
    message = only_message(database)

    assert (message.state, message.due_at, message.locale, message.purpose) == ("queued", MONDAY, "ja", "relationship")
    assert message.address == "aiko@customer.example"
    assert message.inputs["usage"] == {"active_users": 1200, "as_of": "2026-11-15"}
    assert message.inputs["salutation"] == "株式会社青葉\n営業部\n部長 山田愛子様"
    assert message.inputs["sender"] == {"name": "Sato", "email": "sato@sample.example"}
    assert "people" not in message.inputs


def test_the_mail_reads_as_meant_and_links_are_ours(database: Database) -> None:
    cast = play(database)
    drafted(database, cast.order())
    message = only_message(database)
    with database.reading() as session:
        rendered = render_email(Library(), session, message, links=LINKS)

    assert rendered.subject == "株式会社青葉様のご利用状況"
    assert "サポート窓口です。1,200名に" in rendered.html
    assert f'製品のご案内: <a href="{LINKS.unsubscribe_url(message.public_id)}">' in rendered.html
    assert rendered.text.startswith("株式会社青葉\n営業部\n部長 山田愛子様\n\nサポート窓口です。")
    link = LINKS.click_url(message.public_id, "https://app.sample.example/next?from=mail")
    assert f'<a href="{link}">次の一歩</a>' in rendered.html
    assert f"\n次の一歩: {link}\n" in rendered.text


def test_an_order_handed_over_twice_is_one_message(database: Database) -> None:
    cast = play(database)

    assert len(drafted(database, cast.order(), cast.order(visit=2))) == 2
    assert drafted(database, cast.order(), cast.order(visit=2)) == []


def test_the_readers_language_decides_and_english_stands_in(database: Database) -> None:
    cast = play(database)
    facts = dict(cast.order().facts)
    drafted(
        database,
        cast.order(facts={**facts, "contact": {"locale": "en-US"}}),
        cast.order(facts={**facts, "contact": {"locale": "fr"}}, visit=2),
    )
    with database.reading() as session:
        messages = session.scalars(select(Message).order_by(Message.visit)).all()

    assert [message.locale for message in messages] == ["en", "en"]
    assert messages[0].inputs["salutation"] == "Dear 山田 愛子,"
    assert messages[0].inputs["sender"]["name"] == "Support desk"


def test_a_message_without_its_minimum_facts_is_held_and_says_which(database: Database) -> None:
    cast = play(database)
    drafted(database, without(cast, active_users=0), cast.order(visit=2))
    with database.reading() as session:
        held, going = session.scalars(select(Message).order_by(Message.visit)).all()

    assert (held.state, held.reason) == ("held", "facts_missing: usage.as_of")
    assert held.due_at is not None
    assert held.due_at > MONDAY
    assert going.state == "queued"


def test_mail_drafted_at_night_leaves_in_the_recipients_morning(database: Database) -> None:
    cast = play(database)
    drafted(database, cast.order(), now=NIGHT)
    due = only_message(database).due_at

    assert due is not None
    assert datetime(2026, 11, 17, 0, 0, tzinfo=UTC) <= due < datetime(2026, 11, 17, 1, 30, tzinfo=UTC)


def test_the_gate_judges_before_anybody_is_asked(database: Database) -> None:
    cast = play(database)
    change(database, Account, cast.account_id, phase="churned")
    drafted(database, cast.order(approval=CSM_APPROVES))
    message = only_message(database)
    with database.reading() as session:
        check = session.scalars(select(GateCheck)).one()

    assert (message.state, message.reason) == ("skipped", "account_churned")
    assert (check.phase, check.verdict, check.policy) == ("ask", "skip", "lifecycle")
    assert check.inputs["account_phase"] == "churned"
    assert approvals(database) == []
    assert events(database) == ["message.skipped"]


def test_a_contact_who_left_is_skipped_and_a_missing_address_too(database: Database) -> None:
    cast = play(database)
    change(database, Contact, cast.aiko, left_at=MONDAY)
    drafted(database, cast.order())
    change(database, Contact, cast.aiko, left_at=None, email=None, address_key=None)
    drafted(database, cast.order(visit=2))
    with database.reading() as session:
        reasons = session.scalars(select(Message.reason).order_by(Message.visit)).all()

    assert reasons == ["recipient_gone_left", "recipient_gone_no_address"]


def test_the_touch_model_asks_the_accounts_csm(database: Database) -> None:
    cast = play(database)
    drafted(database, cast.order(approval=CSM_APPROVES))
    (approval,) = approvals(database)

    assert only_message(database).state == "proposed"
    assert (approval.cause, approval.assignee_id) == ("touch_model", cast.csm)
    assert approval.expires_at == datetime(2026, 11, 18, 1, 0, tzinfo=UTC)


def test_two_business_days_do_not_run_over_a_weekend(database: Database) -> None:
    cast = play(database)
    friday = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    drafted(database, cast.order(approval=CSM_APPROVES, due_at=friday), now=friday)

    # Monday 23 November is a holiday in Japan.
    assert approvals(database)[0].expires_at == datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


def test_an_executive_is_asked_once_for_a_template_version(database: Database) -> None:
    cast = play(database)
    drafted(database, cast.order(sender=cast.ceo))
    (approval,) = approvals(database)
    with database.transaction() as session:
        session.add(
            SenderConsent(staff_id=cast.ceo, template_name="first-use/admin", template_sha="email-ja", given_at=MONDAY)
        )
    drafted(database, cast.order(sender=cast.ceo, visit=2))
    with database.reading() as session:
        states = session.scalars(select(Message.state).order_by(Message.visit)).all()

    assert (approval.cause, approval.assignee_id) == ("sender_consent", cast.ceo)
    assert states == ["proposed", "queued"]


def test_a_mail_that_cannot_be_made_is_held_before_anybody_is_asked(database: Database) -> None:
    cast = play(database)
    order = without(cast, active_users="many", as_of="2026-11-15")
    drafted(database, cast.order(facts=order.facts, approval=CSM_APPROVES))
    message = only_message(database)

    assert (message.state, message.reason) == ("held", "render_failed: this is not a number")
    assert approvals(database) == []


def test_a_mail_keeps_who_gets_a_copy_and_shows_whom_it_would_reach_now(database: Database) -> None:
    cast = play(database)
    with database.transaction() as session:
        ben = make_contact(session, None, "ben", family_name="Stone", given_name="Ben").id
        gone = make_contact(session, None, "gone", left_at=MONDAY).id
        mute = make_contact(session, None, "mute", email=None).id
    approval_id = propose(database, cast, cc=(ben, gone, mute))
    with database.reading() as session:
        view = load(session, Library(), approval_id, links=LINKS)

    assert only_message(database).cc == [ben, gone, mute]
    assert view.cc == [("Stone Ben", "ben@customer.example")]


def test_an_in_app_message_needs_no_window(database: Database) -> None:
    cast = play(database)
    drafted(database, cast.order(channel="in_app", templates=cast.in_app, template="first-use/note"), now=NIGHT)
    message = only_message(database)

    assert (message.state, message.due_at, message.address) == ("queued", NIGHT, None)


def test_an_order_that_cannot_be_made_is_held_whatever_went_wrong_and_stops_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = play(database)
    broken = without(cast, active_users=13, as_of="2026-11-15")

    def inputs_unless_unlucky(template: Any, facts: Any) -> dict[str, Any]:
        if facts["usage"]["active_users"] == 13:
            raise ArithmeticError("a number that nobody thought of")
        return inputs_of(template, facts)

    monkeypatch.setattr(drafting, "inputs_of", inputs_unless_unlucky)
    drafted(database, replace(broken, approval=CSM_APPROVES), cast.order(visit=2, approval=CSM_APPROVES))
    with database.reading() as session:
        first, second = session.scalars(select(Message).order_by(Message.id))

    assert (first.state, first.due_at) == ("held", MONDAY + days(1))
    assert first.reason == "render_failed: ArithmeticError: a number that nobody thought of"
    assert second.state == "proposed"


def test_what_no_database_takes_as_a_number_is_missing(database: Database) -> None:
    cast = play(database)
    drafted(database, without(cast, active_users=float("inf"), as_of="2026-11-15"))

    assert only_message(database).reason == "facts_missing: usage.active_users"
