"""`engage users`: colleagues who log in, and who sign."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from engage.cli.main import engage
from engage.db.session import Database
from engage.staff import sessions, throttling
from engage.staff.people import check_password
from engage.staff.tables import ConsoleSession, StaffMember
from engage.testing import MONDAY


@pytest.fixture
def command(database_url: str, tmp_path: Path) -> CliRunner:
    return CliRunner(env={"ENGAGE_HOME": str(tmp_path), "ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"})


ADD = ["users", "add", "sato@engage.example", "--family-name", "佐藤", "--position", "csm", "--password", "-"]


def test_an_added_colleague_can_log_in(command: CliRunner, database: Database) -> None:
    done = command.invoke(engage, ADD, input="a short sentence\n")
    assert done.exit_code == 0, done.output
    with database.reading() as session:
        assert check_password(session, "sato@engage.example", "a short sentence")


def test_a_colleague_signs_in_the_language_of_the_reader(command: CliRunner, database: Database) -> None:
    command.invoke(engage, ADD, input="a short sentence\n")
    said = ["--names-en", "Hanako Sato", "--title-ja", "担当", "--title-en", "CSM", "--phone", "03-0000-0000"]
    assert command.invoke(engage, ["users", "sign", "sato@engage.example", *said]).exit_code == 0
    with database.reading() as session:
        (member,) = session.scalars(select(StaffMember))
        assert (member.title, member.names, member.phone) == (
            {"ja": "担当", "en": "CSM"},
            {"en": "Hanako Sato"},
            "03-0000-0000",
        )


def test_the_list_tells_everybody(command: CliRunner) -> None:
    command.invoke(engage, ADD, input="a short sentence\n")
    done = command.invoke(engage, ["users", "list", "--json"])
    assert json.loads(done.output) == [
        {"email": "sato@engage.example", "role": "csm", "position": "csm", "active": True}
    ]


def test_a_new_password_works_at_once_and_ends_every_session(command: CliRunner, database: Database) -> None:
    command.invoke(engage, ADD, input="a short sentence\n")
    with database.transaction() as session:
        (member,) = session.scalars(select(StaffMember))
        sessions.log_in(session, member.id, old_token=None, now=MONDAY)
        for _ in range(9):
            throttling.count_try(session, member.email, "192.0.2.1", now=MONDAY)
    given = ["users", "password", "sato@engage.example", "--password", "-"]
    done = command.invoke(engage, given, input="another sentence\n")

    assert done.exit_code == 0, done.output
    with database.transaction() as session:
        assert check_password(session, "sato@engage.example", "another sentence")
        assert session.scalars(select(ConsoleSession)).all() == []
        assert throttling.count_try(session, "sato@engage.example", "192.0.2.2", now=MONDAY) is None


def test_nobody_gets_a_password_by_a_slip_of_the_pen(command: CliRunner) -> None:
    done = command.invoke(
        engage, ["users", "password", "saito@engage.example", "--password", "-"], input="a sentence\n"
    )
    assert done.exit_code == 1


def test_how_a_colleague_is_reached_is_set_and_shown(command: CliRunner) -> None:
    command.invoke(engage, ADD, input="a short sentence\n")
    other = [*ADD, "--password", "another sentence"]
    command.invoke(engage, [word.replace("sato@", "ito@") for word in other])
    said = [
        "--locale", "en", "--hours", "08:00-16:30", "--country", "gb", "--digest", "off", "--tell", "all=none",
        "--tell", "approval_asked=both", "--slack", "cs", "--slack-own", "--stand-in", "ito@engage.example",
    ]  # fmt: skip
    env = {"ENGAGE_SLACK": "cs=https://hooks.slack.example/1"}
    done = command.invoke(engage, ["users", "set", "sato@engage.example", *said], env=env)
    assert done.exit_code == 0, done.output
    away = ["users", "away", "sato@engage.example", "--from", "2999-12-28", "--until", "2999-12-30"]
    assert "ito@engage.example stands in" in command.invoke(engage, away).output
    shown = json.loads(command.invoke(engage, ["users", "show", "sato@engage.example", "--json"]).output)

    assert shown["tell"]["approval_asked"] == "both" and shown["tell"]["task_raised"] == "none"
    assert shown | {"tell": None} == {
        "email": "sato@engage.example", "active": True, "locale": "en", "time_zone": "Asia/Tokyo", "country": "GB",
        "hours": "08:00-16:30", "tell": None, "slack": "cs (own)", "digest": "off", "stand_in": "ito@engage.example",
        "away": ["2999-12-28 to 2999-12-30 (number 1)"],
    }  # fmt: skip
    forgotten = command.invoke(engage, ["users", "away", "sato@engage.example", "--forget", "1"])
    assert forgotten.output == "sato@engage.example is there on these days after all.\n"
    assert "away         \n" in command.invoke(engage, ["users", "show", "sato@engage.example"]).output


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (["--tell", "gossip=mail"], "approval_asked"),
        (["--slack", "nowhere"], "ENGAGE_SLACK has no such name"),
        (["--hours", "9-5"], "write it like 09:00"),
        (["--stand-in", "sato@engage.example"], "somebody else"),
        (["--stand-in", "who@engage.example"], "no such colleague"),
    ],
)
def test_what_cannot_be_said_of_a_colleague_is_refused(command: CliRunner, said: list[str], words: str) -> None:
    command.invoke(engage, ADD, input="a short sentence\n")
    done = command.invoke(engage, ["users", "set", "sato@engage.example", *said])

    assert done.exit_code != 0 and words in f"{done.output}{done.exception}"


def test_who_has_left_is_not_here_until_they_return(command: CliRunner, database: Database) -> None:
    command.invoke(engage, ADD, input="a short sentence\n")
    for option, is_active in (("--inactive", False), ("--active", True)):
        assert command.invoke(engage, ["users", "set", "sato@engage.example", option]).exit_code == 0
        with database.reading() as session:
            assert session.scalars(select(StaffMember.is_active)).one() is is_active
