"""Only the supervisor is killed; its child goes on sending while a new one starts beside it."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import timedelta

from engage.channels.base import WINDOW
from engage.journeys.tables import Lease
from engage.upkeep.vitals import HEARTBEAT
from tests.drills.drill import Drill
from tests.drills.installation import Installation, is_running
from tests.drills.stage import Stage, over_sendgrid, post_receipts, release
from tests.servers.running import Running, accepted_ids
from tests.support.ledger import state_of_each, states
from tests.support.waiting import until

LEASES_LATER = timedelta(minutes=3)


def play(stage: Stage) -> None:
    for _ in range(stage.pick(3, 1)):
        with stage.sendgrid() as sendgrid, stage.installation(**over_sendgrid(sendgrid)) as here:
            _orphan(stage, here, sendgrid, stage.pick(500, 90))


def _orphan(stage: Stage, here: Installation, sendgrid: Running, count: int) -> None:
    held = count // 2
    here.start_web()
    other = _waiting_worker(here)
    ids = here.fill(count, address=lambda number: f"{'hold' if number == held else 'user'}-{number}@customer.example")
    orphan = _left_alone(here, sendgrid, ids[held])
    here.clock.move(LEASES_LATER)
    lived = is_running(orphan)
    os.killpg(other.pid, signal.SIGCONT)
    until(lambda: not {"queued", "sending"} & set(states(here.database)), what="the new worker doing what is left")
    doubts = [key for key, state in state_of_each(here.database).items() if state == "unknown"]
    release(sendgrid)
    until(lambda: not is_running(orphan), what="the orphan ending by itself")
    told = state_of_each(here.database)
    stage.did(
        f"{count:,} mails; kill -9 of the supervisor alone, its child in mid-send; another worker beside; 3 minutes"
    )
    late = sum(told[key] == "accepted" for key in doubts)
    stage.did(f"the orphan ended by itself; {late} of its {len(doubts)} late outcomes count")
    stage.holds("the orphan outlived its parent and its lease", lived)
    stage.holds(f"only what the orphan had begun was in doubt: {len(doubts)}", 0 < len(doubts) <= WINDOW)
    post_receipts(sendgrid, here, "processed", accepted_ids(sendgrid))
    stage.check_once(here, ids, accepted_ids(sendgrid))


def _waiting_worker(here: Installation) -> subprocess.Popen[bytes]:
    """A worker that is up and was stopped in its tracks, to go on beside the orphan at once."""
    worker = here.start("worker", "--processes", "1")
    until(lambda: _has_swept(here), what="a worker showing")
    os.killpg(worker.pid, signal.SIGSTOP)
    for child in here.children(worker):
        os.kill(child, signal.SIGSTOP)
    return worker


def _has_swept(here: Installation) -> bool:
    with here.database.reading() as session:
        return session.get(Lease, HEARTBEAT) is not None


def _left_alone(here: Installation, sendgrid: Running, held: str) -> int:
    """A child whose supervisor was killed while it waits for the provider's answers."""
    supervisor = here.start("worker", "--processes", "1")
    until(lambda: held in accepted_ids(sendgrid), what="a hand-over that waits for its answer")
    (child,) = here.children(supervisor)
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    return child


DRILL = Drill(
    2,
    "parent-killed",
    "kill -9 of the parent only, in mid-send",
    "the provider has each mail once, though the orphan and a new worker send side by side for longer than a lease",
    play,
)
