"""The provider throttles, fails, swallows and breaks off, each for a share of the calls, and then is well again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import func, select

from engage.messages.tables import Attempt
from engage.messages.unknowns import resolve
from engage.worker.rounds import Rounds
from tests.drills.drill import Drill
from tests.drills.installation import Installation
from tests.drills.stage import Stage, over_sendgrid, post_receipts
from tests.servers.running import Running, accepted_ids
from tests.support.ledger import state_of_each, states
from tests.support.waiting import until

MOODS = [
    {"do": "throttle", "share": 0.3, "seconds": 1},
    {"do": "fail", "share": 0.1},
    {"do": "hangup", "share": 0.1},
    {"do": "garbage", "share": 0.05},
    {"do": "reset", "share": 0.05},
]
WORDS = "30 of 100 calls throttled, 10 answered 500, 10 taken and not answered, 5 answered garbage, 5 reset"


def play(stage: Stage) -> None:
    with stage.sendgrid() as sendgrid, stage.installation(**over_sendgrid(sendgrid)) as here:
        ids = here.fill(stage.pick(2000, 100))
        here.start_web()
        with here.rounds() as rounds:
            _bad_hour(stage, here, sendgrid, rounds, len(ids))
            _end_doubts(stage, here, sendgrid, rounds)
        stage.check_once(here, ids, accepted_ids(sendgrid))


def _bad_hour(stage: Stage, here: Installation, sendgrid: Running, rounds: Rounds, count: int) -> None:
    sendgrid.control("moods", rules=MOODS, seed=5)
    until(lambda: not rounds.run_due() and states(here.database)["accepted"] >= count // 3, what="a third going")
    through = states(here.database)["accepted"]
    sendgrid.control("moods", rules=[])
    until(lambda: not rounds.run_due() and not states(here.database)["queued"], what="all of it going")
    endings, doubts = _endings(here), states(here.database)["unknown"]
    stage.did(f"{count:,} mails; {WORDS}; well again when {through:,} were through")
    stage.holds(f"{endings['not_sent']:,} hand-overs surely did not leave, and were made again", endings["not_sent"])
    stage.holds(f"{doubts:,} were in doubt; none of them was tried again", doubts == endings["unknown"] > 0)


def _endings(here: Installation) -> Counter[str]:
    """How many hand-overs ended in which way."""
    with here.database.reading() as session:
        asked = select(Attempt.outcome, func.count()).group_by(Attempt.outcome)
        return Counter({str(row[0]): row[1] for row in session.execute(asked)})


def _end_doubts(stage: Stage, here: Installation, sendgrid: Running, rounds: Rounds) -> None:
    """By receipts for what the provider has; by a person who looked into its log for the rest."""
    before = _in_doubt(here)
    taken = set(accepted_ids(sendgrid))
    post_receipts(sendgrid, here, "processed", taken)
    left = _in_doubt(here)
    stage.holds(
        f"receipts ended {len(before - left):,} of the doubts, just those of the provider's log", not left & taken
    )
    _say_not_sent(here, left)
    until(lambda: not rounds.run_due() and not states(here.database)["queued"], what="the rest going")
    stage.did(f"a person said of {len(left):,} that the provider's log does not have them")


def _in_doubt(here: Installation) -> set[str]:
    return {key for key, state in state_of_each(here.database).items() if state == "unknown"}


def _say_not_sent(here: Installation, ids: Collection[str]) -> None:
    with here.database.transaction() as session:
        for public_id in ids:
            resolve(session, public_id, "not-sent", by="drill", why="not in its log", now=here.clock.now())


DRILL = Drill(
    5,
    "brown-out",
    "the provider is slow to take, fails, and answers nothing",
    "what surely did not leave is tried again until it goes; what is in doubt waits for evidence",
    play,
)
