"""Automatic replies: no reply, never answered; an absence holds mail, a departure is for a person to confirm."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engage.customers.tables import Contact, Membership
from engage.db.session import Database
from engage.errors import ConflictError, InputError
from engage.messages.inbound.deciding import Departed, confirm, dismiss
from engage.messages.tables import GateCheck, Message
from engage.staff.tables import AuditEntry
from engage.tasks.tables import Task
from tests.integration.messages.inbound.office import Office, answer_to
from tests.support.letters import word

AUTO = {"headers": {"Auto-Submitted": "auto-replied"}, "subject": word("自動応答: ご案内")}
LEFT = "11月30日付で退職いたしました。後任は営業部の森 健が担当いたします。\nmori@customer.example"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def suggested(office: Office, text: str = LEFT, **said: Any) -> str:
    office.arrives(answer_to(office.start(), text, **(AUTO | said)))
    return str(office.mail().public_id)


def decide(office: Office, public_id: str, **said: Any) -> list[str]:
    with office.database.transaction() as session:
        return confirm(session, public_id, Departed(**said), by="sato", now=office.now)


def test_an_automatic_reply_is_no_reply_and_the_reminder_still_goes(office: Office) -> None:
    office.arrives(answer_to(office.start(), "お問い合わせを受け付けました。", **AUTO))
    assert (office.mail().kind, office.mail().meaning, office.mail().matched_by) == ("auto_reply", "other", "id")
    assert (office.events("replied"), office.work()) == ([], [])
    office.until(11, 20)
    assert len(office.send()) == 1


def test_whoever_is_away_gets_the_reminder_when_they_are_back(office: Office) -> None:
    office.arrives(answer_to(office.start(), "11月20日(金)まで不在にしております。\n急ぎの場合は代表まで。", **AUTO))
    (event,) = office.events("contact.away")
    assert (event.contact_id, event.properties["until"]) == (office.ann.id, "2026-11-20")
    assert office.work() == []
    office.until(11, 20, 12)
    assert office.send() == []
    (held,) = [row for row in office.rows(Message) if row.state == "queued"]
    assert (held.reason, held.due_at) == ("reader_away", datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    check = office.rows(GateCheck)[-1]
    assert (check.policy, check.inputs["away_until"]) == ("away", "2026-11-20")
    office.until(11, 21, 1)
    assert office.send() == [], "midnight is nobody's office hour; a weekend and a holiday follow"
    office.until(11, 24)
    assert len(office.send()) == 1


def test_an_absence_is_believed_of_the_person_who_wrote_and_in_answer_to_us_only(office: Office) -> None:
    away, sent = "Out of office until 20 November 2026.", office.start()
    office.arrives(
        answer_to(sent, away, sender="postmaster@customer.example", header_id="a@x", **AUTO),
        answer_to(sent, away, answers=None, header_id="b@x", **AUTO),
    )
    assert office.events("contact.away") == []


def test_a_departure_is_suggested_once_and_nothing_happens_by_itself(office: Office) -> None:
    sent = office.start()
    office.arrives(answer_to(sent, LEFT, **AUTO), answer_to(sent, LEFT, header_id="again@x", **AUTO))
    (task,) = office.rows(Task)
    assert (task.reason, task.staff_id, task.title["ja"]) == (
        "departure",
        office.sato.id,
        "Ann Smith様の退職・異動を確かめる",
    )
    assert "後任の方: 森 健 mori@customer.example" in task.note["ja"]
    assert LEFT in task.note["ja"]
    assert (office.events("contact.left"), office.events("contact.appointed")) == ([], [])
    assert office.mail().findings["successor_address"] == "mori@customer.example"


def test_confirmed_the_departure_and_the_successor_are_events_with_their_evidence(office: Office) -> None:
    public_id, said_at = suggested(office), office.now
    told = decide(office, public_id, left=True, successor_name="森 健", successor_address="mori@customer.example")
    office.run(minutes=1)

    assert told == ["contact.left", "identify", "contact.appointed"]
    with office.database.reading() as session:
        ann = session.get_one(Contact, office.ann.id)
        mori = session.scalars(select(Contact).where(Contact.address_key == "mori@customer.example")).one()
        roles = session.scalar(select(Membership.roles).where(Membership.contact_id == mori.id))
        audited = session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == public_id)).all()
    assert (ann.left_at, mori.family_name, roles, audited) == (said_at, "森", ["champion"], ["inbound.confirmed"])
    (left,), (appointed,) = office.events("contact.left"), office.events("contact.appointed")
    assert left.properties == {"evidence": LEFT, "inbound_id": public_id, "told_by": "auto_reply"}
    assert (appointed.contact_id, appointed.properties["instead_of"]) == (mori.id, "ann")
    assert office.rows(Task, Task.state, Task.outcome) == [("done", "confirmed")]
    with pytest.raises(ConflictError, match="confirmed already"):
        decide(office, public_id, left=True)


def test_a_successor_whom_we_know_keeps_who_they_are(office: Office) -> None:
    public_id = suggested(office)
    decide(office, public_id, left=False, successor_name="Somebody Else", successor_address="BEN@customer.example")
    office.run(minutes=1)
    (appointed,) = office.events("contact.appointed")
    assert appointed.contact_id == office.ben.id
    with office.database.reading() as session:
        assert session.get_one(Contact, office.ben.id).given_name == "Ben"
        assert session.get_one(Contact, office.ann.id).left_at is None


def test_dismissed_nothing_follows(office: Office) -> None:
    public_id = suggested(office)
    with office.database.transaction() as session:
        dismiss(session, public_id, by="sato", now=office.now)
    assert office.rows(Task, Task.state, Task.outcome) == [("done", "dismissed")]
    assert (office.mail().decision, office.events("contact.left")) == ("dismissed", [])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"left": False}, "nothing_said"),
        ({"left": True, "successor_address": "no address"}, "bad_address"),
    ],
)
def test_a_word_that_cannot_be_acted_on_changes_nothing(office: Office, said: dict[str, Any], code: str) -> None:
    public_id = suggested(office)
    with pytest.raises(InputError) as refused:
        decide(office, public_id, **said)
    assert refused.value.code == code
    assert office.mail().decided_at is None


def test_a_departure_of_somebody_unknown_can_name_the_successor_only(office: Office) -> None:
    public_id = suggested(office, sender="info@customer.example")
    with pytest.raises(InputError, match="who has left"):
        decide(office, public_id, left=True)
    assert decide(office, public_id, left=False, successor_address="mori@customer.example") == [
        "identify",
        "contact.appointed",
    ]


def test_a_mail_that_suggests_nothing_cannot_be_confirmed(office: Office) -> None:
    office.arrives(answer_to(office.start()))
    with pytest.raises(ConflictError, match="suggests no departure"):
        decide(office, office.mail().public_id, left=True)


def test_an_absence_that_the_product_tells_holds_mail_too_and_can_be_taken_back(office: Office) -> None:
    office.say("product.opened", by=office.ann)
    office.run()
    office.note("contact.away", by=office.ann, until="2026-11-18")
    office.run()
    assert office.send() == []
    office.note("contact.away", by=office.ann)
    office.run()
    with office.database.reading() as session:
        assert session.get_one(Contact, office.ann.id).away_until is None
