"""A message that lacked a fact goes on by itself when it comes; else a person is asked, and nothing is sent empty."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from engage.channels.email.recording import RecordingChannel
from engage.customers.facts import load_facts
from engage.customers.tables import Account
from engage.db.session import Database
from engage.messages import formats, rechecking
from engage.messages.approvals import approve
from engage.messages.delivering import deliver
from engage.messages.drafting import draft
from engage.messages.rechecking import recheck_held
from engage.messages.tables import Approval, Message, Suppression
from engage.releases.library import Library
from engage.releases.tables import Release, TemplateVersion
from engage.tasks.tables import Task
from engage.testing import MONDAY, FrozenClock, make_account, make_contact
from engage.worker.due import due_kinds
from tests.integration.messages.scene import (
    CSM_APPROVES,
    LINKS,
    VOCABULARY,
    Cast,
    change,
    days,
    events,
    only_message,
    play,
    propose,
)


def held(database: Database, **said: Any) -> Cast:
    """A message that needs the goal, which nobody has said yet."""
    cast = play(database)
    with database.transaction() as session:
        version = TemplateVersion(
            name="review/quarter", locale="ja", kind="email", sha="q", subject="{{ goal.text }}", text=None,
            html="<p>{{ salutation }}</p><p>{{ goal.text }}</p>", meta={"needs": ["goal.text"]}, created_at=MONDAY,
        )  # fmt: skip
        session.add(version)
        session.flush()
        order = cast.order(template="review/quarter", templates={"ja": version.id}, **said)
        draft(session, Library(), [order], now=MONDAY)
    return cast


def recheck(database: Database, after: timedelta) -> int:
    with database.transaction() as session:
        return recheck_held(session, Library(), now=MONDAY + after)


def tasks(database: Database) -> list[Task]:
    with database.reading() as session:
        return list(session.scalars(select(Task)))


def test_it_waits_a_day_at_a_time(database: Database) -> None:
    held(database)

    assert only_message(database).reason == "facts_missing: goal.text"
    assert recheck(database, timedelta(hours=20)) == 0
    assert recheck(database, days(1)) == 1
    message = only_message(database)
    assert (message.state, message.due_at) == ("held", MONDAY + days(2))
    assert tasks(database) == []


def test_it_goes_on_when_the_fact_has_come(database: Database) -> None:
    cast = held(database)
    change(database, Account, cast.account_id, traits={"goal_text": "請求業務を半分に"})
    recheck(database, days(1))
    message = only_message(database)

    assert (message.state, message.reason) == ("queued", None)
    assert message.inputs["goal"]["text"] == "請求業務を半分に"
    assert message.inputs["salutation"].endswith("部長 山田愛子様")


def test_the_csm_is_asked_then_where_the_touch_model_says_so(database: Database) -> None:
    cast = held(database, approval=CSM_APPROVES)
    change(database, Account, cast.account_id, traits={"goal_text": "請求業務を半分に"})
    recheck(database, days(1))
    with database.reading() as session:
        approval = session.scalars(select(Approval)).one()

    assert only_message(database).state == "proposed"
    assert (approval.assignee_id, approval.expires_at) == (cast.csm, MONDAY + days(3))


def test_one_that_cannot_be_made_stops_no_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = held(database)
    with database.transaction() as session:
        version = TemplateVersion(
            name="review/number", locale="ja", kind="email", sha="n", subject="{{ goal.text | number }}", text=None,
            html="<p>{{ goal.text | number }}</p>", meta={"needs": ["goal.text"]}, created_at=MONDAY,
        )  # fmt: skip
        session.add(version)
        session.flush()
        order = cast.order(template="review/number", templates={"ja": version.id}, visit=2)
        draft(session, Library(), [order], now=MONDAY)
    change(database, Account, cast.account_id, traits={"goal_text": "請求業務を半分に"})

    def broken(value: str) -> Decimal:
        raise ArithmeticError("a number that nobody thought of")

    monkeypatch.setattr(formats, "_decimal", broken)
    assert recheck(database, days(1)) == 2
    with database.reading() as session:
        good, bad = session.execute(select(Message.state, Message.reason, Message.due_at).order_by(Message.id))
    assert good.state == "queued"
    assert (bad.state, bad.due_at) == ("held", MONDAY + days(2))
    assert bad.reason == "render_failed: ArithmeticError: a number that nobody thought of"


def test_facts_that_cannot_be_read_hold_their_own_customer_only(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = held(database)
    with database.transaction() as session:
        other = make_account(session, "other", name="株式会社赤羽", country="JP", locale="ja")
        ben = make_contact(session, other, "ben", family_name="鈴木", locale="ja")
        version = session.scalars(select(TemplateVersion.id).where(TemplateVersion.sha == "q")).one()
        order = cast.order(template="review/quarter", templates={"ja": version}, account_id=other.id, contact_id=ben.id)
        draft(session, Library(), [order], now=MONDAY)
        broken = other.id
    change(database, Account, cast.account_id, traits={"goal_text": "請求業務を半分に"})
    read = load_facts

    def read_unless_broken(session: Any, library: Any, subjects: Any, **said: Any) -> Any:
        if any(subject.account_id == broken for subject in subjects):
            raise ArithmeticError("a fact that nobody thought of")
        return read(session, library, subjects, **said)

    monkeypatch.setattr(rechecking, "load_facts", read_unless_broken)
    assert recheck(database, days(1)) == 2
    with database.reading() as session:
        assert list(session.scalars(select(Message.state).order_by(Message.id))) == ["queued", "held"]


def test_what_is_held_is_looked_at_in_a_round_of_its_own(database: Database) -> None:
    held(database)
    with database.reading() as session:
        kinds = due_kinds(session, MONDAY + days(1))

    assert "recheck" in kinds
    assert "deliver" not in kinds


def hold_at_delivery(database: Database, **said: Any) -> None:
    """The first delivery finds that the mail cannot go."""
    if said:
        with database.transaction() as session:
            session.execute(update(Message).values(**said))
    deliver(database, Library(), RecordingChannel(), LINKS, FrozenClock())
    assert only_message(database).state == "held"


def speechless(database: Database) -> Cast:
    """A mail of a company that has said nobody whom it could come from."""
    cast = play(database)
    with database.transaction() as session:
        nobody = {**VOCABULARY, "company": {"name": {"ja": "株式会社サンプル", "en": "Sample Inc."}}}
        session.add(Release(created_at=MONDAY, author="test", vocabulary=nobody, playbooks={}))
        session.add(TemplateVersion(
            name="plain", locale="ja", kind="email", sha="p", subject="お知らせ", text=None, html="<p>お知らせ</p>",
            meta={}, created_at=MONDAY,
        ))  # fmt: skip
    with database.transaction() as session:
        version = session.scalars(select(TemplateVersion.id).where(TemplateVersion.name == "plain")).one()
        draft(session, Library(), [cast.order(template="plain", templates={"ja": version})], now=MONDAY)
    return cast


def test_a_mail_without_a_sender_goes_when_there_is_one(database: Database) -> None:
    speechless(database)
    hold_at_delivery(database)
    recheck(database, days(1))
    assert (only_message(database).state, only_message(database).reason) == ("held", rechecking.NO_SENDER)
    with database.transaction() as session:
        session.add(Release(created_at=MONDAY, author="test", vocabulary=VOCABULARY, playbooks={}))
    recheck(database, days(2))

    assert only_message(database).state == "queued"


def test_a_mail_that_would_read_differently_now_is_made_anew_since_it_never_left(database: Database) -> None:
    cast = play(database)
    with database.transaction() as session:
        draft(session, Library(), [cast.order()], now=MONDAY)
    hold_at_delivery(database, sha="of another making")
    recheck(database, days(1))
    channel = RecordingChannel()
    deliver(database, Library(), channel, LINKS, FrozenClock(MONDAY + days(1)))

    assert [email.to_address for email in channel.sent] == ["aiko@customer.example"]


def test_what_was_approved_and_cannot_go_becomes_a_task_and_is_given_up_but_never_made_anew(database: Database) -> None:
    cast = play(database)
    public_id = propose(database, cast)
    with database.transaction() as session:
        approve(session, Library(), public_id, links=LINKS, by=cast.csm, now=MONDAY)
    hold_at_delivery(database, html="not these words")
    for day in range(1, 15):
        recheck(database, days(day))
    (task,) = tasks(database)
    still = only_message(database)
    recheck(database, days(15))

    assert (task.reason, "render_drift" in task.note["en"]) == ("message_held", True)
    assert (still.state, still.html) == ("held", "not these words")
    assert only_message(database).state == "cancelled"


def test_what_was_approved_goes_as_it_is_once_it_can(database: Database) -> None:
    cast = play(database)
    public_id = propose(database, cast)
    with database.transaction() as session:
        approve(session, Library(), public_id, links=LINKS, by=cast.csm, now=MONDAY)
    approved = only_message(database)
    hold_at_delivery(database, html="not these words")
    with database.transaction() as session:
        session.execute(update(Message).values(html=approved.html))
    recheck(database, days(1))

    assert (only_message(database).state, only_message(database).sha) == ("queued", approved.sha)


def test_nobody_is_asked_about_a_mail_that_its_reader_has_refused_meanwhile(database: Database) -> None:
    cast = held(database, approval=CSM_APPROVES)
    change(database, Account, cast.account_id, traits={"goal_text": "請求業務を半分に"})
    with database.transaction() as session:
        session.add(
            Suppression(address_key="aiko@customer.example", topic="*", reason="complained", source="t", at=MONDAY)
        )
    recheck(database, days(1))
    with database.reading() as session:
        asked = session.scalars(select(Approval)).all()

    assert (only_message(database).state, only_message(database).reason) == ("skipped", "address_suppressed")
    assert asked == []


def test_after_three_days_a_person_is_asked_once_and_after_fourteen_it_is_given_up(database: Database) -> None:
    cast = held(database)
    for day in range(1, 14):
        recheck(database, days(day))
    (task,) = tasks(database)
    still = only_message(database).state
    recheck(database, days(14))
    with database.reading() as session:
        message = session.scalars(select(Message)).one()

    assert (task.reason, task.staff_id, "goal.text" in task.note["en"]) == ("facts_missing", cast.csm, True)
    assert (still, message.state, message.reason) == ("held", "cancelled", "facts_missing: goal.text")
    assert events(database) == ["message.cancelled"]
