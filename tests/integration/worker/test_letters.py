"""The rounds that write letters to colleagues: due when there is news, not before and not again; one at a time."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from sqlalchemy import func, select

from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.notices.tables import Notice
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock
from engage.worker.due import due_kinds
from engage.worker.rounds import Parts, Rounds
from tests.integration.messages.office import AT_ONCE
from tests.integration.messages.scene import LINKS, play, propose

CONSOLE = "https://console.example.com"


def worker(database: Database, clock: FrozenClock) -> Rounds:
    return Rounds(Parts(database, Library(), LINKS, clock, RecordingChannel(), public_url=CONSOLE))


def kinds(database: Database, clock: FrozenClock) -> set[str]:
    with database.reading() as session:
        return {"telling", "digests", "notices"}.intersection(due_kinds(session, clock.now()))


def hosts_of_links(database: Database) -> set[str]:
    with database.reading() as session:
        letters = session.scalars(select(Notice.content).where(Notice.state == "queued"))
        return {host for content in letters for host in re.findall(r"https?://[^/\"]+", json.dumps(content))}


def test_the_rounds_come_due_with_their_news(database: Database) -> None:
    clock, cast = FrozenClock(), play(database)
    rounds = worker(database, clock)
    assert kinds(database, clock) == {"digests"}  # everybody's next morning is not reckoned yet
    rounds.run("digests")
    propose(database, cast)
    assert kinds(database, clock) == set()

    clock.move(AT_ONCE)
    assert kinds(database, clock) == {"telling"}
    assert rounds.run("telling") == 1
    assert kinds(database, clock) == {"notices"}
    assert hosts_of_links(database) == {CONSOLE}  # and not the host of customers' links
    rounds.run("notices")
    assert kinds(database, clock) == set()
    clock.move_to(MONDAY + timedelta(hours=22, minutes=30))
    assert kinds(database, clock) == {"digests"}
    rounds.run("digests")
    assert hosts_of_links(database) == {CONSOLE}


def test_two_workers_write_one_letter(database: Database) -> None:
    clock, cast = FrozenClock(), play(database)
    for visit in range(1, 21):
        propose(database, cast, visit=visit)
    clock.move(AT_ONCE)
    start = Barrier(2)

    def tell(rounds: Rounds) -> int:
        start.wait()
        return rounds.run("telling")

    with ThreadPoolExecutor(2) as threads:
        told = sum(threads.map(tell, [worker(database, clock) for _ in range(2)]))
    with database.reading() as session:
        assert (told, session.scalar(select(func.count()).select_from(Notice))) == (1, 1)
