"""A message that lacked a fact goes on by itself when it comes; else a person is asked, and nothing is sent empty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from engage.customers.tables import Account
from engage.db.session import Database
from engage.messages.drafting import draft
from engage.messages.rechecking import recheck_held
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.releases.tables import TemplateVersion
from engage.tasks.tables import Task
from engage.testing import MONDAY
from tests.integration.messages.scene import CSM_APPROVES, Cast, change, days, events, only_message, play


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
