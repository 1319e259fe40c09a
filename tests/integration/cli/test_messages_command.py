"""`engage messages`: the ledger on the command line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from engage.channels.base import Unknown
from engage.channels.email.recording import RecordingChannel
from engage.cli.messages import messages
from engage.db.session import Database
from engage.errors import ConflictError, NotFoundError
from engage.messages.braking import stop
from engage.messages.tables import Click, ClickVerdict, Message
from engage.testing import MONDAY
from tests.integration.messages.test_delivering import queued, run
from tests.support.ledger import queue


@pytest.fixture
def in_doubt(database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A message of last Monday that may or may not have left."""
    monkeypatch.setenv("ENGAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ENGAGE_DATABASE_URL", database_url)
    monkeypatch.setenv("ENGAGE_REDIS_URL", "off")
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel(lambda _email: Unknown("no answer")))
    return public_id


def engage_messages(*arguments: str) -> Result:
    return CliRunner().invoke(messages, list(arguments))


def test_the_ledger_is_listed_and_shown(in_doubt: str) -> None:
    (listed,) = json.loads(engage_messages("list", "--state", "unknown", "--json").output)
    assert (listed["public_id"], listed["state"]) == (in_doubt, "unknown")
    assert in_doubt in engage_messages("list", "--playbook", "test", "--since", "2026-11-16").output
    assert engage_messages("list", "--state", "accepted").output == "no messages\n"
    shown = engage_messages("show", in_doubt).output
    assert "no answer" in shown
    assert "allow" in shown
    assert json.loads(engage_messages("show", in_doubt, "--json").output)["attempts"][0]["outcome"] == "unknown"


def test_a_click_is_shown_with_every_verdict_on_it(in_doubt: str, database: Database) -> None:
    with database.transaction() as session:
        message = session.scalars(select(Message)).one()
        click = Click(
            message_id=message.id, url="https://x.example/", at=MONDAY, method="GET", network="203.0.113.0/24"
        )
        session.add(click)
        session.flush()
        for verdict, reason in (("unsure", "soon_after_arrival"), ("human", "used_product")):
            session.add(ClickVerdict(click_id=click.id, verdict=verdict, reasons=[reason], at=MONDAY))
    (shown,) = json.loads(engage_messages("show", in_doubt, "--json").output)["clicks"]

    assert (shown["at"], shown["network"]) == ("2026-11-16T01:00:00+00:00", "203.0.113.0/24")
    assert [one["verdict"] for one in shown["verdicts"]] == ["unsure", "human"]
    assert (
        "GET  203.0.113.0/24  unsure (soon_after_arrival)  human (used_product)"
        in engage_messages("show", in_doubt).output
    )


def test_what_waits_for_a_provider_says_so(in_doubt: str, database: Database) -> None:
    with database.transaction() as session:
        templates = {"email": session.scalars(select(Message.template_version_id)).one()}
        (waiting,) = queue(session, templates, 1, now=MONDAY, first=5)
        stop(session, "provider", "sendgrid", by="cli:sato", reason="incident", now=MONDAY)
    for told in (engage_messages("list").output, engage_messages("show", waiting).output):
        assert "sendgrid takes no mail since 2026-11-16 01:00 UTC" in told and "incident" in told
    assert "takes no mail" not in engage_messages("show", in_doubt).output


def test_a_doubt_is_listed_and_ended_by_a_persons_word(in_doubt: str) -> None:
    said = engage_messages("unknowns").output
    assert in_doubt in said and "attempt 1, in doubt since 2026-11-16 01:00 UTC" in said
    assert json.loads(engage_messages("unknowns", "--json").output)[0]["next"].startswith("held: ")
    told = engage_messages("resolve", in_doubt, "--accepted", "--why", "its log has it", "--attempt", "1")
    assert told.output == f"{in_doubt} is accepted\n"
    assert engage_messages("unknowns").output == "nothing is in doubt\n"
    assert isinstance(engage_messages("resolve", in_doubt, "--not-sent", "--why", "x").exception, ConflictError)
    assert "its log has it" in engage_messages("show", in_doubt).output


def test_wrong_words_are_refused(in_doubt: str) -> None:
    assert engage_messages("resolve", in_doubt, "--accepted").exit_code == 2
    assert engage_messages("resolve", in_doubt, "--why", "no verdict").exit_code == 2
    assert isinstance(engage_messages("show", "msg_nothing").exception, NotFoundError)
    assert isinstance(engage_messages("list", "--account", "nobody").exception, NotFoundError)


def test_a_message_is_kept_in_one_file(in_doubt: str, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    assert in_doubt in engage_messages("show", in_doubt, "--bundle", str(file)).output
    with zipfile.ZipFile(file) as kept:
        assert json.loads(kept.read("manifest.json"))["message"] == in_doubt
