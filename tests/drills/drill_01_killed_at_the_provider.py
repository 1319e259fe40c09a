"""A process is killed when the provider has taken a mail and our commit has not been made."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from time import monotonic

from engage.channels.base import WINDOW
from engage.messages.unknowns import SENT_AGAIN_AFTER, resolve
from tests.drills.drill import Drill
from tests.drills.installation import Installation
from tests.drills.stage import Stage, over_sendgrid, over_smtp, post_receipts
from tests.servers.running import Running, accepted_ids
from tests.support.ledger import state_of_each, states
from tests.support.waiting import until


def play(stage: Stage) -> None:
    with stage.sendgrid() as sendgrid, stage.installation(**over_sendgrid(sendgrid)) as here:
        _at_most_once(stage, here, sendgrid, stage.pick(1000, 60), every=stage.pick(20, 40))
    with stage.smtp() as smtp, stage.installation(**over_smtp(smtp)) as here:
        _at_least_once(stage, here, smtp, stage.pick(300, 30), every=stage.pick(50, 20))


def _at_most_once(stage: Stage, here: Installation, sendgrid: Running, count: int, *, every: int) -> None:
    ids = here.fill(count, address=lambda number: _address(number, every))
    here.start_web()
    here.start("worker", "--processes", "2")
    here.settle()
    kills, doubts = _kills(here), _in_state(here, "unknown")
    taken = accepted_ids(sendgrid)
    stage.did(
        f"{count:,} mails over the SendGrid stand-in; after {kills} acceptances it killed the process that called it"
    )
    stage.holds(f"no second hand-over: {len(taken):,} in the provider's log", len(set(taken)) == len(taken))
    stage.holds(f"{len(doubts)} in doubt, at most {WINDOW} for a kill", kills and len(doubts) <= WINDOW * kills)
    _receipts_end_doubts(stage, here, sendgrid, doubts)
    _a_person_ends_the_others(stage, here, set(accepted_ids(sendgrid)))
    stage.check_once(here, ids, accepted_ids(sendgrid))


def _receipts_end_doubts(stage: Stage, here: Installation, sendgrid: Running, doubts: set[str]) -> None:
    taken, started = set(accepted_ids(sendgrid)), monotonic()
    answered = post_receipts(sendgrid, here, "processed", taken)
    until(lambda: not _in_state(here, "unknown") & taken, seconds=60, what="receipts ending doubts")
    said = (
        f"{len(doubts & taken)} doubts ended by `processed` receipts in {monotonic() - started:.1f} s, none sent again"
    )
    stage.holds(said, answered == 200 and set(accepted_ids(sendgrid)) == taken)


def _a_person_ends_the_others(stage: Stage, here: Installation, taken: set[str]) -> None:
    """What the provider's log does not have; the person looks there, as `engage messages unknowns` says."""
    here.clock.move(timedelta(hours=3))
    listed = [row["public_id"] for row in json.loads(here.run("messages", "unknowns", "--json"))]
    stage.holds(f"{len(listed)} that never came there are listed for a person", not set(listed) & taken)
    with here.database.transaction() as session:
        for public_id in listed:
            resolve(session, public_id, "not-sent", by="drill", why="not in its log", now=here.clock.now())
    here.settle()


def _at_least_once(stage: Stage, here: Installation, smtp: Running, count: int, *, every: int) -> None:
    ids = here.fill(count, address=lambda number: _address(number, every), topic="alarms")
    here.start("worker", "--processes", "2")
    here.settle()
    kills, doubts = _kills(here), _in_state(here, "unknown")
    here.clock.move(SENT_AGAIN_AFTER + timedelta(minutes=1))
    until(lambda: states(here.database)["accepted"] == count, what="sending what must arrive again")
    taken = [line.split(" ") for line in smtp.lines()]
    stage.did(f"{count:,} mails of a topic that says `in_doubt: resend` over SMTP, {kills} kills, 16 minutes")
    times = Counter(line[0] for line in taken)
    stage.holds(f"each arrived: {len(times):,} of {count:,} in the provider's log", set(times) == set(ids))
    again = {key for key, number in times.items() if number > 1}
    stage.holds(f"{len(again)} arrived twice, all of them among the {len(doubts)} in doubt", again and again <= doubts)
    headers = {(line[0], line[2]) for line in taken}
    stage.holds("those under the Message-ID that they had before", len(headers) == len(times))


def _address(number: int, every: int) -> str:
    return f"{'kill' if number % every == every // 2 else 'user'}-{number}@customer.example"


def _kills(here: Installation) -> int:
    """How many processes ended; the supervisor may notice the last one after its mails have been settled."""
    return until(lambda: here.log("worker").count("process ended, starting it again"), what="the supervisor noticing")


def _in_state(here: Installation, state: str) -> set[str]:
    return {key for key, found in state_of_each(here.database).items() if found == state}


DRILL = Drill(
    1,
    "killed-at-the-provider",
    "kill -9 between the provider's acceptance and our commit",
    "no mail is sent twice by itself; what is in doubt is bounded, and ended by receipts or a person; "
    "mail that must arrive arrives, and twice only under one Message-ID",
    play,
)
