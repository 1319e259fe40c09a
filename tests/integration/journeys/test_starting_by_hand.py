"""A colleague starts a playbook: refused where it would not enter, else once, as an event."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.db.session import Database
from engage.errors import EngageError
from engage.journeys.starting_by_hand import Wish, start_by_hand
from engage.journeys.tables import Enrolment
from engage.staff.tables import AuditEntry
from tests.integration.journeys.stage import Stage, tale

STEPS = "- wait: 1 day"


def start(stage: Stage, **wish: str) -> str:
    with stage.database.transaction() as session:
        chosen = Wish(**{"playbook": "tale", "account": "acme", "by": "cli:me", **wish})
        return start_by_hand(session, stage.library, chosen, now=stage.now)


def manual(head: str = "", **more: str) -> str:
    return tale(head="trigger: manual\n" + head, steps=STEPS, **more)


def test_a_customer_enters_when_a_colleague_says_so(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, manual(), manual(key="other"))
    assert start(stage, reason="asked on the phone") == "Acme"
    stage.run()
    stage.run(hours=1)

    assert stage.runs() == [("tale", "running", "wait")]
    (trigger,) = stage.rows(Enrolment, Enrolment.trigger)
    assert trigger["event"]["properties"] == {"playbook": "tale", "by": "cli:me", "reason": "asked on the phone"}
    assert "playbooks.start" in stage.rows(AuditEntry, AuditEntry.action)


@pytest.mark.parametrize(
    ("subject", "wish", "kind"),
    [("contact", {"contact": "ann"}, "contact"), ("contract", {"contract": "c-1"}, "contract")],
)
def test_a_contact_or_a_contract_is_named(
    database: Database, tmp_path: Path, subject: str, wish: dict[str, str], kind: str
) -> None:
    stage = Stage(database, tmp_path, manual(subject=subject))
    with pytest.raises(EngageError, match="say which"):
        start(stage)
    start(stage, **wish)
    stage.run()

    assert stage.rows(Enrolment, Enrolment.subject_kind) == [kind]


@pytest.mark.parametrize(
    ("head", "wish", "said"),
    [
        ("", {"playbook": "tael"}, "did you mean tale"),
        ("", {"account": "nobody"}, "nobody: there is no such account"),
        ("trigger: {event: box.ticked}\n", {}, "starts by itself"),
        ('audience: account.phase == "churned"\n', {}, "account.phase =="),
    ],
)
def test_what_would_not_enter_is_refused(
    database: Database, tmp_path: Path, head: str, wish: dict[str, str], said: str
) -> None:
    text = tale(head=head, steps=STEPS) if "trigger" in head else manual(head)
    stage = Stage(database, tmp_path, text)
    with pytest.raises(EngageError, match=said):
        start(stage, **wish)
    stage.run()

    assert stage.runs() == []


def test_nobody_is_started_twice(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, manual("reentry: once\n"))
    start(stage)
    start(stage)  # before the first has been digested
    stage.run()
    with pytest.raises(EngageError, match="running"):
        start(stage)
    stage.run(days=2)
    with pytest.raises(EngageError, match="runs once"):
        start(stage)

    assert len(stage.runs()) == 1
