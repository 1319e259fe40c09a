"""`engage playbooks simulate`: a stored history, played again, says what really happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from engage.clock import VirtualClock
from engage.db.session import Database
from engage.messages.links import Links
from engage.messages.tables import Message
from engage.releases.library import Library
from engage.rollout.comparing import compare
from engage.rollout.copying import copy_present
from engage.rollout.history import History
from engage.rollout.simulate import rehearse, simulate
from engage.rollout.simulation import Simulation
from engage.rollout.stage import Stage
from engage.rollout.versions import Publish, live, written
from tests.acceptance.company import Company, at, shipped
from tests.acceptance.scene import Scene, lived_once
from tests.support.stores import migrated_sqlite

REVIEW = "business-review/review"
BEGIN = at("2026-06-20")


@lived_once
def lived(open_company: Scene) -> Company:
    """A summer of a customer: what is known of it, use, a review that a colleague agrees to."""
    office = open_company("2026-06-25")
    people = {"山田": ["champion", "decision_maker"]}
    office.customer(people=people, fiscal_year_end_month=3, seats=10, touch_model="mid")
    office.contract(starts_on="2026-01-01", ends_on="2027-12-31")
    office.uses("minato-0", 3, day="2026-06-25")
    office.until("2026-07-01", 17).consent()
    return office.until("2026-07-03")


@contextmanager
def stage(path: Path, begin: datetime = BEGIN) -> Iterator[Stage]:
    """An empty store to play on."""
    path.unlink(missing_ok=True)
    database = Database(f"sqlite:///{migrated_sqlite(path)}")
    yield Stage(database, Library(), Links("a secret", "https://engage.example"), VirtualClock(begin))
    database.close()


def played(office: Company, path: Path, publish: Publish | None = None, *, agrees: bool = True) -> Simulation:
    with office.database.reading() as session, stage(path) as empty:
        what = publish or live(session)
        return simulate(empty, History(session), what, since=BEGIN, until=office.clock.now(), agrees=agrees)


def test_a_simulation_says_what_really_happened_and_the_same_each_time(company: Scene, tmp_path: Path) -> None:
    office = lived(company)
    with office.database.reading() as session:
        rows = session.scalars(select(Message)).all()
        really = sorted((f"{row.accepted_at:%F}", row.template_name) for row in rows if row.accepted_at)

    found = played(office, tmp_path / "scratch.db")

    assert sorted((f"{one.at:%F}", one.what) for one in found.told if one.outcome == "accepted") == really
    assert REVIEW in {template for _, template in really}
    assert min(found.told).at >= at("2026-06-25"), "nothing is known before it was learned"
    assert played(office, tmp_path / "again.db").as_json() == found.as_json()


def test_without_agreement_what_is_asked_waits(company: Scene, tmp_path: Path) -> None:
    found = played(lived(company), tmp_path / "scratch.db", agrees=False)
    assert [one.outcome for one in found.told if one.what == REVIEW] == ["proposed"]


def test_a_comparison_shows_what_a_change_takes_away(company: Scene, tmp_path: Path) -> None:
    office = lived(company)
    fewer = tuple(file for file in shipped().playbooks if file.playbook.key != "business-review")
    before = played(office, tmp_path / "before.db")
    after = played(office, tmp_path / "after.db", written(replace(shipped(), playbooks=fewer)))

    found = compare(before.told, after.told)

    assert {one.playbook for one in found.gone} == {"business-review"}
    assert not found.new


def test_the_days_ahead_come_as_they_were_rehearsed(company: Scene, tmp_path: Path) -> None:
    office = company("2026-06-25")
    office.customer(people={"山田": ["champion", "decision_maker"]}, fiscal_year_end_month=3, seats=10)
    office.contract(starts_on="2026-01-01", ends_on="2027-12-31")
    office.uses("minato-0", 3, day="2026-06-25")
    begin = office.clock.now()

    def rehearsed() -> Simulation:
        with stage(tmp_path / "scratch.db", begin) as scratch:
            copy_present(office.database, scratch.database)
            return rehearse(scratch, until=at("2026-07-03"))

    found = rehearsed()
    assert rehearsed().as_json() == found.as_json()
    office.until("2026-07-03")

    with office.database.reading() as session:
        rows = session.scalars(select(Message).where(Message.accepted_at >= begin)).all()
    sent = [one for one in found.told if one.outcome == "accepted"]
    assert sorted((f"{one.at:%F}", one.what) for one in sent) == sorted(
        (f"{row.accepted_at:%F}", row.template_name) for row in rows
    )
    assert REVIEW in {one.what for one in sent}
