"""A condition gives the same answers in PostgreSQL, in SQLite and in Python."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from sqlalchemy import false, func, select
from sqlalchemy.orm import Session

from engage.customers.conditions import Conditions
from engage.customers.facts import EVERYTHING, Subject, load_facts, read_for
from engage.customers.moments import Moments, shifts_of
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.db.session import Database
from engage.events.tables import Event
from engage.language.expressions import Expression, parse_expression
from engage.language.vocabulary import FactDeclaration, FactKind, Vocabulary
from engage.testing import MONDAY, make_account, make_contact
from tests.integration.customers.strange import (
    KINDS,
    NUMBERS,
    TEXTS,
    WRITTEN_BOOLS,
    WRITTEN_DATES,
    WRITTEN_INSTANTS,
    WRITTEN_LISTS,
    WRITTEN_NUMBERS,
)
from tests.integration.customers.worlds import World, worlds
from tests.support.postgres import PostgresServer

# A failing world is told as it is: making it smaller would take an hour.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = int(os.environ.get("ENGAGE_CONDITION_EXAMPLES", "20"))
POOLS: tuple[Sequence[Any], ...] = (
    (None, True, False, [], {}, {"gold": 1}, ["gold", 1, None, True, 2.5], 20270331, 20270331.0),
    TEXTS, NUMBERS, WRITTEN_NUMBERS, WRITTEN_BOOLS, WRITTEN_DATES, WRITTEN_INSTANTS, WRITTEN_LISTS,
)  # fmt: skip
ASKED = {
    "text": ('account.x == "gold"', 'lower(account.x) in ["gold", "äöü", "σασ", "true"]', 'account.x != "1"'),
    "number": ("account.x == 1", "account.x > 0.1", "account.x in [1200, 0.30000000000000004]", "account.x * 3 >= 36"),
    "bool": ("account.x", "account.x == false", "not account.x"),
    "date": ('account.x == "2027-03-31"', "days_until(account.x) > 130", "latest(account.x) > today"),
    "instant": ('account.x == "2027-03-31T15:00Z"', "days_until(account.x) == 135", "earliest(account.x, now) < now"),
    "list": ('"gold" in account.x', '"x" not in account.x', "1 in account.x", "true in account.x"),
}


@pytest.fixture(scope="module")
def both(
    postgres: PostgresServer, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Database]]:
    """An empty database of each kind."""
    file = tmp_path_factory.mktemp("both") / "engage.db"
    shutil.copyfile(sqlite_template, file)
    with postgres.fresh_database() as url:
        opened = Database(url), Database(f"sqlite:///{file}")
        yield opened
        for database in opened:
            database.close()


@settings(max_examples=EXAMPLES, phases=PHASES)
@given(world=worlds())
def test_sql_and_python_agree(both: tuple[Database, Database], world: World) -> None:
    answers = []
    for database in both:
        with database.reading() as session:
            world.fill(session)
            found, told = by_sql(session, world), by_python(session, world)
            whole = [is_whole(session, world, one) for one in world.asked]
        assert found.keys() == told.keys()
        for subject, judged in told.items():
            for one, alone, in_sql, in_python in zip(world.asked, whole, found[subject], judged, strict=True):
                agrees = in_sql == in_python if alone else in_sql or not in_python
                assert agrees, f"{one} of {subject}: {in_python} in Python, {in_sql} in {database.dialect}"
        answers.append(found)
    assert answers[0] == answers[1]


def is_whole(session: Session, world: World, asked: Expression) -> bool:
    """Whether SQL alone can judge the condition."""
    compiled = Conditions(session, world.kind, world.vocabulary, [asked], moments=Moments(world.now))
    compiled.holds(asked)
    return not compiled.residue


def by_sql(session: Session, world: World) -> dict[tuple[int, int], list[bool]]:
    moments = Moments(_another_moment(world))
    compiled = Conditions(session, world.kind, world.vocabulary, world.asked, moments=moments)
    columns = [func.coalesce(compiled.holds(one), false()).label(f"c{n}") for n, one in enumerate(world.asked)]
    query = compiled.customers.select(compiled.customers.subject_id, Account.id, *columns)
    rows = session.execute(query, moments.values(world.now))
    return {(row[0], row[1]): [bool(value) for value in row[2:]] for row in rows}


def _another_moment(world: World) -> datetime:
    """A statement is made at one moment and serves another, as long as the same dates exist in the world."""
    usual = world.vocabulary.defaults.time_zone
    before = world.now - timedelta(days=7)
    return before if set(shifts_of(before, usual)) == set(shifts_of(world.now, usual)) else world.now


def by_python(session: Session, world: World) -> dict[tuple[int, int], list[bool]]:
    names = {name for one in world.asked for name in one.names}

    class Library:
        def vocabulary(self, _session: Session) -> Any:
            return world.vocabulary

    subjects = list(everybody(session, world.kind))
    facts = load_facts(session, Library(), subjects, now=world.now, reading=EVERYTHING | read_for(names))
    return {
        (one.id, one.account_id or 0): [asked.holds(facts[one]) for asked in world.asked] for one in subjects
    }  # fmt: skip


def everybody(session: Session, kind: str) -> Iterator[Subject]:
    if kind == "account":
        for (id_,) in session.execute(select(Account.id)):
            yield Subject("account", id_, id_, None, None)
    elif kind == "contract":
        for id_, account_id in session.execute(select(Contract.id, Contract.account_id)):
            yield Subject("contract", id_, account_id, None, id_)
    else:
        for id_, account_id in session.execute(
            select(Membership.contact_id, Membership.account_id).where(Membership.until.is_(None))
        ):
            yield Subject("contact", id_, account_id, id_, None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_strange_value_is_read_alike(both: tuple[Database, Database], kind: FactKind) -> None:
    values = list({repr(one): one for pool in POOLS for one in pool}.values())
    stamps = {"public_id": "", "name": "", "is_test": False, "created_at": MONDAY, "updated_at": MONDAY}
    rows = [
        {**stamps, "id": id_, "public_id": f"acc_{id_}", "external_id": f"a{id_}", "traits": {"x": value}}
        for id_, value in enumerate(values, 1)
    ]
    vocabulary = Vocabulary(facts={"account.x": FactDeclaration(type=kind)})
    asked = tuple(parse_expression(text, vocabulary.catalogue()) for text in ("account.x is set", *ASKED[kind]))
    world = World(MONDAY, vocabulary, {Account: rows}, "account", asked)
    for database in both:
        with database.reading() as session:
            world.fill(session)
            found, told = by_sql(session, world), by_python(session, world)
        differing = {repr(values[id_ - 1]): (found[id_, id_], told[id_, id_]) for id_, _ in told}
        assert {value: pair for value, pair in differing.items() if pair[0] != pair[1]} == {}


def test_a_clause_that_only_python_can_judge_is_named_and_loses_nobody(database: Database) -> None:
    with database.transaction() as session:
        make_account(session, "acme", phase="adoption")
        make_account(session, "bolt", phase="churned")
    asked = read('account.phase == "adoption" and not event.properties.plan == "free" and csm is set')
    with database.reading() as session:
        compiled = Conditions(session, "account", Vocabulary(), [asked], moments=Moments(MONDAY))
        query = compiled.customers.select(Account.external_id, where=[compiled.holds(asked)])

        assert session.scalars(query).all() == ["acme"]
    assert [left.text for left in compiled.residue] == ['event.properties.plan == "free"', "csm is set"]
    assert "run" in compiled.residue[0].reason


def test_a_drop_is_found_in_one_statement(database: Database) -> None:
    with database.transaction() as session:
        for name, before, lately in (("acme", 4, 1), ("bolt", 4, 2), ("core", 0, 0)):
            account = make_account(session, name)
            ann = make_contact(session, account, f"ann-{name}")
            days = [20] * before + [3] * lately
            session.add_all(used(account, ann, number, MONDAY - timedelta(days=day)) for number, day in enumerate(days))
    asked = read('count("report.created", days=14) < 0.5 * count_before("report.created", days=14)')
    with database.reading() as session:
        compiled = Conditions(session, "account", Vocabulary(), [asked], moments=Moments(MONDAY))
        query = compiled.customers.select(Account.external_id, where=[compiled.holds(asked)])

        assert session.scalars(query).all() == ["acme"]
        assert compiled.residue == []


def read(text: str) -> Expression:
    return parse_expression(text, Vocabulary().catalogue())


def used(account: Account, contact: Contact, number: int, at: datetime) -> Event:
    key = f"{contact.external_id}-{number}"
    return Event(source_id=1, message_id=key, type="track", name="report.created", occurred_at=at, received_at=at,
                 account_id=account.id, contact_id=contact.id)  # fmt: skip
