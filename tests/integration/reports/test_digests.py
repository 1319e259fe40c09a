"""The digest: in the morning of an open day, one letter, the urgent first, nothing where there is nothing to say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from engage.channels.base import EmailChannel, OutboundEmail, Unknown
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.events.recording import NewEvent, record
from engage.messages import approvals as desk
from engage.messages.delivering import deliver
from engage.notices.delivering import deliver_notices
from engage.reports.digests import send_digests
from engage.reports.today import Today, today_of
from engage.staff.people import person
from engage.staff.tables import Reach, StaffMember
from engage.tasks.raising import NewTask, raise_tasks
from engage.testing import MONDAY
from tests.integration.messages.office import Office
from tests.integration.messages.scene import LINKS, propose

MORNING = MONDAY + timedelta(hours=22, minutes=30)  # Tuesday, half past eight in Tokyo
DAY = timedelta(days=1)


class Mornings(Office):
    """An office whose colleagues get digests, and nothing else."""

    def digests(self, at: datetime) -> list[OutboundEmail]:
        self.clock.move_to(at)
        before = len(self.channel.sent)
        with self.database.transaction() as session:
            send_digests(session, self.library, LINKS, now=at)
        deliver_notices(self.database, self.library, self.channel, self.calls, self.clock)
        return self.channel.sent[before:]

    def send_approved(self, count: int, channel: EmailChannel | None = None) -> None:
        """Mails to the customer that the CSM approves, and that go."""
        for visit in range(1, count + 1):
            approval = propose(self.database, self.cast, visit=visit)
            with self.database.transaction() as session:
                desk.approve(session, self.library, approval, links=LINKS, by=self.cast.csm, now=MONDAY)
        deliver(self.database, self.library, channel or RecordingChannel(), LINKS, self.clock)

    def today(self, staff_id: int, now: datetime = MORNING) -> Today:
        with self.database.reading() as session:
            return today_of(session, self.library, person(session, staff_id), links=LINKS, now=now)

    def raise_task(self, key: str, due_at: datetime, **said: Any) -> None:
        with self.database.transaction() as session:
            title = {"ja": f"タスク{key}", "en": f"Task {key}"}
            task = NewTask(key=key, account_id=self.cast.account_id, title=title, reason="step", due_at=due_at, **said)
            raise_tasks(session, [task], now=MONDAY)


@pytest.fixture
def office(database: Database) -> Mornings:
    """An office on Monday at ten, where everybody's next digest is reckoned."""
    office = Mornings(database)
    assert office.digests(MONDAY) == []
    return office


def test_it_comes_in_the_morning_to_whoever_there_is_something_to_say_to(office: Mornings) -> None:
    propose(office.database, office.cast)
    assert office.digests(MORNING - timedelta(minutes=1)) == []
    (mail,) = office.digests(MORNING)
    assert office.digests(MORNING + timedelta(minutes=1)) == []

    assert (mail.to_address, mail.subject) == ("sato@sample.example", "【本日のまとめ】承認待ち1件")
    assert "/decide/" in mail.text and "/console/approvals" in mail.text
    assert [one.to_address for one in office.digests(MORNING + DAY)] == ["sato@sample.example"]


def test_not_on_a_holiday_nor_late_in_the_day_nor_to_who_wants_none(office: Mornings) -> None:
    propose(office.database, office.cast)
    office.digests(MORNING + 3 * DAY)  # Friday; then comes a weekend and Labour Thanksgiving Day
    assert office.digests(MORNING + 4 * DAY) == [] and office.digests(MORNING + 6 * DAY) == []
    assert office.digests(MORNING + 7 * DAY + timedelta(hours=5)) == []  # nobody was there to write it in the morning
    office.reach(office.cast.csm, digest_at=None)
    assert office.digests(MORNING + 8 * DAY) == []
    with office.database.reading() as session:
        assert session.get_one(Reach, office.cast.csm).digest_due_at is None


def test_everybodys_morning_is_their_own(office: Mornings) -> None:
    propose(office.database, office.cast)
    office.reach(office.cast.csm, time_zone="Europe/London", digest_at="07:00", locale="en")
    assert office.digests(MONDAY) == [] and office.digests(MORNING) == []
    (mail,) = office.digests(MONDAY + timedelta(hours=30))  # seven o'clock in London

    assert mail.subject == "Your day: 1 to decide"


def test_a_stand_in_reads_what_is_for_who_is_away(office: Mornings) -> None:
    propose(office.database, office.cast)
    office.raise_task("late", MONDAY)
    office.reach(office.cast.csm, stand_in_id=office.cast.other_csm)
    office.away(office.cast.csm)
    office.digests(MONDAY)
    (mail,) = office.digests(MORNING)

    assert mail.to_address == "ito@sample.example" and "代理: Sato" in mail.text
    assert mail.subject == "【本日のまとめ】承認待ち1件、要対応1件"


def test_what_is_due_comes_first_and_what_is_not_due_today_not_at_all(office: Mornings) -> None:
    office.raise_task("tonight", MORNING + timedelta(hours=9))
    office.raise_task("late", MONDAY)
    office.raise_task("tomorrow", MORNING + timedelta(hours=20))
    office.raise_task("another's", MONDAY, staff_id=office.cast.leader)
    today = office.today(office.cast.csm)

    assert [task.title["en"] for task in today.tasks] == ["Task late", "Task tonight"]
    assert today.tasks[0].is_late and not today.tasks[1].is_late


def test_it_tells_what_went_out_to_ones_accounts_and_who_answered_since_the_last_open_day(office: Mornings) -> None:
    office.send_approved(2)
    with office.database.transaction() as session:
        said = {"received_at": MONDAY, "account_id": office.cast.account_id, "contact_id": office.cast.aiko}
        events = [
            NewEvent(key=f"{name}-{at}", name=name, occurred_at=at, **said)
            for name in ("replied", "answered", "product.opened")
            for at in (MONDAY, MONDAY - 3 * DAY)
        ]
        record(session, events)
    today = office.today(office.cast.csm)

    assert (today.sent_count, [(one.account, one.playbooks) for one in today.sent]) == (
        2, [("株式会社青葉", [({"ja": "first-use", "en": "first-use"}, 2)])],
    )  # fmt: skip
    assert {(one.what, one.contact) for one in today.replies} == {("replied", "山田 愛子"), ("answered", "山田 愛子")}
    assert len(today.replies) == 2
    assert office.today(office.cast.other_csm).is_empty
    assert office.today(office.cast.csm, MORNING + DAY).is_empty  # that was the day before yesterday


def test_administrators_hear_of_doubts(office: Mornings) -> None:
    office.send_approved(1, RecordingChannel(lambda _mail: Unknown("no answer")))
    with office.database.transaction() as session:
        session.get_one(StaffMember, office.cast.leader).role = "admin"
    (mail,) = office.digests(MORNING)

    assert (mail.to_address, mail.subject) == ("mori@sample.example", "【本日のまとめ】要確認1件")
    assert "届いたか分からないメッセージが1件" in mail.text
