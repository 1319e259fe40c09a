"""Providers: who is asked next and who never is, who rests and for how long, how many may go; all workers know it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, func, select

from engage.channels.base import (
    WINDOW,
    Accepted,
    Declined,
    NotSent,
    OutboundEmail,
    Outcome,
    Rejected,
    Throttled,
    Unavailable,
    Unknown,
)
from engage.channels.email.recording import RecordingChannel
from engage.channels.email.routing.brakes import Allowance
from engage.channels.email.routing.health import FIRST_REST, LONGEST_REST, PATIENCE, PROBE
from engage.channels.email.routing.routes import Route, Routes
from engage.channels.email.routing.tables import Brake
from engage.channels.in_app.tables import InAppItem
from engage.db.session import Database
from engage.messages.braking import go_on, stop
from engage.messages.delivering import deliver
from engage.messages.sweeping import sweep
from engage.messages.tables import Attempt
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock
from tests.integration.messages.test_delivering import LINKS, messages, queued, run
from tests.support.ledger import publish, queue

Answer = Callable[[OutboundEmail], Outcome]
SECOND = timedelta(seconds=1)


class Windowed(RecordingChannel):
    """Holds no more messages between two commits than a real provider."""

    window = WINDOW


class Stand:
    """Some providers that answer as they are told, and a clock that is moved."""

    def __init__(self, database: Database, *names: str, pace: Allowance | None = None) -> None:
        self.database, self.clock = database, FrozenClock()
        self.answers: dict[str, Outcome | Answer] = {name: Accepted("x") for name in names}
        self.asked: Counter[str] = Counter()
        self.channels = {name: Windowed(self._answer(name)) for name in names}
        self.routes = Routes(tuple(Route(name, self.channels[name], pace) for name in names))

    def _answer(self, name: str) -> Answer:
        def answer(email: OutboundEmail) -> Outcome:
            self.asked[name] += 1
            said = self.answers[name]
            return said(email) if callable(said) else said

        return answer

    def run(self, after: timedelta = timedelta(0), **said: Any) -> int:
        self.clock.move(after)
        return deliver(self.database, Library(), self.routes, LINKS, self.clock, **said)

    def attempts(self) -> list[tuple[str, str | None]]:
        with self.database.reading() as session:
            asked = select(Attempt.provider, Attempt.outcome).order_by(Attempt.message_id, Attempt.number)
            return [tuple(row) for row in session.execute(asked)]  # type: ignore[misc]

    def states(self) -> Counter[str]:
        return Counter(row.state for row in messages(self.database))

    def brake(self, name: str = "first") -> Any:
        with self.database.reading() as session:
            return session.execute(select(Brake.__table__).where(Brake.name == name)).one_or_none()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Throttled("too many", 60), "throttled"),
        (Unavailable("down", 60), "not_sent"),
        (Declined("not this sender", 60), "declined"),
        (Declined("too large", is_final=True), "declined"),
    ],
)
def test_what_the_first_does_not_take_for_reasons_of_its_own_goes_by_the_second(
    database: Database, outcome: Outcome, word: str
) -> None:
    stand = Stand(database, "first", "second")
    stand.answers["first"] = outcome
    queued(database, 1)
    stand.run()
    assert stand.attempts() == [("first", word), ("second", "accepted")]
    assert stand.states() == {"accepted": 1}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Unknown("no answer"), "unknown"), (Rejected("550 no such user"), "rejected"), (NotSent("450 later"), "queued")],
)
def test_what_may_have_left_or_is_the_recipients_fault_is_never_given_to_the_second(
    database: Database, outcome: Outcome, state: str
) -> None:
    stand = Stand(database, "first", "second")
    stand.answers["first"] = outcome
    queued(database, 1)
    for _ in range(3):
        stand.run()
    assert [provider for provider, _ in stand.attempts()] == ["first"]
    assert stand.asked["second"] == 0
    assert stand.states() == {state: 1}


def test_whatever_three_providers_answer_nobody_is_asked_after_a_doubt(database: Database) -> None:
    stand, chance = Stand(database, "first", "second", "third"), Random(4)
    words = [Accepted("x"), Rejected("550"), NotSent("450"), Throttled("429", 5), Unavailable("down", 5)]
    words += [Declined("no", 5), Declined("never", is_final=True), Unknown("500")]
    said: dict[str, list[Outcome]] = defaultdict(list)

    def answer(email: OutboundEmail) -> Outcome:
        said[email.message_id].append(chance.choice(words))
        return said[email.message_id][-1]

    stand.answers = dict.fromkeys(stand.answers, answer)
    queued(database, 60)
    for _ in range(25):
        stand.run(timedelta(seconds=30))
    assert all(isinstance(outcome, NotSent) for outcomes in said.values() for outcome in outcomes[:-1])
    assert stand.states().keys() == {"accepted", "rejected", "unknown"}
    assert len({provider for provider, _ in stand.attempts()}) == 3


def test_the_second_hand_over_is_committed_before_its_call_too(database: Database) -> None:
    stand = Stand(database, "first", "second")
    stand.answers["first"] = Declined("not this sender")
    seen: list[Any] = []

    def look(email: OutboundEmail) -> Outcome:
        seen.extend([*stand.attempts(), email.attempt, *stand.states()])
        return Accepted("x")

    stand.answers["second"] = look
    queued(database, 1)
    stand.run()
    assert seen == [("first", "declined"), ("second", None), 2, "sending"]


def test_one_declined_mail_leaves_the_others_with_the_first(database: Database) -> None:
    stand = Stand(database, "first", "second")
    stand.answers["first"] = lambda email: Declined("no") if email.to_address.startswith("user-1@") else Accepted("x")
    queued(database, 3)
    stand.run()
    assert (stand.asked["first"], stand.asked["second"]) == (3, 1)
    assert stand.states() == {"accepted": 3}
    assert stand.brake() is None


def test_what_nobody_takes_waits_and_is_offered_to_all_again(database: Database) -> None:
    stand = Stand(database, "first", "second")
    stand.answers |= {"first": Declined("not this sender", 90), "second": Declined("nor here", 90)}
    queued(database, 1)
    stand.run()
    (row,) = messages(database)
    assert (row.state, row.reason, row.due_at) == ("queued", "nor here", MONDAY + timedelta(seconds=90))
    stand.answers["first"] = Accepted("x")
    stand.run(timedelta(seconds=90))
    assert stand.attempts()[-1] == ("first", "accepted")


@pytest.mark.parametrize("names", [("first",), ("first", "second")])
def test_what_nobody_will_ever_take_ends_with_the_reason(database: Database, names: tuple[str, ...]) -> None:
    stand = Stand(database, *names)
    stand.answers = dict.fromkeys(names, Declined("the mail is too large", is_final=True))
    queued(database, 1)
    stand.run()
    (row,) = messages(database)
    assert (row.state, row.reason, row.ended_at) == ("rejected", "the mail is too large", MONDAY)


def test_a_mail_that_one_has_declined_waits_while_the_other_rests_and_stops_nobody(database: Database) -> None:
    stand = Stand(database, "first", "second")
    stand.answers["second"] = Unavailable("down", 60)
    stand.answers["first"] = lambda email: Declined("no") if email.to_address.startswith("user-0@") else Accepted("x")
    queued(database, 4)
    stand.run()
    first, *others = messages(database)
    assert first.state == "queued" and first.due_at > MONDAY
    assert {row.state for row in others} == {"accepted"}
    stand.answers["second"] = Accepted("x")
    stand.run(timedelta(minutes=1))
    assert stand.states() == {"accepted": 4}


def test_a_mail_that_one_has_declined_goes_at_once_when_a_person_lets_the_other_go_on(database: Database) -> None:
    stand = Stand(database, "first", "second")
    stand.answers["first"] = Declined("no")
    with database.transaction() as session:
        stop(session, "provider", "second", by="cli:sato", reason="", now=MONDAY)
    queued(database, 1)
    stand.run()
    with database.transaction() as session:
        assert go_on(session, "second", by="cli:sato", now=stand.clock.now()) == 1
    stand.run()
    assert stand.states() == {"accepted": 1}


def test_a_throttled_provider_is_left_alone_by_all_workers_until_it_opens_again(database: Database) -> None:
    stand, another = Stand(database, "first"), Stand(database, "first")
    stand.answers["first"] = Throttled("429 too many requests", 42)
    queued(database, 3 * WINDOW)
    stand.run()
    asked = stand.asked["first"]
    assert {outcome for _, outcome in stand.attempts()} == {"throttled"}
    for clock in (stand, another):
        clock.run(timedelta(seconds=41))
    assert (stand.asked["first"], another.asked["first"]) == (asked, 0)
    assert stand.brake().reason == "429 too many requests"
    assert another.run(SECOND) == 3 * WINDOW
    assert stand.states() == {"accepted": 3 * WINDOW}


def test_the_pause_that_comes_with_an_acceptance_is_kept_by_all(database: Database) -> None:
    stand = Stand(database, "first")
    stand.answers["first"] = Accepted("x", pause=42)
    queued(database, WINDOW + 1)
    stand.run()
    assert stand.states() == {"accepted": WINDOW, "queued": 1}
    assert stand.run(timedelta(seconds=41)) == 0
    assert stand.run(SECOND) == 1


def test_while_the_provider_rests_what_needs_none_still_goes(database: Database) -> None:
    stand = Stand(database, "first")
    stand.answers["first"] = Throttled("later", 600)
    with database.transaction() as session:
        templates = publish(session, now=MONDAY)
        queue(session, templates, 1, now=MONDAY)
        later = {"due_at": MONDAY + SECOND}
        queue(session, templates, 1, now=MONDAY, first=5, **later)
        in_app = {"channel": "in_app", "template_version_id": templates["in_app"]}
        queue(session, templates, 1, now=MONDAY, first=6, **later, **in_app)
    stand.run()
    assert stand.run(SECOND) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(InAppItem)) == 1
    assert stand.states() == {"queued": 2, "accepted": 1}


@pytest.mark.parametrize(
    ("answer", "most_in_doubt"), [(Unavailable("refused", 1), 0), (Unknown("500"), WINDOW + 12)], ids=["away", "ill"]
)
def test_a_provider_that_is_down_for_an_hour_costs_a_few_tries_and_loses_nothing(
    database: Database, answer: Outcome, most_in_doubt: int
) -> None:
    stand = Stand(database, "first")
    stand.answers["first"] = answer
    queued(database, WINDOW + 15)
    for _ in range(60):
        stand.run(timedelta(minutes=1))
    tried = stand.asked["first"]
    assert PATIENCE <= tried <= WINDOW + 12
    assert stand.states()["unknown"] <= most_in_doubt
    assert (stand.brake().reason, stand.brake().by) == (answer.reason, "engage")  # type: ignore[union-attr]
    stand.answers["first"] = Accepted("x")
    for _ in range(16):
        stand.run(timedelta(minutes=1))
    assert stand.states()["queued"] == 0
    assert stand.states()["accepted"] == WINDOW + 15 - stand.states()["unknown"]
    assert (stand.brake().since, stand.brake().failures, stand.brake().rests) == (None, 0, 0)


def test_a_persons_word_ends_a_rest_and_what_was_not_taken_goes_at_once(database: Database) -> None:
    stand = Stand(database, "first")
    stand.answers["first"] = Unavailable("our API key is not accepted", 300)
    queued(database, 7)
    stand.run()
    stand.answers["first"] = Accepted("x")
    assert stand.run(SECOND) == 0
    with database.transaction() as session:
        assert go_on(session, "first", by="cli:sato", now=stand.clock.now()) == 7
    assert stand.run() == 7
    assert stand.states() == {"accepted": 7}


def test_rests_grow_up_to_the_longest(database: Database) -> None:
    stand = Stand(database, "first")
    stand.answers["first"] = Unavailable("down", 1)
    queued(database, 40)
    lengths = []
    for _ in range(9):
        stand.clock.move_to(max(stand.clock.now(), getattr(stand.brake(), "until", MONDAY)))
        stand.run(timedelta(seconds=1))
        lengths.append(stand.brake().until - stand.clock.now())
    assert lengths[:3] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert lengths[-1] == LONGEST_REST


def test_after_a_rest_one_mail_alone_tries_whether_it_is_back(database: Database) -> None:
    stand, another = Stand(database, "first"), Stand(database, "first")
    stand.answers["first"] = Unknown("500")
    queued(database, 2 * WINDOW)
    stand.run()
    before = stand.asked["first"]

    def meanwhile(_email: OutboundEmail) -> Outcome:
        another.clock.move_to(stand.clock.now())
        assert another.run() == 0
        return Unknown("500")

    stand.answers["first"] = meanwhile
    stand.run(FIRST_REST)
    assert (stand.asked["first"] - before, another.asked["first"]) == (1, 0)
    stand.answers["first"] = Accepted("x")
    stand.run(2 * FIRST_REST)
    assert stand.states() == {"accepted": WINDOW - 1, "unknown": WINDOW + 1}


def test_a_try_whose_worker_died_is_made_again(database: Database) -> None:
    stand, another = Stand(database, "first"), Stand(database, "first")
    stand.answers["first"] = Unavailable("down", 1)
    queued(database, 6)
    stand.run()

    def die(_email: OutboundEmail) -> Outcome:
        raise SystemExit

    stand.answers["first"] = die
    with pytest.raises(SystemExit):
        stand.run(FIRST_REST)
    another.clock.move_to(stand.clock.now())
    assert another.run(PROBE - SECOND) == 0
    assert another.run(2 * SECOND) > 0
    assert sweep(database, another.routes, another.clock) == 1
    assert another.states() == {"accepted": 5, "queued": 1}  # this provider can tell that it has not had it


def test_where_there_is_a_second_the_first_rests_at_its_first_failure(database: Database) -> None:
    stand = Stand(database, "first", "second")
    stand.answers["first"] = Unavailable("down", 1)
    with database.transaction() as session:
        templates = publish(session, now=MONDAY)
        queue(session, templates, 2, now=MONDAY)
        queue(session, templates, 2, now=MONDAY, first=5, due_at=MONDAY + SECOND)
    stand.run()
    assert stand.asked == {"first": 2, "second": 2}
    stand.answers["first"] = Accepted("x")
    stand.run(SECOND)
    assert stand.asked == {"first": 2, "second": 4}
    assert stand.states() == {"accepted": 4}


def test_a_few_failures_between_good_answers_stop_nothing(database: Database) -> None:
    stand = Stand(database, "first")
    stand.answers["first"] = lambda email: Unknown("500") if email.to_address.startswith("user-1") else Accepted("x")
    queued(database, 2 * WINDOW)
    assert stand.run() == 2 * WINDOW
    assert stand.brake() is None or stand.brake().since is None


def test_a_healthy_provider_without_a_limit_writes_nothing_down(database: Database) -> None:
    queued(database, 2 * WINDOW)
    run(database, RecordingChannel())
    with database.reading() as session:
        assert session.scalars(select(Brake.name)).all() == []


@pytest.mark.parametrize("per", [timedelta(seconds=1), timedelta(hours=1)])
def test_no_more_go_in_a_window_than_its_limit_however_many_workers_there_are(
    database: Database, per: timedelta
) -> None:
    pace = Allowance(7, per)
    stands = [Stand(database, "first", pace=pace) for _ in range(3)]
    queued(database, 40)
    for number in (1, 2):
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda stand: stand.run(), stands))
        assert sum(stand.asked["first"] for stand in stands) == 7 * number
        for stand in stands:
            stand.clock.move(per)
    assert stands[0].states() == {"accepted": 14, "queued": 26}


def test_a_limit_is_the_second_providers_too(database: Database) -> None:
    stand = Stand(database, "first", "second", pace=Allowance(3, timedelta(minutes=1)))
    stand.answers["first"] = Declined("not this sender")
    queued(database, 8)
    stand.run()
    assert stand.asked["second"] <= 3
    for _ in range(8):
        stand.run(timedelta(minutes=1))
    assert stand.states() == {"accepted": 8}


def test_a_window_that_another_clock_has_begun_is_the_one_that_counts(database: Database) -> None:
    ahead, behind = (Stand(database, "first", pace=Allowance(3, timedelta(minutes=1))) for _ in range(2))
    queued(database, 9)
    ahead.clock.move(timedelta(minutes=1))
    ahead.run()
    behind.run()
    assert (ahead.asked["first"], behind.asked["first"]) == (3, 0)


@pytest.mark.parametrize(
    ("limit", "writes"), [(None, 0), (Allowance(1000, timedelta(hours=1)), 1)], ids=["no limit", "a limit"]
)
def test_what_holds_mail_back_is_read_once_a_batch_and_written_only_where_there_is_a_limit(
    database: Database, limit: Allowance | None, writes: int
) -> None:
    stand = Stand(database, "first", pace=limit)
    with database.transaction() as session:
        templates = publish(session, now=MONDAY)
        queue(session, templates, 1, now=MONDAY)
        queue(session, templates, 3 * WINDOW, now=MONDAY, first=1, due_at=MONDAY + SECOND)
    stand.run()  # the row of a limit is made once
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2].split("WHERE")[0]))
    assert stand.run(SECOND) == 3 * WINDOW
    about = [one.split()[0] for one in said if "brakes" in one]
    assert about.count("SELECT") == 2  # the batch, and the look that finds nothing more
    assert len(about) == 2 + writes
