"""A broadcast: everybody in the audience at its moment, on their own clock, once; rows where it came too late."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from engage.customers.tables import Account
from engage.db.session import Database
from engage.errors import PlaybookError
from engage.journeys.tables import Enrolment, StepRun
from engage.messages.rechecking import recheck_held
from engage.messages.tables import Approval, Message
from engage.testing import make_account, make_contact
from tests.integration.journeys.stage import MONDAY, Stage, tale

ONCE = 'trigger: {{once: {moment}}}\naudience: account.phase == "onboarding"\n'


def broadcast(moment: str) -> str:
    return tale(head=ONCE.format(moment=moment)).replace("[champion, contact]", "[champion]")


@pytest.fixture
def stage(database: Database, tmp_path: Path) -> Stage:
    """It is Monday, 10:00 in Tokyo and the evening before in New York."""
    stage = Stage(database, tmp_path, broadcast("2026-11-16 15:00"))
    with database.transaction() as session:
        for name, said in {
            "york": {"time_zone": "America/New_York"},
            "nowhere": {"time_zone": None},
            "left": {"phase": "churned"},
            "trial": {"is_test": True},
        }.items():
            account = make_account(session, name, **{"phase": "onboarding", "country": "JP", **said})
            make_contact(session, account, f"ann-{name}")
    return stage


def entered(stage: Stage) -> list[tuple[int, str, str]]:
    return [tuple(row) for row in stage.rows(Enrolment, Enrolment.account_id, Enrolment.occurrence, Enrolment.state)]


def test_everybody_enters_once_when_their_own_clock_shows_the_moment(stage: Stage) -> None:
    assert MONDAY.isoformat() == "2026-11-16T01:00:00+00:00"
    stage.run(hours=4.9)
    assert entered(stage) == []

    stage.run(hours=0.2)
    first = [account for account, _, _ in entered(stage)]
    assert len(first) == 2 and stage.account.id in first

    with stage.database.transaction() as session:
        make_contact(session, make_account(session, "late", phase="onboarding"), "ann-late")
    stage.run(hours=10)
    assert len(entered(stage)) == 2
    stage.run(hours=5)
    assert [one[1:] for one in entered(stage)] == [("once:2026-11-16 15:00", "done")] * 3
    assert len(stage.rows(Message)) == 3

    stage.run(days=10)
    assert len(entered(stage)) == 3


def test_a_moment_slept_through_is_a_row_and_may_be_set_anew(stage: Stage) -> None:
    stage.run(days=5)
    assert {one[1:] for one in entered(stage)} == {("once:2026-11-16 15:00", "skipped")}
    assert stage.rows(StepRun, StepRun.detail)[0]["skipped"] == "too_late"
    assert stage.rows(Message) == []

    stage.publish(broadcast("2026-11-24 10:00 Asia/Tokyo"))
    stage.run(days=3, hours=1)
    assert [one[2] for one in entered(stage) if one[1].startswith("once:2026-11-24")] == ["done"] * 3

    stage.publish(broadcast("2026-12-01 10:00 Asia/Tokyo"))
    stage.run(days=9)
    assert len(stage.rows(Message)) == 3  # nobody gets it twice


def test_a_moment_that_has_passed_is_refused_unless_it_is_live_already(stage: Stage) -> None:
    stage.clock.move(timedelta(hours=6))
    with pytest.raises(PlaybookError) as refused:
        stage.publish(broadcast("2026-11-16 15:30"))
    (problem,) = refused.value.problems
    assert (problem.code, problem.line) == ("moment-passed", 8)

    stage.publish(broadcast("2026-11-16 15:00") + "# a word was mended\n")


AHEAD = "{{once: {moment}, ask_ahead: true}}"
MODELS = "high: {approve: always, by: csm, within: 2 business days}\ntech: {approve: never}\n"


def drafts(stage: Stage) -> list[tuple[str, datetime | None]]:
    return [tuple(row) for row in stage.rows(Message, Message.state, Message.due_at)]


def test_colleagues_are_asked_ahead_and_nothing_leaves_before(database: Database, tmp_path: Path) -> None:
    """The moment is Friday; two open days before, only those are drafted about whom somebody is asked."""
    stage = Stage(database, tmp_path)
    stage.write("playbooks/_shared/touch_models.yaml", MODELS)
    with database.transaction() as session:
        high = make_account(session, "high", phase="onboarding", country="JP", touch_model="high").id
        make_contact(session, session.get_one(Account, high), "ann-high")
    stage.publish(
        broadcast("2026-11-20 10:00").replace("{once: 2026-11-20 10:00}", AHEAD.format(moment="2026-11-20 10:00"))
    )
    friday = MONDAY + timedelta(days=4)

    stage.run(days=1.9)
    assert entered(stage) == []
    stage.run(days=0.2)
    assert [account for account, _, _ in entered(stage)] == [high]
    ((state, due_at),) = drafts(stage)
    assert state == "proposed" and due_at is not None and friday <= due_at < friday + timedelta(hours=8)

    with (
        database.transaction() as session
    ):  # a gate or a missing fact held it meanwhile: it still does not leave before
        session.execute(update(Message).values(state="held", due_at=stage.now))
        session.execute(delete(Approval))
        recheck_held(session, stage.library, now=stage.now)
    assert drafts(stage) == [("proposed", due_at)]

    stage.run(days=2)
    assert {account for account, _, _ in entered(stage)} == {high, stage.account.id}


def test_who_was_asked_about_ahead_begins_anew_when_the_moment_is_moved(database: Database, tmp_path: Path) -> None:
    first, later = (AHEAD.format(moment=one) for one in ("2026-11-18 10:00", "2026-11-25 10:00"))
    stage = Stage(database, tmp_path)
    stage.write("playbooks/_shared/touch_models.yaml", MODELS)
    stage.set(stage.account, touch_model="high")
    base = broadcast("2026-11-18 10:00")
    stage.publish(base.replace("{once: 2026-11-18 10:00}", first))
    stage.run(hours=1)
    assert [state for state, _ in drafts(stage)] == ["proposed"]

    stage.publish(base.replace("{once: 2026-11-18 10:00}", later))
    stage.run(hours=1)
    assert [state for state, _ in drafts(stage)] == ["cancelled"]
    stage.run(days=7)
    (_, old, _), (_, new, _) = entered(stage)
    assert (old, new) == ("once:2026-11-18 10:00", "once:2026-11-25 10:00")
    assert [state for state, _ in drafts(stage)] == ["cancelled", "proposed"]
