"""What was answered, as facts of the customer and counted for people."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import select

from engage.cli.main import engage
from engage.customers.facts import Subject
from engage.customers.tables import Account, Contract
from engage.db.session import Database
from engage.events.tables import Event
from engage.journeys.knowing import know
from engage.messages.answering import answer
from engage.releases.library import Library
from engage.testing import MONDAY
from tests.support.asking import QUESTION, Asking, ask

LATER = MONDAY + timedelta(days=200)


def reply(asking: Asking, choice: str, **said: str) -> None:
    with asking.database.transaction() as session:
        signed, form = (asking.message_id, QUESTION, choice), {"choice": choice, **said}
        answer(session, Library(), signed, form, now=MONDAY)


def facts(database: Database, kind: str, *, now: object = MONDAY) -> dict[str, object] | None:
    with database.reading() as session:
        account, contract = session.scalars(select(Account.id)).one(), session.scalars(select(Contract.id)).one()
        subject = Subject(kind, contract if kind == "contract" else account, account, None, contract)
        return know(session, Library(), [subject], now=now)[subject].get("answers")  # type: ignore[arg-type]


def test_the_newest_answer_is_a_fact_of_the_contract_and_of_the_account(database: Database, tmp_path: Path) -> None:
    asking = ask(database, tmp_path)
    assert facts(database, "contract") is None
    reply(asking, "going_on")
    reply(asking, "deciding", **{"date.deciding": "2027-01-15"})
    expected = {QUESTION: "deciding", f"{QUESTION}_date": date(2027, 1, 15), f"{QUESTION}_at": MONDAY}

    assert facts(database, "contract") == facts(database, "account") == expected


def test_an_answer_counts_for_its_time_and_for_the_term_in_which_it_was_given(
    database: Database, tmp_path: Path
) -> None:
    reply(ask(database, tmp_path), "going_on")
    assert facts(database, "account", now=LATER) == {}
    with database.transaction() as session:
        session.scalars(select(Contract)).one().starts_on = MONDAY.date() + timedelta(days=30)

    assert facts(database, "contract", now=MONDAY + timedelta(days=29)) != {}
    assert facts(database, "contract", now=MONDAY + timedelta(days=31)) == {}
    assert facts(database, "account", now=MONDAY + timedelta(days=31)) != {}


def test_results_are_counted_with_the_newest_answer_of_each_and_can_be_read_by_scripts(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    asking = ask(database, tmp_path)
    reply(asking, "going_on")
    reply(asking, "want_to_talk")
    command = CliRunner(
        env={"ENGAGE_HOME": str(tmp_path), "ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"}
    )
    (found,) = json.loads(command.invoke(engage, ["surveys", "results", QUESTION, "--json"]).output)
    shown = command.invoke(engage, ["surveys", "results", "--locale", "en"]).output

    assert (found["question"], found["answered"], found["answers"]) == (QUESTION, 1, 2)
    assert {one["choice"]: one["count"] for one in found["choices"]} == {
        "going_on": 0,
        "deciding": 0,
        "want_to_talk": 1,
        "not_going_on": 0,
    }
    assert "We want to talk" in shown and "100%" in shown and "█" * 24 in shown
    assert "earlier answers replaced: 1" in shown
    late = command.invoke(engage, ["surveys", "results", QUESTION, "--since", "2027-01-01", "--json"]).output
    assert json.loads(late)[0]["answered"] == 0
    assert command.invoke(engage, ["surveys", "results", "csat"]).exit_code == 1


def test_a_number_is_a_score_and_a_yes_to_a_topic_is_told_as_consent(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    asking = ask(database, tmp_path)
    for _ in range(2):  # sent again, it is the same answer
        for question, choice in (("nps", "9"), ("advocacy_permission", "may_ask")):
            with database.transaction() as session:
                answer(session, Library(), (asking.message_id, question, choice), {"choice": choice}, now=MONDAY)
    with database.reading() as session:
        told = session.execute(select(Event.name, Event.properties).order_by(Event.id)).all()
    command = CliRunner(
        env={"ENGAGE_HOME": str(tmp_path), "ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"}
    )
    (nps,) = json.loads(command.invoke(engage, ["surveys", "results", "nps", "--json"]).output)
    shown = command.invoke(engage, ["surveys", "results", "nps", "--locale", "ja"]).output
    score, permission, consent = [{"name": name} | dict(said) for name, said in told]

    assert (facts(database, "account") or {})["nps_score"] == 9
    assert (nps["net_promoters"]["promoters"], nps["net_promoters"]["score"], "NPS +100" in shown) == (1, 100.0, True)
    assert (score["name"], score["score"], "score" in permission) == ("answered", 9, False)
    assert (consent["name"], consent["topic"], consent["basis"]) == ("consent.granted", "advocacy", "consent")
