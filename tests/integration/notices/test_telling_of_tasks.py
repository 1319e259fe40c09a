"""Colleagues hear of the tasks that are theirs: when one is raised, and when it is overdue; a burst is one letter."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from engage.channels.base import Rejected
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.staff.tables import StaffMember
from engage.tasks.raising import NewTask, finish_task, raise_tasks
from engage.tasks.tables import Task
from engage.testing import MONDAY
from tests.integration.messages.office import AT_ONCE, Office
from tests.integration.messages.scene import days

TITLE = {"ja": "お客様に電話する", "en": "Call the customer"}


def raise_some(office: Office, count: int = 1, **said: object) -> None:
    with office.database.transaction() as session:
        usual = {"account_id": office.cast.account_id, "title": TITLE, "reason": "step", "due_at": MONDAY + days(1)}
        tasks = [NewTask(key=f"t-{number}", **(usual | said)) for number in range(count)]  # type: ignore[arg-type]
        raise_tasks(session, tasks, now=office.clock.now())


def test_the_owner_hears_of_a_task_and_later_that_it_is_overdue(database: Database) -> None:
    office = Office(database)
    raise_some(office)
    with database.transaction() as session:
        session.get_one(StaffMember, office.cast.csm).locale = "en"

    assert office.tell() == []
    (raised,) = office.tell(MONDAY + AT_ONCE)
    assert (raised.subject, raised.to_address) == ("New task: Call the customer / 株式会社青葉", "sato@sample.example")
    (late,) = office.tell(MONDAY + days(1))
    assert late.subject.startswith("Overdue: ") and "(overdue)" in late.text
    assert office.tell(MONDAY + days(5)) == []


def test_a_task_that_is_done_is_not_told(database: Database) -> None:
    office = Office(database)
    raise_some(office)
    with database.transaction() as session:
        task = session.scalars(select(Task)).one()
        finish_task(session, task.public_id, by="sato", outcome=None, now=MONDAY)

    assert office.tell(MONDAY + AT_ONCE) == [] and office.tell(MONDAY + days(1)) == []


def test_many_tasks_are_one_letter(database: Database) -> None:
    office = Office(database)
    raise_some(office, 40)
    (mail,) = office.tell(MONDAY + AT_ONCE)

    assert mail.subject == "【要対応タスク】40件" and "ほか35件" in mail.text


def test_what_is_nobodys_is_told_to_the_team(database: Database) -> None:
    office = Office(database)
    raise_some(office, role="sales")

    (mail,) = office.tell(MONDAY + AT_ONCE)
    assert (mail.to_address, "サポート窓口の皆さん" in mail.text) == ("team@sample.example", True)


def test_a_letter_that_cannot_be_delivered_makes_no_task_about_itself(database: Database) -> None:
    office = Office(database)
    office.channel = RecordingChannel(lambda _mail: Rejected("no such mailbox"))
    raise_some(office)
    office.tell(MONDAY + AT_ONCE)
    office.tell(MONDAY + timedelta(hours=1))

    assert [one.state for one in office.notices()] == ["rejected"]
    with database.reading() as session:
        assert len(session.scalars(select(Task)).all()) == 1
