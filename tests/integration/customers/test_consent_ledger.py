"""The ledger of consent: a record for every word that changes something, none for what is only repeated, none lost."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from engage.cli.main import engage
from engage.customers.consent_ledger import Entry, add_entry, list_records, words_on_mail
from engage.customers.consents import HEARSAY, holding
from engage.customers.declared_words import Declared
from engage.customers.finding import find_person
from engage.customers.import_kinds import KINDS
from engage.customers.importing import import_customers
from engage.customers.tables import Consent, ConsentRecord
from engage.db.session import Database
from engage.errors import InputError, NotFoundError
from engage.events.rows import Row
from tests.integration.customers.telling import START, alias, digest, group, hear, identify, replay, snapshot, track

NEWS = {"topic": "news"}
YES = identify("aiko", {"email": "aiko@customer.example", "consents": {"news": True}})
NO = track("aiko", "consent.withdrawn", properties=NEWS)


def records(database: Database) -> list[ConsentRecord]:
    with database.reading() as session:
        return list(session.scalars(select(ConsentRecord).order_by(ConsentRecord.at, ConsentRecord.id)))


def holds(database: Database, person: str = "aiko") -> tuple[str, str] | None:
    """The word on `news` that holds for a person, and where it came from."""
    with database.reading() as session:
        one = find_person(session, person)
        word = holding(words_on_mail(session, [one.id])).get((one.id, "news"))
        return (word.state, word.source) if word else None


def test_a_word_is_recorded_with_what_proves_it(database: Database) -> None:
    card = {"state": "granted", "basis": "card", "evidence": "booth 12, Osaka", "at": "2027-02-01"}
    hear(database, identify("aiko", {"email": "aiko@customer.example", "consents": {"news": card}}))
    (one,) = records(database)

    assert (one.address, one.topic, one.state, one.basis) == ("aiko@customer.example", "news", "granted", "card")
    assert (one.source, one.evidence, one.said_by) == ("traits", "booth 12, Osaka", "key:1")
    assert one.at.isoformat() == "2027-02-01T00:00:00+00:00" < one.recorded_at.isoformat()


def test_what_every_login_repeats_is_no_new_record_and_a_change_of_mind_is_one(database: Database) -> None:
    hear(database, *[YES] * 5, NO, track("aiko", "consent.granted", properties=NEWS))

    assert [(one.state, one.source) for one in records(database)] == [
        ("granted", "traits"),
        ("withdrawn", "event"),
        ("granted", "event"),
    ]
    with database.reading() as session:
        proofs = {word.record_id for word in session.scalars(select(Consent))}
    assert proofs == {one.public_id for one in records(database)}


def test_a_yes_that_is_only_heard_of_takes_back_no_refusal_that_was_said_to_us(database: Database) -> None:
    hear(database, YES, NO)
    hear(database, YES, at=START + timedelta(days=1))
    assert holds(database) == ("withdrawn", "event")

    hear(database, track("aiko", "consent.granted", properties=NEWS), at=START + timedelta(days=2))
    assert holds(database) == ("granted", "event")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_order_in_which_words_are_learned_changes_nothing(database: Database, order: tuple[int, ...]) -> None:
    told = [YES, NO, YES]
    for number in order:
        said_at = (START + timedelta(days=number)).isoformat()
        hear(database, {**told[number], "timestamp": said_at}, at=START + timedelta(days=5))
    assert holds(database) == ("withdrawn", "event")


def test_a_replay_makes_the_same_records(database: Database) -> None:
    hear(database, YES, NO, track(None, "unsubscribed", anonymousId="b", properties=NEWS), group("ben", "acme"))
    hear(database, identify("ben", anonymousId="b"))
    before, proofs = [one.public_id for one in records(database)], snapshot(database)["consents"]

    replay(database)

    assert [one.public_id for one in records(database)] == before
    assert snapshot(database)["consents"] == proofs


def test_records_of_a_contact_that_was_absorbed_are_the_persons(database: Database) -> None:
    hear(database, YES, identify("new"))
    hear(database, alias("aiko", "new"))
    found = json.loads(run(database, "list", "--person", "new", "--json"))

    assert [(one["topic"], one["state"], one["address"]) for one in found] == [
        ("news", "granted", "aiko@customer.example")
    ]


def entry(**said: Any) -> Entry:
    usual = {"topic": "news", "state": "granted", "basis": "card", "evidence": "card", "at": START, "by": "cli:x"}
    return Entry(**(usual | said))


def test_what_a_colleague_enters_holds_at_once_and_after_the_digest_as_well(database: Database) -> None:
    hear(database, YES)
    with database.transaction() as session:
        aiko = find_person(session, "aiko@customer.example")
        for _ in range(2):
            row = add_entry(session, aiko, entry(state="withdrawn"), topics={"news"}, now=START + timedelta(days=1))
    assert (row["state"], row["source"], row["said_by"]) == ("withdrawn", "staff", "cli:x")
    assert holds(database) == ("withdrawn", "staff")

    digest(database)
    assert holds(database) == ("withdrawn", "staff")
    assert len(records(database)) == 2


@pytest.mark.parametrize(
    ("said", "code"),
    [({"topic": "nwes"}, "unknown_topic"), ({"at": START + timedelta(days=3)}, "future"), ({"evidence": " "}, "no_")],
)
def test_an_entry_that_proves_nothing_is_refused(database: Database, said: dict[str, Any], code: str) -> None:
    hear(database, YES)
    with database.transaction() as session, pytest.raises(InputError) as refused:
        aiko = find_person(session, "aiko")
        add_entry(session, aiko, entry(**said), topics={"news"}, now=START + timedelta(days=1))
    assert refused.value.code.startswith(code)


def test_a_person_is_found_by_any_name_and_two_at_one_address_have_to_be_told_apart(database: Database) -> None:
    hear(database, YES, identify("ben", {"email": "Aiko@customer.example"}))
    with database.reading() as session:
        assert find_person(session, "aiko").external_id == "aiko"
        with pytest.raises(InputError, match="name one: aiko, ben"):
            find_person(session, "AIKO@customer.example")
        with pytest.raises(NotFoundError):
            find_person(session, "nobody")


def test_a_file_of_contacts_says_yes_and_no_with_basis_evidence_and_day(database: Database) -> None:
    hear(database, group(None, "acme", {"name": "Acme"}))
    values = {
        "account_id": "acme", "email": "ann@customer.example", "consent.news": "はい", "consent.tips": "no",
        "consent_basis": "card", "consent_evidence": "展示会の名刺", "consent_at": "2027年2月1日",
    }  # fmt: skip
    bad = values | {"email": "ben@customer.example", "consent_basis": "hope"}
    with database.transaction() as session:
        declared = Declared({"contact.consents": {"news": None, "tip": None}})
        rows = [Row(2, values), Row(3, bad)]
        now = START + timedelta(days=1)
        report = import_customers(session, KINDS["contacts"], rows, file="c.csv", now=now, declared=declared)
        said = list_records(session, limit=9)

    assert [(one["topic"], one["state"], one["basis"], one["evidence"], one["source"]) for one in reversed(said)] == [
        ("news", "granted", "card", "展示会の名刺", "import"),
        ("tips", "withdrawn", "card", "展示会の名刺", "import"),
    ]
    assert {f"{one['at']:%Y-%m-%d}" for one in said} == {"2027-02-01"}
    assert [one.line for one in report.problems] == [3]
    assert "'tips'" in report.remarks[0].message
    assert "import" in HEARSAY


def test_the_command_lists_shows_and_adds(database: Database) -> None:
    hear(database, YES)
    added = json.loads(run(database, "add", "aiko", "*", "--refused", "--evidence", "by phone", "--json"))
    shown = run(database, "show", added["public_id"])
    lines = run(database, "list", "--person", "aiko").splitlines()

    assert (added["state"], added["topic"]) == ("withdrawn", "*")
    assert "by phone" in shown and "keep_until" not in shown
    assert [("withdrawn" in line, "granted" in line) for line in lines] == [(True, False), (False, True)]
    assert "nobody declared the topic" in run(database, "add", "aiko", "news", "--evidence", "x", code=1)


def run(database: Database, *words: str, code: int = 0) -> str:
    """What the command prints."""
    url = database.engine.url.render_as_string(hide_password=False)
    said = {"ENGAGE_DATABASE_URL": url, "ENGAGE_REDIS_URL": "off", "ENGAGE_HOME": tempfile.gettempdir()}
    result = CliRunner(env=said).invoke(engage, ["consents", *words])
    assert result.exit_code == code, result.output
    return result.output if result.exit_code == 0 else str(result.exception)
