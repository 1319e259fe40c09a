"""The first crash drill: workers are killed again and again while 2,000 messages go out.

Afterwards the provider's own log is compared with the ledger: none twice, none lost, and no kill leaves more than 50
messages in doubt. Run with `-s` to see what each kill left.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engage.channels.email.sendgrid.webhook import parse
from engage.db.session import Database
from engage.messages.ledger_statements import NOT_BEGUN
from engage.messages.receipts import record_receipts
from engage.messages.tables import Attempt, Message
from tests.crash.workers import Workers
from tests.servers.fake_sendgrid import event_body
from tests.servers.running import accepted_ids, fake_sendgrid, smtp_sink
from tests.support.ledger import publish, queue, state_of_each, states
from tests.support.waiting import until

MESSAGES = 2000
KILLS = 8
WHOLE = 4  # at this kill the supervisor dies too
MOST_IN_DOUBT = 50
LEAST_ACCEPTED = 1500


@dataclass
class Provider:
    """Where the mail goes: what to set so that workers send there, and what the provider itself says it has taken."""

    name: str
    environment: dict[str, str]
    taken: Callable[[], list[str]]


@pytest.fixture(params=["outbox", "smtp", "sendgrid"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    """Each channel with a provider process that keeps its own log; the outbox is its folder."""
    with ExitStack() as stack:
        if request.param == "outbox":
            folder = tmp_path / "mails"
            yield Provider("outbox", {"ENGAGE_EMAIL_URL": f"outbox:{folder}"}, lambda: _files(folder))
        elif request.param == "smtp":
            sink = stack.enter_context(smtp_sink(tmp_path / "log", "--latency", "0.0005"))
            url = f"smtp://127.0.0.1:{sink.port}"
            yield Provider("smtp", {"ENGAGE_EMAIL_URL": url}, lambda: accepted_ids(sink))
        else:
            stand_in = stack.enter_context(fake_sendgrid(tmp_path / "log", "--latency", "0.01"))
            url = f"http://127.0.0.1:{stand_in.port}"
            environment = {"ENGAGE_EMAIL_URL": "sendgrid:", "ENGAGE_SENDGRID_URL": url, "SENDGRID_API_KEY": "SG.test"}
            yield Provider("sendgrid", environment, lambda: accepted_ids(stand_in))


@pytest.mark.timeout(600)
def test_killed_workers_send_nothing_twice_and_lose_nothing(
    database_url: str, database: Database, provider: Provider, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    with database.transaction() as session:
        ids = queue(session, publish(session, now=now), MESSAGES, now=now)
    chance = random.Random(f"{provider.name} {database.dialect}")
    processes = 1 if database.dialect == "sqlite" else 2
    doubts: set[tuple[str, int]] = set()
    with Workers(
        tmp_path, {**provider.environment, "ENGAGE_DATABASE_URL": database_url}, processes=processes
    ) as workers:
        for number in range(1, KILLS + 1):
            goal = number * MESSAGES // (KILLS + 2) + chance.randrange(100)
            until(lambda: len(provider.taken()) >= goal)  # noqa: B023
            workers.kill(lambda: _report(database, provider, number, doubts), whole=number == WHOLE)  # noqa: B023
        until(lambda: not states(database).keys() & {"queued", "sending"})
    _check(database, provider, ids)


def _report(database: Database, provider: Provider, number: int, doubts: set[tuple[str, int]]) -> None:
    """What one kill left in doubt, counted before anybody goes on; doubts of earlier kills may still be unswept."""
    attempted = (Attempt.message_id == Message.id) & (Attempt.number == Message.fence)
    in_hand = select(Message.public_id, Message.fence).join(Attempt, attempted)
    in_hand = in_hand.where(Message.state == "sending", ~NOT_BEGUN)
    with database.reading() as session:
        left = {(row.public_id, row.fence) for row in session.execute(in_hand)} - doubts
    doubts |= left
    where = f"{provider.name} on {database.dialect}"
    print(f"{where}: kill {number} after {len(provider.taken())} taken left {len(left)} in doubt")
    assert len(left) <= MOST_IN_DOUBT


def _check(database: Database, provider: Provider, ids: list[str]) -> None:
    taken = Counter(provider.taken())
    ledger = state_of_each(database)
    found = states(database)
    print(f"{provider.name} on {database.dialect}: {dict(found)}, {len(taken)} in the provider's log")
    assert [key for key, times in taken.items() if times > 1] == [], "sent twice"
    assert set(ledger) == set(ids)
    assert set(found) <= {"accepted", "unknown"}
    assert {key for key, state in ledger.items() if state == "accepted"} <= set(taken), "accepted, but never sent"
    assert set(taken) <= set(ids)
    assert found["accepted"] >= LEAST_ACCEPTED
    assert _accepted_attempts(database) <= 1
    if provider.name == "outbox":
        assert set(found) == {"accepted"}, "the outbox can tell, so no doubt remains"
    if provider.name == "sendgrid":
        _receipts_end_the_doubts(database, taken)


def _receipts_end_the_doubts(database: Database, taken: Counter[str]) -> None:
    raw = json.dumps([event_body({"event": "processed", "message_id": key}) for key in taken]).encode()
    with database.transaction() as session:
        record_receipts(session, parse(raw), now=datetime.now(UTC))
    assert {key for key, state in state_of_each(database).items() if state == "accepted"} == set(taken)


def _files(folder: Path) -> list[str]:
    return [path.stem for path in folder.glob("msg_*.eml")]


def _accepted_attempts(database: Database) -> int:
    """The most acceptances that any one message has."""
    asked = select(func.count()).where(Attempt.outcome == "accepted").group_by(Attempt.message_id)
    with database.reading() as session:
        return max(session.scalars(asked))
