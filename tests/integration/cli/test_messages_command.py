"""`engage messages`: the ledger on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engage.channels.base import Unknown
from engage.channels.email.recording import RecordingChannel
from engage.cli.messages import messages
from engage.db.session import Database
from engage.errors import ConflictError, NotFoundError
from tests.integration.messages.test_delivering import queued, run


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
    assert in_doubt in engage_messages("list", "--playbook", "test").output
    assert engage_messages("list", "--state", "accepted").output == "no messages\n"
    shown = engage_messages("show", in_doubt).output
    assert "no answer" in shown
    assert "allow" in shown
    assert json.loads(engage_messages("show", in_doubt, "--json").output)["attempts"][0]["outcome"] == "unknown"


def test_a_doubt_is_listed_and_ended_by_a_persons_word(in_doubt: str) -> None:
    assert in_doubt in engage_messages("unknowns", "--all").output
    assert engage_messages("resolve", in_doubt, "sent").output == f"{in_doubt} is accepted\n"
    assert engage_messages("unknowns", "--all").output == "nothing is in doubt\n"
    assert json.loads(engage_messages("unknowns", "--json").output) == []
    assert isinstance(engage_messages("resolve", in_doubt, "sent").exception, ConflictError)


def test_wrong_words_are_refused(in_doubt: str) -> None:
    assert engage_messages("resolve", in_doubt, "perhaps").exit_code == 2
    assert isinstance(engage_messages("show", "msg_nothing").exception, NotFoundError)
