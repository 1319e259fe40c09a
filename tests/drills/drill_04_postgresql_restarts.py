"""PostgreSQL is stopped and killed again and again while real Segment clients send and workers deliver."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import func, select

from engage.events.tables import Event
from tests.drills.cluster import Cluster, cluster
from tests.drills.drill import Drill
from tests.drills.installation import ROOT, Installation, answer, with_key
from tests.drills.playbooks import team
from tests.drills.stage import Stage, over_sendgrid, over_valkey, post_receipts
from tests.servers.running import Running, accepted_ids
from tests.support.ledger import state_of_each, states
from tests.support.waiting import until

MAILS_BETWEEN = 15


def play(stage: Stage) -> None:
    with (
        cluster() as server,
        server.fresh_database() as url,
        stage.sendgrid("--latency", "0.05") as sendgrid,
        stage.valkey() as valkey,
    ):
        settings = over_sendgrid(sendgrid) | over_valkey(valkey) | team(stage.folder / "team")
        with stage.installation(url, **settings) as here:
            here.run("playbooks", "apply")
            _monkey(stage, here, server, sendgrid)


def _monkey(stage: Stage, here: Installation, server: Cluster, sendgrid: Running) -> None:
    key = here.key()
    processes = [here.start_web(), here.start("worker", "--processes", "2"), here.start("clock")]
    modes = list(islice(cycle(("immediate", "fast")), stage.pick(10, 1)))
    with _clients(stage, here, key, 2) as clients, _probing(here, key) as probe:
        until(lambda: all(map(here.children, processes)), what="the processes starting")
        family = [here.children(process) for process in processes]
        for mode in modes:
            _restart(server, sendgrid, probe, mode)
        until(lambda: len(sendgrid.lines()) > MAILS_BETWEEN, what="mails after the last restart")
    said = [path.read_text().split() for path in clients]
    stage.did(
        f"PostgreSQL restarted {len(modes)} times ({Counter(modes)['immediate']} of them killed), two Segment clients"
    )
    stage.holds(
        "web, workers and clock are those that were started", family == [here.children(one) for one in processes]
    )
    _check_intake(stage, here, [one for ids in said for one in ids], probe)
    _check_mails(stage, here, sendgrid, sum(len(ids) for ids in said) // 3)


def _restart(server: Cluster, sendgrid: Running, probe: Probe, mode: str) -> None:
    """Down until a client of the intake has felt it, and not again before mails have gone."""
    before = len(sendgrid.lines())
    until(lambda: len(sendgrid.lines()) >= before + MAILS_BETWEEN, what="mails between two restarts")
    probe.felt.clear()
    server.stop(mode)
    until(probe.felt.is_set, what="an answer that says that the database is away")
    server.start()


class Probe:
    """A client of the intake that looks at the answers, and sends each event until it is taken."""

    def __init__(self, here: Installation, key: str) -> None:
        self.felt, self.over = threading.Event(), threading.Event()
        self.answers: Counter[str] = Counter()
        self.taken = 0
        self._url, self._headers = here.url("/v1/track"), with_key(key)

    def run(self) -> None:
        """Posts until it is over and the last event was taken."""
        while not self.over.is_set():
            body = {"event": "drill.probed", "userId": "probe", "messageId": f"probe-{self.taken}"}
            while self._post(body) != "200":
                self.felt.set()
                self.over.wait(0.1)
            self.taken += 1
            self.over.wait(0.1)

    def _post(self, body: dict[str, object]) -> str:
        status, headers = answer(self._url, json.dumps(body).encode(), self._headers)
        patience = f" with Retry-After {headers['Retry-After']}" if headers and "Retry-After" in headers else ""
        said = f"{status}{patience}"
        self.answers[said] += 1
        return said


@contextmanager
def _probing(here: Installation, key: str) -> Iterator[Probe]:
    probe = Probe(here, key)
    thread = threading.Thread(target=probe.run)
    thread.start()
    try:
        yield probe
    finally:
        probe.over.set()
        thread.join()


@contextmanager
def _clients(stage: Stage, here: Installation, key: str, count: int) -> Iterator[list[Path]]:
    """Segment's stock clients in processes of their own; at the end each has had its last call taken."""
    files = [stage.folder / f"client-{number}.ids" for number in range(count)]
    command = [sys.executable, "-m", "tests.drills.segment_client", here.url("").rstrip("/"), key]
    running = [
        subprocess.Popen([*command, path.stem, str(path)], cwd=ROOT, stderr=subprocess.DEVNULL) for path in files
    ]
    try:
        yield files
        for path in files:
            path.with_suffix(".stop").touch()
        failed = [process.args for process in running if process.wait(300)]
        assert not failed, "a client gave up on a call"
    finally:
        for process in running:
            process.kill()
            process.wait()


def _check_intake(stage: Stage, here: Installation, said: list[str], probe: Probe) -> None:
    with here.database.reading() as session:
        stored: Counter[str] = Counter(session.scalars(select(Event.message_id).where(Event.message_id.in_(said))))
        probed = session.scalar(select(func.count()).where(Event.name == "drill.probed"))
    stage.holds(
        f"the clients said {len(said):,} calls, each is stored once",
        set(stored) == set(said) and set(stored.values()) == {1},
    )
    refusals = {word for word in probe.answers if word != "200"}
    told = ", ".join(f"{word} {times}×" for word, times in sorted(probe.answers.items()))
    stage.holds(f"intake answered {told}", refusals == {"503 with Retry-After 5"} and probed == probe.taken)


def _check_mails(stage: Stage, here: Installation, sendgrid: Running, people: int) -> None:
    until(lambda: _mails(here) == people, what="a mail for everybody")
    here.settle()
    doubts = states(here.database)["unknown"]
    stage.did(f"{people:,} people were told of; {doubts} hand-overs in doubt, ended by receipts")
    post_receipts(sendgrid, here, "processed", accepted_ids(sendgrid))
    stage.holds(f"one mail was made for each of {people:,} people", _mails(here) == people)
    stage.check_once(here, list(state_of_each(here.database)), accepted_ids(sendgrid))


def _mails(here: Installation) -> int:
    return len(state_of_each(here.database))


DRILL = Drill(
    4,
    "postgresql-restarts",
    "PostgreSQL restarts while Segment clients send and workers deliver",
    "every call of a client is stored once, every person gets one mail, intake answers 503 with Retry-After meanwhile, "
    "and nobody has to start anything again",
    play,
)
