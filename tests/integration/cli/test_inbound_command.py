"""`engage inbound` and `engage customers touch`, as a person or a script uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engage.cli.main import engage
from engage.db.session import Database
from engage.errors import ConflictError, InputError, NotFoundError
from tests.integration.messages.inbound.office import Office, answer_to
from tests.integration.messages.inbound.test_automatic_replies import AUTO, LEFT
from tests.support.letters import letter


@pytest.fixture
def office(database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Somebody has replied, somebody has left, somebody is a stranger."""
    monkeypatch.setenv("ENGAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ENGAGE_DATABASE_URL", database_url)
    monkeypatch.setenv("ENGAGE_REDIS_URL", "off")
    office = Office(database, tmp_path / "team")
    sent = office.start()
    office.arrives(
        answer_to(sent, "はい、\n①でお願いします。", charset="iso-2022-jp"),
        letter("x", sender="stranger@nowhere.example", header_id="s@x"),
        answer_to(sent, LEFT, header_id="left@x", **AUTO),
    )
    return office


def run(*words: str) -> Result:
    return CliRunner().invoke(engage, list(words))


def listed(*words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("inbound", "list", "--json", *words).output)
    return found


def test_mail_is_listed_and_chosen(office: Office) -> None:
    assert [one["kind"] for one in listed()] == ["auto_reply", "other", "reply"]
    assert [one["from_address"] for one in listed("--unmatched")] == ["stranger@nowhere.example"]
    assert [one["meaning"] for one in listed("--undecided")] == ["left"]
    assert [one["kind"] for one in listed("--kind", "reply", "--account", "acme", "--since", "2026-11-16")] == ["reply"]
    assert listed("--limit", "1")[0]["account"] == "acme"
    table = run("inbound", "list").output
    assert "stranger@nowhere.example" in table and "auto_reply" in table
    assert run("inbound", "list", "--kind", "bounce").output == "no mail\n"
    assert isinstance(run("inbound", "list", "--account", "nobody").exception, NotFoundError)


def test_one_mail_is_shown_and_its_bytes_printed(office: Office) -> None:
    mail = str(listed("--kind", "reply")[0]["public_id"])
    shown = json.loads(run("inbound", "show", mail, "--json").output)
    assert (shown["text"], shown["contact"], shown["is_cut"]) == ("はい、\n①でお願いします。", "ann", False)
    assert "はい、\n①でお願いします。" in run("inbound", "show", mail).output
    assert run("inbound", "show", mail, "--raw").stdout_bytes.startswith(b"From: Ann Smith")
    assert isinstance(run("inbound", "show", "inb_none").exception, NotFoundError)


def test_a_departure_is_confirmed_as_it_was_understood(office: Office) -> None:
    mail = str(listed("--undecided")[0]["public_id"])
    assert run("inbound", "confirm", mail).output == "confirmed; recorded: contact.left, identify, contact.appointed\n"
    assert isinstance(run("inbound", "dismiss", mail).exception, ConflictError)
    assert listed("--undecided") == []


def test_a_persons_word_is_stronger_than_what_was_understood(office: Office) -> None:
    mail = str(listed("--undecided")[0]["public_id"])
    assert isinstance(run("inbound", "confirm", mail, "--stays", "--no-successor").exception, InputError)
    said = run(
        "inbound", "confirm", mail, "--stays", "--successor", "kato@customer.example", "--successor-name", "加藤"
    )
    assert said.output == "confirmed; recorded: identify, contact.appointed\n"


def test_a_departure_that_is_none_is_dismissed(office: Office) -> None:
    assert run("inbound", "dismiss", str(listed("--undecided")[0]["public_id"])).output == "dismissed\n"


def test_replies_and_touches_stand_in_the_timeline_of_the_customer(office: Office) -> None:
    said = run(
        "customers", "touch", "acme", "--kind", "visit", "--contact", "ann", "--note", "稟議は来週", "--by", "sato"
    )
    assert said.output == "logged: visit with acme\n"
    shown = run("customers", "show", "acme").output
    assert "touch.logged  ann  visit 稟議は来週" in shown
    assert "replied  ann  ann@customer.example はい、 ①でお願いします。" in shown
    assert '"event": "replied"' in run("customers", "explain", "acme", "--json").output
    assert run("customers", "touch", "acme", "--kind", "pigeon").exit_code == 2
    assert isinstance(run("customers", "touch", "nobody", "--kind", "call").exception, NotFoundError)
