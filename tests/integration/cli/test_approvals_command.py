"""`engage approvals`: read, approved and taken back from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engage.cli.approvals import approvals
from engage.db.session import Database
from engage.errors import ConflictError, NotFoundError
from tests.integration.messages.scene import only_message, play, propose


@pytest.fixture
def approval_id(database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mail that waits for Sato."""
    monkeypatch.setenv("ENGAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ENGAGE_DATABASE_URL", database_url)
    monkeypatch.setenv("ENGAGE_REDIS_URL", "off")
    return propose(database, play(database))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(approvals, list(arguments))


def test_what_waits_is_listed_for_all_and_for_one(approval_id: str) -> None:
    (found,) = json.loads(run("list", "--json").output)

    assert (found["public_id"], found["subject"]) == (approval_id, "株式会社青葉様のご利用状況")
    assert approval_id in run("list", "--for", "sato@sample.example").output
    assert run("list", "--for", "ito@sample.example").output == "nothing waits for approval\n"
    assert run("list").output.endswith("in 30 days 0 of 1 messages (0%) went unasked, by exception\n")
    assert json.loads(run("share", "--json").output)[0]["playbook_key"] == "first-use"
    assert isinstance(run("list", "--for", "nobody@sample.example").exception, NotFoundError)


def test_the_very_mail_is_shown(approval_id: str, tmp_path: Path) -> None:
    shown = run("show", approval_id, "--html", str(tmp_path / "mail.html")).output

    assert "To:      山田 愛子 <aiko@customer.example>" in shown
    assert "部長 山田愛子様" in shown
    assert "<p>" in (tmp_path / "mail.html").read_text(encoding="utf-8")


def test_a_mail_is_approved_once(database: Database, approval_id: str) -> None:
    stale = run("approve", approval_id, "--by", "sato@sample.example", "--version", "7")
    done = run("approve", approval_id, "--by", "sato@sample.example", "--version", "1")
    again = run("approve", approval_id, "--by", "sato@sample.example")

    assert isinstance(stale.exception, ConflictError)
    assert done.output == f"{approval_id}: approved\n"
    assert isinstance(again.exception, ConflictError)
    assert only_message(database).state == "queued"


def test_a_mail_is_taken_back_with_a_reason(database: Database, approval_id: str) -> None:
    assert run("reject", approval_id, "--by", "sato@sample.example").exit_code == 2
    assert run("reject", approval_id, "--by", "sato@sample.example", "--reason", "met them").exit_code == 0
    assert only_message(database).state == "cancelled"
