from __future__ import annotations

from pathlib import Path

import pytest

from engage.cli.explain import lines_of
from engage.db.session import Database
from engage.errors import NotFoundError
from engage.journeys.explain import explain_account
from engage.messages.tables import Suppression
from engage.testing import make_contact
from tests.integration.journeys.stage import MONDAY, Stage, tale

INSIDE = tale("inside", head='audience: account.phase == "onboarding"\n')
OUTSIDE = tale("outside", head='audience: account.phase == "churned" and account.touch_model == "tech"\n')


def test_what_was_decided_is_read_with_the_inputs_of_that_time(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, INSIDE)
    stage.say("product.opened")
    stage.run()
    stage.set(stage.account, phase="churned")
    stage.run(days=1)

    (run,) = stage.explain()["runs"]
    entered, ordered = run["decisions"]
    assert entered["inputs"] == {"account.phase": "onboarding"}
    assert entered["at"] == MONDAY
    (message,) = ordered["messages"]
    assert message["to"] == "ann@customer.example"
    assert message["gate"][0]["verdict"] in {"allow", "hold"}


def test_a_playbook_that_was_not_entered_shows_each_clause_as_of_now(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, OUTSIDE)
    stage.say("product.opened")

    (playbook,) = stage.explain()["not_entered"]
    (subject,) = playbook["subjects"]
    assert playbook["as_of"] == MONDAY
    assert playbook["trigger"] == "event product.opened"
    assert [(clause["holds"], clause["inputs"]) for clause in subject["clauses"]] == [
        (False, {"account.phase": "onboarding"}),
        (True, {"account.touch_model": "tech"}),
    ]


def test_the_explanation_reads_as_text(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, INSIDE, OUTSIDE)
    stage.say("product.opened")
    stage.run()
    text = "\n".join(lines_of(stage.explain()))

    assert "inside v1  account Acme  done (completed)" in text
    assert 'account.phase = "onboarding"' in text
    assert "outside v1  not entered" in text
    assert "as of now" in text


def test_a_copy_that_was_left_out_is_told_with_its_reason(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale("inside", head="cc: [partner, billing]\n"))
    with database.transaction() as session:
        for role in ("partner", "billing"):
            make_contact(session, stage.account, role, roles=(role,))
        gone = {"address_key": "partner@customer.example", "topic": "*"}
        session.add(Suppression(**gone, reason="complained", source="test", at=MONDAY))
    stage.say("product.opened")
    stage.run()
    text = "\n".join(lines_of(stage.explain()))

    assert "copy to partner: left out: the address gets no mail at all" in text
    assert "copy to billing: allow" in text


def test_a_skipped_occurrence_tells_its_reason(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head="trigger: {date: contract.starts_on}\n"))
    stage.set(stage.contract, starts_on=MONDAY.date().replace(day=2))
    stage.run()

    (run,) = stage.explain()["runs"]
    assert (run["state"], run["reason"]) == ("skipped", "too_late")
    assert run["decisions"][0]["detail"]["skipped"] == "too_late"


def test_an_unknown_account_is_an_error_with_a_way_out(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path)
    with pytest.raises(NotFoundError), database.reading() as session:
        explain_account(session, stage.library, "nobody", now=stage.now)
