"""A worker is stopped in mid-send and goes on five minutes later; two others do the same work at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from engage.journeys.tables import Enrolment
from engage.messages.tables import Message
from engage.testing import make_account, make_contact
from engage.worker.rounds import Rounds
from tests.drills.drill import Drill
from tests.drills.installation import Installation, work
from tests.drills.playbooks import publish, recurring, team
from tests.drills.stage import Stage, over_sendgrid, post_receipts, release
from tests.servers.running import Running, accepted_ids
from tests.support.ledger import state_of_each, states
from tests.support.waiting import until

WEEKLY = recurring("weekly", "account", "{every: 1 week, anchor: calendar}")


def play(stage: Stage) -> None:
    folder = team(stage.folder / "team", weekly=WEEKLY)
    with stage.sendgrid() as sendgrid, stage.installation(**over_sendgrid(sendgrid), **folder) as here:
        here.start_web()
        _side_by_side(stage, here, sendgrid, stage.pick(200, 12), stage.pick(20, 3))
        _asleep(stage, here, sendgrid, stage.pick(500, 90))


def _asleep(stage: Stage, here: Installation, sendgrid: Running, count: int) -> None:
    held = count // 2
    ids = here.fill(count, address=lambda number: f"{'hold' if number == held else 'user'}-{number}@customer.example")
    worker = here.start("worker", "--processes", "1")
    until(lambda: ids[held] in accepted_ids(sendgrid), what="a hand-over that waits for its answer")
    _signal(here, worker, signal.SIGSTOP)
    begun = {key for key, state in state_of_each(here.database).items() if state == "sending"}
    here.clock.move(timedelta(minutes=5))
    with here.rounds() as rounds:
        until(lambda: work(rounds) >= 0 and not {"queued", "sending"} & set(states(here.database)), what="the rest")
    doubts = {key for key, state in state_of_each(here.database).items() if state == "unknown"}
    by_others = len(accepted_ids(sendgrid))
    release(sendgrid)
    _signal(here, worker, signal.SIGCONT)
    until(lambda: all(state_of_each(here.database)[key] == "accepted" for key in doubts), what="the late outcomes")
    stage.did(f"{count:,} mails; SIGSTOP for 5 minutes with {len(begun)} in hand; another worker went on; SIGCONT")
    stage.holds(
        f"of those in hand {len(doubts)} had begun and waited, {len(begun) - len(doubts)} went by the other",
        len(doubts) < len(begun),
    )
    stage.holds(
        "the sleeper's late outcomes ended its doubts, and it began nothing more",
        len(accepted_ids(sendgrid)) == by_others,
    )
    stage.check_once(here, ids, accepted_ids(sendgrid))
    os.killpg(worker.pid, signal.SIGKILL)


def _signal(here: Installation, worker: subprocess.Popen[bytes], number: signal.Signals) -> None:
    for pid in (worker.pid, *here.children(worker)):
        os.kill(pid, number)


def _side_by_side(stage: Stage, here: Installation, sendgrid: Running, accounts: int, weeks: int) -> None:
    """Two workers that look at dates, advance, sweep and deliver at the same time."""
    with here.database.transaction() as session:
        for number in range(accounts):
            account = make_account(session, f"acc-{number}", now=here.clock.now(), phase="onboarding")
            make_contact(session, account, f"ann-{number}", now=here.clock.now())
    publish(here)
    with here.rounds() as one, here.rounds() as other:
        work(one)
        for _ in range(weeks):
            here.clock.move(timedelta(days=7))
            _both(here, one, other)
    post_receipts(sendgrid, here, "processed", accepted_ids(sendgrid))
    with here.database.reading() as session:
        rows = session.execute(select(Enrolment.subject_id, Enrolment.occurrence))
        keys = Counter((row.subject_id, row.occurrence) for row in rows)
        mails = session.scalars(select(Message.public_id).where(Message.origin == "enrolment")).all()
    stage.did(f"two workers side by side looked at {accounts:,} customers in {weeks} weeks")
    stage.holds(
        f"{len(keys):,} occurrences, each entered once", set(keys.values()) == {1} and len(keys) >= accounts * weeks
    )
    stage.holds(f"one mail for each: {len(mails):,}", len(mails) == len(keys))
    stage.check_once(here, mails, accepted_ids(sendgrid))


def _both(here: Installation, *workers: Rounds) -> None:
    threads = [threading.Thread(target=work, args=(rounds,)) for rounds in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


DRILL = Drill(
    11,
    "paused",
    "a worker asleep in mid-send, and two that do the same work at the same time",
    "no date comes twice, and a worker that wakes up late changes nothing that others have settled",
    play,
)
