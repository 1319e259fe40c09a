"""`plan`, `apply --plan` and `rollback`: who is touched by a change is known before it is published."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engage.cli.playbooks import playbooks
from engage.customers.tables import Contract
from engage.db.session import Database
from engage.errors import ConflictError, InputError
from engage.messages.tables import Suppression
from engage.releases.tables import Release
from engage.testing import make_account, make_contact, make_contract
from tests.integration.journeys.stage import Stage, tale

EARLY = "trigger: {date: contract.ends_on, offset: -40 days}\n"
LATE = "trigger: {date: contract.ends_on, offset: -35 days}\n"

SOON = ("--days", "13")


class Team(Stage):
    """A customer, a playbook that will greet it, and the command line over both."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder / "team", tale(subject="contract", head=EARLY))
        with database.transaction() as session:
            session.get_one(Contract, self.contract.id).ends_on = date(2026, 12, 31)
        self.folder, self.home = folder, folder / "home"
        self.home.mkdir()
        self.environment = {
            "ENGAGE_HOME": str(self.home),
            "ENGAGE_DATABASE_URL": database.url,
            "ENGAGE_REDIS_URL": "off",
            "ENGAGE_PLAYBOOKS": str(folder / "team" / "playbooks"),
            "ENGAGE_TEMPLATES": str(folder / "team" / "email_templates"),
            "ENGAGE_ASK_ABOVE": "0",
        }

    def command(self, *words: str) -> Result:
        """One command, at the time of the stage."""
        self.set_clock()
        return CliRunner(env=self.environment).invoke(playbooks, words)

    def set_clock(self) -> None:
        """Commands that start now start at the time of the stage."""
        ahead = (self.now - datetime.now(UTC)).total_seconds()
        (self.home / "clock").write_text(f"{ahead}\n", encoding="ascii")

    def told(self, *words: str) -> Any:
        """What a command says as JSON."""
        return json.loads(self.command(*words, "--json").stdout)

    def refused(self, *words: str) -> str:
        """Why a command refused."""
        error = self.command(*words).exception
        assert isinstance(error, ConflictError)
        return error.code

    def read(self, name: str) -> str:
        """One of its files."""
        return (self.folder / "team" / name).read_text(encoding="utf-8")

    def edit(self, head: str) -> None:
        """Writes the playbook with another head."""
        self.write("playbooks/tale.yaml", tale(subject="contract", head=head))


@pytest.fixture
def team(database: Database, tmp_path: Path) -> Team:
    return Team(database, tmp_path)


def test_a_plan_names_the_customers_whom_a_change_touches(team: Team) -> None:
    assert team.told("plan", *SOON)["touched"] == {}
    team.edit(LATE)

    found = team.told("plan", *SOON, "--locale", "en")

    assert [(key, one["name"]) for key, one in found["touched"].items()] == [("acme", "Acme")]
    (moved,) = found["retimed"]  # the 21st is a Saturday, the 23rd a holiday
    assert (moved["before"]["at"][:10], moved["after"]["at"][:10]) == ("2026-11-23", "2026-11-25")
    (mail,) = found["told"]["moved"]
    assert mail["after"]["what"] == "greeting/hello" and mail["after"]["at"] > mail["before"]["at"]
    assert [(day["email"], day["messages_before"]) for day in found["days"].values()] == [(0, 1), (1, 0)]
    assert found["csms"] == {"sato@engage.example": {"email": 1, "in_app": 0, "tasks": 0}}
    shown = team.command("plan", *SOON, "--locale", "en").output
    assert "1 customers would notice a difference" in shown and "2026-11-26 Thu" in shown and "█" in shown


def test_a_plan_tells_who_enters_who_no_longer_does_and_what_stands_against_it(team: Team) -> None:
    team.edit(EARLY + "audience: account.plan is set\n")
    with team.database.transaction() as session:
        session.add(Suppression(address_key=team.ann.address_key, topic="*", reason="by_hand", source="t", at=team.now))
        gold = make_account(session, "gold", traits={"plan": "gold"})
        make_contact(session, gold, "gil")
        make_contract(session, gold, "c-2", state="active", ends_on=date(2027, 1, 5))

    found = team.told("plan", *SOON)

    assert [one["account"] for one in found["leaves"]] == ["acme"] and found["enters"] == []
    assert [one["account"] for one in found["mailed"]] == ["gold"]
    team.edit(EARLY)
    assert [(one["account"], one["policy"]) for one in team.told("plan", *SOON)["held"]] == [("acme", "suppression")]


def test_a_plan_says_whom_a_new_text_could_reach(team: Team) -> None:
    team.publish(tale(subject="contract", head=EARLY, steps="- wait: 90 days\n- email: greeting/hello"))
    team.run(days=8)
    assert [state for _, state, _ in team.runs()] == ["running"]
    for language in ("ja", "en"):
        team.write(f"email_templates/greeting/hello/{language}/subject.txt", "Better\n")
    assert team.told("plan", *SOON)["texts_reach"] == {"tale": 1}
    team.edit(LATE)
    assert team.told("plan", *SOON)["texts_reach"] == {}


def test_a_plan_that_is_no_longer_true_is_refused(team: Team, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    team.edit(LATE)
    team.command("plan", *SOON, "--out", file)
    assert team.refused("apply", "--plan", file) == "needs_yes"
    team.edit(EARLY + "audience: account.plan is set\n")
    assert team.refused("apply", "--plan", file, "--yes") == "plan_files"
    team.edit(LATE)
    with team.database.transaction() as session:
        for number in range(4):
            account = make_account(session, f"new-{number}")
            make_contract(session, account, f"n-{number}", state="active", ends_on=date(2026, 12, 31))
    assert team.refused("apply", "--plan", file, "--yes") == "plan_people"

    team.command("plan", *SOON, "--out", file)
    assert "Release 2 is live" in team.command("apply", "--plan", file, "--yes").output
    assert team.refused("apply", "--plan", file, "--yes") == "plan_release"


def test_an_earlier_release_goes_live_again_as_a_new_one(team: Team) -> None:
    team.edit(LATE)
    assert team.refused("apply") == "needs_yes"
    team.command("apply", "--yes")
    assert [one["what"] for one in team.told("plan", *SOON, "--rollback", "1")["changes"]] == ["changed"]
    assert team.refused("rollback") == "needs_yes"

    assert team.told("rollback", "--yes")["release"] == 3

    with team.database.reading() as session:
        first, third = session.get_one(Release, 1), session.get_one(Release, 3)
    assert (third.playbooks, third.vocabulary, third.note) == (first.playbooks, first.vocabulary, "as release 1")
    assert isinstance(team.command("rollback", "1", "--yes").exception, InputError)


def test_a_plan_shows_who_wins_where_the_budget_is_short(team: Team) -> None:
    team.write("playbooks/_shared/budgets.yaml", "account: {at_most: 1, within: 7 days}\n")
    twin = tale("twin", subject="contract", head=EARLY + "priority: high\n").replace(
        "greeting/hello", "greeting/second"
    )
    team.write("playbooks/twin.yaml", twin)
    for name in (
        "meta.yaml",
        *(f"{locale}/{part}" for locale in ("ja", "en") for part in ("subject.txt", "body.mjml")),
    ):
        team.write(f"email_templates/greeting/second/{name}", team.read(f"email_templates/greeting/hello/{name}"))

    found = team.told("plan", "--days", "20")

    (lost,) = found["held"]
    assert (lost["playbook"], lost["policy"], lost["reason"]) == ("tale", "touch_budget", "budget_used_up: account")
    days = [day for day, load in found["days"].items() if load["email"]]
    assert [load["email"] for load in found["days"].values() if load["email"]] == [1, 1]
    assert (date.fromisoformat(days[1]) - date.fromisoformat(days[0])).days >= 7
