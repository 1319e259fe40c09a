"""A year of many accounts played again: `python -m tests.bench.year --accounts 10000`."""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import insert

from engage.cli.progress import progress
from engage.clock import VirtualClock
from engage.config import shipped
from engage.db.session import Database
from engage.events.tables import Event
from engage.ids import new_id, repeatable
from engage.language.workspace import load_workspace
from engage.messages.links import Links
from engage.migrations.upgrading import upgrade
from engage.releases.library import Library
from engage.rollout.history import History
from engage.rollout.simulate import rehearse, simulate
from engage.rollout.simulation import Simulation
from engage.rollout.stage import Stage
from engage.rollout.versions import written
from engage.staff.tables import StaffMember

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
YEAR = timedelta(days=365)
_ACCOUNTS_OF_A_CSM = 250
_SOURCE = 1
_FIRST_WEEK = 4


@dataclass(frozen=True)
class YearFigures:
    """What it took."""

    accounts: int
    events: int
    told: int
    minutes: float  # the year played again
    cpu: float  # of it, busy
    ahead: float  # the thirty days after it, in minutes
    peak_mb: float


def measure(accounts: int, *, shows: bool = False) -> YearFigures:
    """Makes a history, plays it, and plays thirty days more."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        source = _database(Path(folder) / "source.db")
        count = make_history(source, accounts)
        stage = Stage(
            _database(Path(folder) / "scratch.db"), Library(), Links("x", "http://e.example"), VirtualClock(BEGIN)
        )
        publish = written(load_workspace(shipped("playbooks"), shipped("email_templates")))
        end = BEGIN + YEAR
        started, busy = time.perf_counter(), time.process_time()
        with source.reading() as session, progress(BEGIN, end, "year") as told:
            found = simulate(stage, History(session), publish, since=BEGIN, until=end, progress=told)
        minutes, cpu = (time.perf_counter() - started) / 60, (time.process_time() - busy) / 60
        started = time.perf_counter()
        with progress(end, end + timedelta(days=30), "next 30 days") as told:
            rehearse(stage, until=end + timedelta(days=30), progress=told)
        ahead = (time.perf_counter() - started) / 60
        source.close()
        stage.database.close()
    peak = psutil.Process().memory_info().rss / 1e6
    if shows:
        _show(found)
    return YearFigures(accounts, count, len(found.told), minutes, cpu, ahead, peak)


def _database(path: Path) -> Database:
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    return database


def make_history(database: Database, accounts: int) -> int:
    """Stores colleagues, and what a year of so many customers brings; how many events."""
    with repeatable("bench"), database.transaction() as session:
        session.execute(insert(StaffMember), list(_staff(accounts)))
        rows = sorted(itertools.chain.from_iterable(map(_life, range(accounts))), key=lambda row: row["received_at"])
        for number, row in enumerate(rows):
            row["message_id"] = f"m-{number}"
        for start in range(0, len(rows), 10_000):
            session.execute(insert(Event), rows[start : start + 10_000])
    return len(rows)


def _staff(accounts: int) -> Iterator[dict[str, Any]]:
    yield _colleague("head", "leader", "cs_head")
    for number in range(accounts // _ACCOUNTS_OF_A_CSM + 1):
        yield _colleague(f"csm{number}", "csm", "csm")


def _colleague(name: str, role: str, position: str) -> dict[str, Any]:
    return {
        "public_id": new_id("stf"), "email": f"{name}@aoba-works.example", "role": role, "position": position,
        "family_name": name, "given_name": "花子", "title": {"ja": "担当", "en": "Manager"}, "is_active": True,
        "department": {}, "names": {}, "hours": {}, "locale": "ja", "time_zone": "Asia/Tokyo", "created_at": BEGIN,
    }  # fmt: skip


def _life(number: int) -> Iterator[dict[str, Any]]:
    """One customer: a contract some time in the year, two people, a kickoff, and use in most weeks."""
    chance = random.Random(number)
    key = f"account-{number}"
    begins = BEGIN + timedelta(days=chance.randrange(200), hours=chance.randrange(9), minutes=chance.randrange(60))
    traits = {
        "name": f"顧客{number}株式会社", "country": "JP", "locale": "ja", "time_zone": "Asia/Tokyo",
        "phase": "onboarding",
        "touch_model": chance.choice(["tech"] * 8 + ["low", "mid"]),
        "fiscal_year_end_month": chance.choice([3, 12, 9]),
        "handoff_complete": True,
        "handoff_facts": [{"label": "現状", "text": "表計算"}, {"label": "時期", "text": "3月"}],
        "goal_text": "月次締めを早く", "goal_metric": "日数", "goal_unit": "営業日", "goal_target": 5, "goal_actual": 7,
        "goal_previous": 10, "goal_as_of": f"{begins:%F}", "goal_direction": "down",
        "seats": 10, "csm_email": f"csm{number // _ACCOUNTS_OF_A_CSM}@aoba-works.example",
    }  # fmt: skip
    yield _said("group", "group", begins, f"crm-{key}", key, traits)
    people = [f"{key}-{one}" for one in range(2)]
    for one, roles in zip(people, (["champion", "admin"], ["end_user"]), strict=True):
        person = {
            "email": f"{one}@customer-{number}.example",
            "family_name": "山田",
            "given_name": "太郎",
            "roles": roles,
        }
        yield _said("identify", "identify", begins, one, key, person)
        yield _said("group", "group", begins, one, key, {})
    starts = begins + timedelta(days=14)
    contract = {
        "contract_id": f"{key}-1", "name": "あおばワークス", "starts_on": f"{starts:%F}",
        "ends_on": f"{starts + timedelta(days=180):%F}",
        "auto_renew": True, "amount_minor": 1200000, "currency": "JPY",
    }  # fmt: skip
    yield _said("track", "contract.created", begins + timedelta(minutes=5), f"crm-{key}", key, contract)
    yield _said("track", "kickoff.held", starts + timedelta(days=3), f"crm-{key}", key, {})
    adopted = {"phase": "adoption"}
    yield _said("group", "group", starts + timedelta(days=40), f"crm-{key}", key, adopted)
    for week in range(_FIRST_WEEK, 52):
        for one in people:
            at = begins + timedelta(weeks=week, days=chance.randrange(5), minutes=chance.randrange(540))
            if at < BEGIN + YEAR and chance.random() < 0.9:
                yield _said("track", "feature.used", at, one, key, {"feature": "closing"})


def _said(kind: str, name: str, at: datetime, user: str, group: str, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "source_id": _SOURCE, "message_id": "", "type": kind, "name": name, "occurred_at": at, "received_at": at,
        "user_id": user, "anonymous_id": None, "group_id": group, "properties": said, "context": {},
        "contact_id": None, "account_id": None, "resolved_at": at,
    }  # fmt: skip


def _show(found: Simulation) -> None:
    print({one.reason for one in found.told if one.reason})
    for key, count in sorted(found.counts().items()):
        print(f"{count:>8,}", *key)


def main() -> None:
    """Measures, and prints every kind of thing that happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    print(measure(parser.parse_args().accounts, shows=True))


if __name__ == "__main__":
    main()
