"""`engage playbooks` as a person and a script use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engage.cli.playbooks import playbooks
from engage.db.session import Database
from engage.errors import NotFoundError
from engage.testing import make_account
from tests.support.workspaces import PLAYBOOK, Team


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path / "team")


@pytest.fixture
def environment(team: Team, database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "ENGAGE_HOME": str(tmp_path / "home"),
        "ENGAGE_DATABASE_URL": database_url,
        "ENGAGE_REDIS_URL": "off",
        "ENGAGE_PLAYBOOKS": str(team.root / "playbooks"),
        "ENGAGE_TEMPLATES": str(team.root / "email_templates"),
    }


def run(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner(env=environment).invoke(playbooks, arguments)


def told(environment: dict[str, str], *arguments: str) -> Any:
    return json.loads(run(environment, *arguments, "--json").stdout)


def test_apply_publishes_and_list_tells_it(environment: dict[str, str], team: Team) -> None:
    assert told(environment, "list") == []
    first = told(environment, "apply")
    assert first["new"] is True and first["playbooks"][0]["changed"] is True
    assert told(environment, "apply")["new"] is False
    assert "Nothing changed" in run(environment, "apply").output
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("3 days", "4 days"))
    assert "greeting  version 2  (new)" in run(environment, "apply").output
    (row,) = told(environment, "list")
    assert (row["playbook"], row["version"], row["title"]["en"]) == ("greeting", 2, "Greeting")
    assert "ごあいさつ" in run(environment, "list").output
    team.remove("playbooks/greeting.yaml")
    assert told(environment, "apply")["withdrawn"] == ["greeting"]


def test_apply_refuses_what_check_refuses(environment: dict[str, str], team: Team) -> None:
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("account.phase", "account.phse"))
    refused = run(environment, "apply")
    assert refused.exit_code == 1 and "playbooks/greeting.yaml:6:11: unknown-fact" in refused.output
    assert told(environment, "list") == []


def test_check_says_where_and_how_and_ends_with_1(environment: dict[str, str], team: Team) -> None:
    sound = run(environment, "check")
    assert (sound.exit_code, sound.output) == (0, "1 playbooks read: 0 errors, 0 warnings\n")
    team.write("playbooks/other.yaml", PLAYBOOK.replace("greeting\n", "other\n").replace("email:", "emial:"))
    broken = run(environment, "check")
    assert broken.exit_code == 1
    assert "playbooks/other.yaml:11:5: unknown-key: unknown key 'emial' (did you mean email?)" in broken.output
    assert run(environment, "check", "greeting").exit_code == 0
    assert told(environment, "check", "other")["problems"][0]["line"] == 11
    assert isinstance(run(environment, "check", "othr").exception, NotFoundError)
    away = {**environment, "ENGAGE_TEMPLATES": str(team.root / "away")}
    assert [one["code"] for one in told(away, "check", "greeting")["problems"]] == ["missing-folder"]


def test_a_warning_alone_is_no_refusal(environment: dict[str, str], team: Team) -> None:
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("to: champion", "to: champion\nfrom: csm"))
    warned = run(environment, "check")
    assert warned.exit_code == 0 and "warning: " in warned.output


def test_show_tells_the_file_and_the_live_version(environment: dict[str, str], team: Team) -> None:
    run(environment, "apply")
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("3 days", "4 days"))
    assert "4日待つ" in run(environment, "show", "greeting").output
    assert "Wait 3 days" in run(environment, "show", "greeting", "--live", "--locale", "en").output
    assert told(environment, "show", "greeting")["steps"][1]["wait"] == {"time": "4 days"}
    assert "did you mean greeting?" in str(run(environment, "show", "greting").exception)


def test_a_customer_is_put_in_by_hand(environment: dict[str, str], team: Team, database: Database) -> None:
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("{event: product.opened}", "manual"))
    told(environment, "apply")
    with database.transaction() as session:
        make_account(session, "acme", phase="adoption")
    assert (
        "Acme enters greeting as soon as a worker runs"
        in run(environment, "start", "greeting", "--account", "acme").output
    )
    said = told(environment, "start", "greeting", "--account", "acme")
    assert said == {"playbook": "greeting", "enters": "Acme", "is_paused": False}


def test_schema_prints_json(environment: dict[str, str]) -> None:
    assert json.loads(run(environment, "schema").output)["properties"]["steps"]
    assert json.loads(run(environment, "schema", "topics").output)
    assert run(environment, "schema", "nonsense").exit_code == 2
