"""News for our own side over a real database: rows first, calls outside, tried again, never lost."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engage.channels.base import OutboundEmail, Outcome, Unavailable, Unknown
from engage.channels.calls.endpoints import Calls
from engage.channels.email.recording import RecordingChannel
from engage.channels.email.routing.brakes import Allowance
from engage.channels.email.routing.routes import Route, Routes
from engage.channels.email.routing.tables import Brake
from engage.db.session import Database
from engage.messages.braking import go_on, stop
from engage.notices.delivering import LATER, deliver_notices
from engage.notices.tables import Notice, NoticeAttempt
from engage.staff.absences import note_absence
from engage.staff.reaching import set_reach
from engage.staff.tables import StaffMember
from engage.testing import make_staff
from tests.integration.journeys.stage import Stage, tale
from tests.unit.channels.test_calls import LOCAL, SECRET, Receiver, receiving

NOTIFY = """
- notify:
    to: [csm, cs_head]
    slack: cs
    title: {ja: ご利用が減っています, en: Use is falling}
    text: {ja: ご確認ください, en: Please have a look}
    facts: [account.phase, usage.trend]
"""
WEBHOOK = "- webhook: {to: crm, facts: [account.phase]}"


class Office:
    """A stage whose news is delivered."""

    def __init__(self, database: Database, root: Path, steps: str, receiver: Receiver | None = None) -> None:
        self.stage = Stage(database, root, tale(steps=steps))
        self.channel: Any = RecordingChannel()
        url = receiver.url if receiver else "http://127.0.0.1:9/"
        self.calls = Calls({"crm": url}, {"crm": SECRET}, {"cs": url}, LOCAL)
        self.stage.say("product.opened")
        self.stage.advance()

    def deliver(self) -> int:
        stage = self.stage
        return deliver_notices(stage.database, stage.library, self.channel, self.calls, stage.clock)

    def states(self) -> list[tuple[str, str, int]]:
        return [tuple(row) for row in self.stage.rows(Notice, Notice.kind, Notice.state, Notice.fence)]

    def attempts(self) -> list[str | None]:
        with self.stage.database.reading() as session:
            chosen = select(NoticeAttempt.outcome).order_by(NoticeAttempt.notice_id, NoticeAttempt.number)
            return list(session.scalars(chosen))


def test_colleagues_and_slack_are_told_in_their_language(database: Database, tmp_path: Path) -> None:
    with receiving() as receiver:
        office = Office(database, tmp_path, NOTIFY, receiver)
        with database.transaction() as session:
            session.get_one(StaffMember, office.stage.sato.id).locale = "en"
        assert office.deliver() == 3 and office.deliver() == 0
    csm, head = office.channel.sent

    assert (csm.subject, csm.to_address) == ("Use is falling", office.stage.sato.email)
    assert "Please have a look\n\nCustomer: Acme (acme)\n\naccount.phase: onboarding\nusage.trend: " in csm.text
    assert (head.subject, head.to_address) == ("ご利用が減っています", "team@sample.example")  # nobody heads CS here
    assert json.loads(receiver.got[0][2])["text"].startswith("ご利用が減っています\nご確認ください")
    assert office.states() == [("mail", "accepted", 1), ("mail", "accepted", 1), ("slack", "accepted", 1)]
    assert office.stage.runs() == [("tale", "done", "completed")]


def test_who_stands_in_is_told_for_an_owner_who_is_away(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path, NOTIFY.replace("    slack: cs\n", ""))
    with database.transaction() as session:
        sato = session.get_one(StaffMember, office.stage.sato.id)
        set_reach(session, sato, stand_in_id=make_staff(session, "ito@sample.example").id)
        today = office.stage.now.date()
        note_absence(session, sato, today, today)
    office.deliver()

    assert [mail.to_address for mail in office.channel.sent] == ["ito@sample.example", "team@sample.example"]


def test_a_mail_to_a_colleague_waits_while_the_provider_rests_and_counts_against_its_limit(
    database: Database, tmp_path: Path
) -> None:
    office = Office(database, tmp_path, NOTIFY)
    recording, pace = office.channel, Allowance(2, timedelta(hours=1))
    office.channel = Routes((Route("first", recording, pace),))
    with database.transaction() as session:
        stop(session, "provider", "first", by="cli:sato", reason="incident", now=office.stage.clock.now())
    office.deliver()
    assert recording.sent == []
    with database.transaction() as session:
        go_on(session, "first", by="cli:sato", now=office.stage.clock.now())
    office.stage.clock.move(timedelta(seconds=60))
    office.deliver()
    assert len(recording.sent) == 2
    with database.reading() as session:
        assert session.scalar(select(Brake.used)) == 2


def test_mails_beyond_the_limit_of_a_provider_go_in_its_next_window_and_that_is_no_try(
    database: Database, tmp_path: Path
) -> None:
    office = Office(database, tmp_path, NOTIFY)
    recording = office.channel
    office.channel = Routes((Route("first", recording, Allowance(1, timedelta(minutes=1))),))
    office.deliver()
    assert [(state, fence) for kind, state, fence in office.states() if kind == "mail"] == [
        ("accepted", 1),
        ("queued", 0),
    ]
    office.stage.clock.move(timedelta(minutes=1))
    office.deliver()
    assert len(recording.sent) == 2


def test_what_the_first_provider_surely_did_not_take_the_second_gets_at_once(
    database: Database, tmp_path: Path
) -> None:
    office = Office(database, tmp_path, NOTIFY)
    second = RecordingChannel()
    down = RecordingChannel(lambda _email: Unavailable("down"))
    office.channel = Routes((Route("first", down), Route("second", second)))
    office.deliver()
    assert len(second.sent) == 2
    assert [state for kind, state, _ in office.states() if kind == "mail"] == ["accepted", "accepted"]


def test_a_webhook_is_tried_again_later_each_time_with_the_same_id(database: Database, tmp_path: Path) -> None:
    with receiving(500, 0, 200) as receiver:
        office = Office(database, tmp_path, WEBHOOK, receiver)
        assert office.deliver() == 1 and office.deliver() == 0
        office.stage.clock.move(LATER[0])
        assert office.deliver() == 1
        office.stage.clock.move(LATER[1])
        assert office.deliver() == 1
    ids = {headers["webhook-id"] for _, headers, _ in receiver.got}
    stamps = {headers["webhook-timestamp"] for _, headers, _ in receiver.got}

    assert (len(receiver.got), len(ids), len(stamps)) == (3, 1, 3)
    assert office.attempts() == ["unknown", "unknown", "accepted"]
    said = json.loads(receiver.got[2][2])
    assert said["type"] == "playbook.step"
    assert said["data"] == {
        "playbook": "tale", "step": "webhook", "visit": 1, "account": "acme", "contact": None, "contract": "c-1",
        "facts": {"account.phase": "onboarding"},
    }  # fmt: skip


@pytest.mark.parametrize(("status", "tries"), [(410, 1), (500, len(LATER) + 1)])
def test_what_cannot_be_delivered_becomes_a_task(database: Database, tmp_path: Path, status: int, tries: int) -> None:
    with receiving(*[status] * 20) as receiver:
        office = Office(database, tmp_path, WEBHOOK, receiver)
        for pause in (*LATER, timedelta(days=2)):
            office.deliver()
            office.stage.clock.move(pause)

    assert office.states() == [("webhook", "rejected", tries)]
    assert office.stage.tasks() == ["notice_failed"]


def test_a_name_without_an_address_is_a_task(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path, WEBHOOK)
    office.calls = Calls()
    office.deliver()

    assert office.states() == [("webhook", "rejected", 1)] and office.stage.tasks() == ["notice_failed"]


class Dying:
    """A channel whose process dies in the middle of a call."""

    name = "dying"

    def send(self, batch: list[OutboundEmail]) -> list[Outcome]:
        raise KeyboardInterrupt


def test_after_a_crash_a_webhook_goes_again_and_a_mail_does_not(database: Database, tmp_path: Path) -> None:
    with receiving() as receiver:
        office = Office(database, tmp_path, WEBHOOK + NOTIFY.replace("    slack: cs\n", ""), receiver)
        office.channel = Dying()
        with pytest.raises(KeyboardInterrupt):
            office.deliver()
        assert {state for _, state, _ in office.states()} == {"sending"}
        office.channel = RecordingChannel()
        assert office.deliver() == 0
        office.stage.clock.move(timedelta(minutes=10))
        office.deliver()

    assert [state for kind, state, _ in office.states() if kind == "mail"] == ["unknown", "unknown"]
    assert [state for kind, state, _ in office.states() if kind == "webhook"] == ["accepted"]
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    assert office.channel.sent == [] and len(office.stage.tasks()) == 2


def test_a_mail_whose_end_is_in_doubt_is_never_sent_again(database: Database, tmp_path: Path) -> None:
    class Doubtful:
        name = "doubtful"

        def send(self, batch: list[OutboundEmail]) -> list[Outcome]:
            return [Unknown("no answer") for _ in batch]

    office = Office(database, tmp_path, NOTIFY.replace("    slack: cs\n", ""))
    office.channel = Doubtful()
    office.deliver()
    office.stage.clock.move(timedelta(days=1))

    assert office.deliver() == 0
    assert [state for _, state, _ in office.states()] == ["unknown", "unknown"]
