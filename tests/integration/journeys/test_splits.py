"""Splits over a real database: who was given which way is kept, once, and holds for the next run too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from engage.clock import VirtualClock
from engage.customers.tables import Account
from engage.db.session import Database
from engage.events.intake import accept
from engage.events.tables import SOURCE_IMPORT
from engage.journeys.tables import Exposure
from engage.messages.links import Links
from engage.releases.library import Library
from engage.rollout.history import History
from engage.rollout.simulate import simulate
from engage.rollout.stage import Stage as Scratch
from engage.rollout.versions import live
from tests.integration.journeys.stage import MONDAY, Stage, tale
from tests.support.stores import migrated_sqlite

SPLIT = """
- split: {a: 50%, b: 50%}
  a: [{task: {title: {ja: あ, en: A}}}]
  b: [{task: {title: {ja: い, en: B}}}]
"""


def exposures(stage: Stage) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in stage.rows(Exposure, Exposure.playbook_key, Exposure.step_id, Exposure.way)]


def test_who_went_which_way_is_kept_once(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=SPLIT))
    for _ in range(2):
        stage.say("product.opened")
        stage.advance()

    ((key, step, way),) = exposures(stage)
    assert (key, step) == ("tale", "split") and way in ("a", "b")
    assert [word for _, _, word in stage.journal()].count("assigned") == 2


def test_an_account_that_went_one_way_goes_it_again(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=SPLIT))
    stage.say("product.opened")
    stage.advance()
    ((_, _, drawn),) = exposures(stage)
    other = "b" if drawn == "a" else "a"
    with database.transaction() as session:
        session.execute(update(Exposure).values(way=other))
    stage.say("product.opened")
    stage.advance()

    runs = stage.explain()["runs"]
    ways = [one["detail"]["way"] for run in runs for one in run["decisions"] if one["decision"] == "assigned"]
    assert ways == [drawn, other]


def choices(database: Database) -> set[tuple[str, str, str]]:
    """Which way each account goes, by the name under which customers know it."""
    asked = select(Account.external_id, Exposure.step_id, Exposure.way).join(Account, Account.id == Exposure.account_id)
    with database.reading() as session:
        return {(who, step, way) for who, step, way in session.execute(asked)}


def test_a_replay_chooses_as_it_was_really_chosen(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=SPLIT, head="holdout: 50%\ngoal: none\n"))
    calls = [
        {"type": kind, "userId": f"u{number}", "groupId": f"acc{number}", "context": {"groupId": f"acc{number}"}} | said
        for number in range(12)
        for kind, said in (("group", {"traits": {}}), ("track", {"event": "product.opened", "properties": {}}))
    ]
    with database.transaction() as session:
        told = [{"messageId": str(number), **call} for number, call in enumerate(calls)]
        assert not accept(session, SOURCE_IMPORT, told, received_at=stage.now, sent_at=stage.now).problems
    stage.run()

    store = Database(f"sqlite:///{migrated_sqlite(tmp_path / 'scratch.db')}")
    links = Links("a secret", "https://engage.example")
    empty = Scratch(store, Library(), links, VirtualClock(MONDAY - timedelta(days=1)))
    with database.reading() as session:
        simulate(empty, History(session), live(session), since=empty.clock.now(), until=MONDAY + timedelta(days=1))

    really = choices(database)
    assert choices(store) == really
    assert {way for _, _, way in really} == {"held_out", "treated", "a", "b"}
    store.close()
