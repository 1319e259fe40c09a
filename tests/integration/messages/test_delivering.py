"""Delivery through the ledger: claimed, judged, noted, handed over, written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import select, update

from engage.channels.base import WINDOW, Accepted, NotSent, OutboundEmail, Outcome, Rejected, Unknown
from engage.channels.email.mime import to_bytes
from engage.channels.email.recording import RecordingChannel
from engage.channels.in_app.tables import InAppItem
from engage.clock import Clock
from engage.customers.tables import Account, Consent, Contact, Membership
from engage.db.session import Database
from engage.errors import StoreUnavailableError
from engage.events.tables import Event
from engage.messages.contexts import plain
from engage.messages.delivering import Pace, deliver
from engage.messages.links import Links
from engage.messages.rendering import fingerprint
from engage.messages.sweeping import sweep
from engage.messages.tables import Attempt, GateCheck, Message, Suppression
from engage.messages.unknowns import list_doubts
from engage.releases.library import Library
from engage.releases.tables import TemplateVersion
from engage.staff.tables import StaffMember
from engage.testing import MONDAY, FrozenClock, make_account, make_contact
from tests.support.ledger import publish, queue

LINKS = Links("secret", "https://engage.example.com")


def queued(database: Database, count: int, **said: Any) -> list[str]:
    with database.transaction() as session:
        return queue(session, publish(session, now=MONDAY), count, now=MONDAY, **said)


def run(database: Database, channel: RecordingChannel, clock: Clock | None = None, **said: Any) -> int:
    return deliver(database, Library(), channel, LINKS, clock or FrozenClock(), **said)


def messages(database: Database) -> Sequence[Any]:
    with database.reading() as session:
        return session.execute(select(Message.__table__).order_by(Message.id)).all()  # type: ignore[arg-type]


def attempts(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        asked = select(Attempt.number, Attempt.provider, Attempt.outcome, Attempt.provider_id, Attempt.detail)
        return [tuple(row) for row in session.execute(asked.order_by(Attempt.message_id, Attempt.number))]


def test_due_messages_go_out_once_and_the_ledger_says_so(database: Database) -> None:
    ids = queued(database, 60)
    channel = RecordingChannel()
    assert run(database, channel) == 60
    assert run(database, channel) == 0
    assert sorted(email.message_id for email in channel.sent) == sorted(ids)
    assert {row.state for row in messages(database)} == {"accepted"}
    assert attempts(database) == [(1, "recording", "accepted", public_id, None) for public_id in ids]
    for row in messages(database):
        assert (row.accepted_at, row.ended_at, row.due_at, row.lease_until, row.fence) == (
            MONDAY,
            MONDAY,
            None,
            None,
            1,
        )
        assert row.sha is not None


def test_a_mail_carries_all_that_its_reader_and_the_mail_programs_need(database: Database) -> None:
    (public_id,) = queued(database, 1, cc=[copied(database)])
    channel = RecordingChannel()
    run(database, channel)
    (email,) = channel.sent
    assert (email.to_name, email.to_address) == ("Ann0 Smith", "user-0@customer.example")
    assert (email.from_name, email.from_address) == ("Example team", "team@example.com")
    assert email.cc == (("Ben Stone", "ben@customer.example"),)
    assert email.subject == "Hello Ann0"
    assert "https://engage.example.com/click/" in email.html
    assert "Dear Ann0," in email.text
    headers = dict(email.headers)
    assert headers["List-Unsubscribe"] == f"<{LINKS.unsubscribe_url(public_id)}>"
    assert "List-Unsubscribe-Post" not in headers  # a copied reader's one click would speak for the addressee


def copied(database: Database, word: str = "ben", **said: Any) -> int:
    """Somebody of the customer who is to get a copy."""
    with database.transaction() as session:
        account = session.scalar(select(Account)) or make_account(session)
        person = {"family_name": "Stone", "given_name": word.title()} | said
        return make_contact(session, account, word, **person).id


def suppress(database: Database, address: str, topic: str = "*") -> None:
    with database.transaction() as session:
        session.add(Suppression(address_key=address, topic=topic, reason="complained", source="test", at=MONDAY))


def left_out(database: Database) -> list[tuple[str, str | None]]:
    """What the gate answered about the copies."""
    with database.reading() as session:
        (inputs,) = session.scalars(select(GateCheck.inputs)).all()
    return [(one["contact"], one["left_out"]) for one in inputs["copies"]]


def test_a_copy_that_may_not_go_is_left_out_and_the_mail_still_goes(database: Database) -> None:
    people = {
        "ben": copied(database),
        "gone": copied(database, "gone", left_at=MONDAY),
        "mute": copied(database, "mute", email=None),
        "angry": copied(database, "angry"),
        "tired": copied(database, "tired"),
        "moved": copied(database, "moved"),
        "twin": copied(database, "twin", email="Ben@customer.example"),
        "same": copied(database, "same", email="USER-0@customer.example"),
    }
    queued(database, 1, cc=list(people.values()))
    suppress(database, "angry@customer.example")
    with database.transaction() as session:
        session.add(Consent(
            contact_id=people["tired"], topic="news", state="withdrawn", basis="x", evidence="", at=MONDAY
        ))  # fmt: skip
        session.execute(update(Membership).where(Membership.contact_id == people["moved"]).values(until=MONDAY))
    channel = RecordingChannel()
    run(database, channel)

    assert [(email.to_address, email.cc) for email in channel.sent] == [
        ("user-0@customer.example", (("Ben Stone", "ben@customer.example"),))
    ]
    assert left_out(database) == [
        ("ben", None),
        ("gone", "recipient_gone_left"),
        ("mute", "recipient_gone_no_address"),
        ("angry", "address_suppressed"),
        ("tired", "opted_out"),
        ("moved", "recipient_gone_moved"),
        ("twin", "same_address"),
        ("same", "same_address"),
    ]


def test_a_mail_whose_only_copy_is_left_out_is_an_ordinary_mail_again(database: Database) -> None:
    queued(database, 1, cc=[copied(database)])
    suppress(database, "ben@customer.example", topic="news")
    channel = RecordingChannel()
    run(database, channel)

    assert channel.sent[0].cc == ()
    assert dict(channel.sent[0].headers)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_copy_goes_to_the_address_of_today(database: Database) -> None:
    ben = copied(database)
    queued(database, 1, cc=[ben])
    with database.transaction() as session:
        changed = {"email": "new@customer.example", "address_key": "new@customer.example"}
        session.execute(update(Contact).where(Contact.id == ben).values(changed))
    channel = RecordingChannel()
    run(database, channel)

    assert channel.sent[0].cc == (("Ben Stone", "new@customer.example"),)


def test_a_mail_without_copies_offers_the_one_click(database: Database) -> None:
    queued(database, 1)
    channel = RecordingChannel()
    run(database, channel)
    assert dict(channel.sent[0].headers)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_person_signs_where_one_is_named_and_a_contracts_own_mail_offers_no_unsubscribing(
    database: Database,
) -> None:
    with database.transaction() as session:
        sato = StaffMember(
            public_id="stf_1", email="sato@example.com", role="csm", family_name="佐藤", given_name="花子",
            created_at=MONDAY,
        )  # fmt: skip
        session.add(sato)
        session.flush()
        staff_id = sato.id
    queued(database, 1, sender_staff_id=staff_id, purpose="transactional")
    channel = RecordingChannel()
    run(database, channel)
    assert (channel.sent[0].from_name, channel.sent[0].from_address) == ("佐藤 花子", "sato@example.com")
    assert "List-Unsubscribe" not in dict(channel.sent[0].headers)


def test_nothing_goes_before_its_time(database: Database) -> None:
    queued(database, 2, due_at=MONDAY + timedelta(minutes=1))
    clock = FrozenClock()
    assert run(database, RecordingChannel(), clock) == 0
    clock.move(timedelta(minutes=1))
    assert run(database, RecordingChannel(), clock) == 2


def test_an_attempt_is_committed_before_the_call(database: Database) -> None:
    queued(database, 1)
    seen: list[Any] = []

    def look(email: OutboundEmail) -> Outcome:
        seen.extend([(row.state, row.fence) for row in messages(database)] + attempts(database))
        return Accepted("x")

    run(database, RecordingChannel(look))
    assert seen == [("sending", 1), (1, "recording", None, None, None)]


@pytest.mark.parametrize(
    ("outcome", "state", "ended"),
    [
        (Rejected("550 no such user"), "rejected", True),
        (NotSent("busy", 90), "queued", False),
        (Unknown("no answer"), "unknown", False),
    ],
)
def test_every_other_outcome_has_its_own_end(database: Database, outcome: Outcome, state: str, ended: bool) -> None:
    queued(database, 1)
    run(database, RecordingChannel(lambda _email: outcome))
    (row,) = messages(database)
    assert (row.state, row.reason, row.ended_at is not None) == (state, outcome.reason, ended)  # type: ignore[union-attr]
    assert row.lease_until is None
    if state == "queued":
        assert row.due_at == MONDAY + timedelta(seconds=90)


def test_what_was_surely_not_sent_goes_out_later_with_the_next_fence(database: Database) -> None:
    (public_id,) = queued(database, 1)
    clock = FrozenClock()
    run(database, RecordingChannel(lambda _email: NotSent("busy", 90)), clock)
    clock.move(timedelta(seconds=90))
    run(database, RecordingChannel(), clock)
    assert attempts(database) == [
        (1, "recording", "not_sent", None, "busy"),
        (2, "recording", "accepted", public_id, None),
    ]


def test_a_provider_that_takes_nothing_is_not_asked_for_the_whole_queue(database: Database) -> None:
    queued(database, 3 * WINDOW)
    asked: list[str] = []

    def refuse(email: OutboundEmail) -> Outcome:
        asked.append(email.message_id)
        return NotSent("down", 90)

    assert run(database, Blind(refuse)) == 3 * WINDOW
    assert len(asked) == WINDOW
    assert {(row.state, row.reason, row.due_at) for row in messages(database)} == {
        ("queued", "down", MONDAY + timedelta(seconds=90))
    }


def test_a_channel_that_breaks_its_word_leaves_its_window_in_doubt(database: Database) -> None:
    queued(database, 1)

    def explode(email: OutboundEmail) -> Outcome:
        raise RuntimeError("bug")

    run(database, RecordingChannel(explode))
    assert [row.state for row in messages(database)] == ["unknown"]


def test_an_unsubscribe_that_came_first_wins(database: Database) -> None:
    queued(database, 2)
    with database.transaction() as session:
        address = "user-1@customer.example"
        session.add(Suppression(address_key=address, topic="*", reason="by_hand", source="test", at=MONDAY))
    channel = RecordingChannel()
    run(database, channel)
    assert [email.to_address for email in channel.sent] == ["user-0@customer.example"]
    assert [(row.state, row.reason) for row in messages(database)] == [
        ("accepted", None),
        ("skipped", "address_suppressed"),
    ]
    with database.reading() as session:
        assert session.scalars(select(Event.name)).all() == ["message.skipped"]
        assert sorted(session.scalars(select(GateCheck.verdict))) == ["allow", "skip"]


def test_a_mail_goes_to_the_address_the_gate_has_judged(database: Database) -> None:
    queued(database, 1)
    with database.transaction() as session:
        session.execute(update(Contact).values(email="new@customer.example", address_key="new@customer.example"))
    channel = RecordingChannel()
    run(database, channel)
    assert channel.sent[0].to_address == messages(database)[0].address == "new@customer.example"


def test_outside_business_hours_a_mail_waits(database: Database) -> None:
    queued(database, 1, hours="business")
    clock = FrozenClock(MONDAY + timedelta(hours=12))
    channel = RecordingChannel()
    assert run(database, channel, clock) == 1
    (row,) = messages(database)
    assert (row.state, row.reason) == ("queued", "closed_hours")
    assert row.due_at > clock.now()
    assert run(database, channel, clock) == 0
    clock.move_to(row.due_at)
    run(database, channel, clock)
    assert len(channel.sent) == 1
    assert (messages(database)[0].state, messages(database)[0].reason) == ("accepted", None)


@pytest.mark.parametrize("inputs", [{}, {"contact": {"given_name": ""}}, {"contact": {"given_name": "Ann"}}])
def test_a_mail_without_its_facts_is_held_with_a_reason_and_stops_no_other(
    database: Database, inputs: dict[str, Any]
) -> None:
    with database.transaction() as session:
        templates = publish(session, now=MONDAY)
        queue(session, templates, 1, now=MONDAY, inputs=inputs)
        queue(session, templates, 1, now=MONDAY, first=1)
    run(database, RecordingChannel())
    broken, good = messages(database)
    assert (broken.state, good.state) == ("held", "accepted")
    assert broken.due_at > MONDAY
    assert broken.reason.startswith(("facts_missing: contact.given_name", "render_failed: "))


def test_one_mail_that_cannot_be_made_among_many_waits_with_its_reason_and_the_others_go(database: Database) -> None:
    with database.transaction() as session:
        templates = publish(session, now=MONDAY)
        version = session.get_one(TemplateVersion, templates["email"])
        version.html = "<p>{{ salutation }}</p><p>{{ usage.events | number }}</p>"
        version.sha = "3"
        facts = {"contact": {"given_name": "Ann"}, "salutation": "Dear Ann,", "usage": {"events": 3}}
        queue(session, templates, 30, now=MONDAY, inputs=facts)
        queue(session, templates, 1, now=MONDAY, first=30, inputs=facts | {"usage": {"events": "many"}})
        queue(session, templates, 30, now=MONDAY, first=31, inputs=facts)
    channel = RecordingChannel()
    run(database, channel)
    broken = [row for row in messages(database) if row.state != "accepted"]

    assert (len(channel.sent), len(broken)) == (60, 1)
    assert broken[0].state == "held" and "this is not a number" in broken[0].reason
    assert broken[0].due_at > MONDAY


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\u2029", "\u0085", "\x0b"])
def test_a_name_with_a_line_end_writes_no_header(database: Database, end: str) -> None:
    name = f"Ann{end}Bcc: everyone@evil.example"
    with database.transaction() as session:
        templates = publish(session, now=MONDAY)
        facts = {"contact": {"given_name": plain(name, UTC)}, "salutation": "Dear Ann,"}
        queue(session, templates, 1, now=MONDAY, inputs=facts)
        session.execute(update(Contact).values(given_name=name.replace(end, " ")))
    channel = RecordingChannel()
    run(database, channel)
    mail = message_from_bytes(to_bytes(channel.sent[0]), policy=policy.default)

    assert mail["Bcc"] is None
    assert [one.addr_spec for one in mail["To"].addresses] == ["user-0@customer.example"]
    assert "\n" not in mail["Subject"] and mail["Subject"].startswith("Hello Ann")


def test_an_in_app_message_is_delivered_by_its_row(database: Database) -> None:
    with database.transaction() as session:
        templates = publish(session, now=MONDAY)
        said = {"channel": "in_app", "template_version_id": templates["in_app"], "wakes": True}
        queue(session, templates, 3, now=MONDAY, **said)
    channel = RecordingChannel()
    assert run(database, channel) == 3
    assert channel.sent == []
    assert {row.state for row in messages(database)} == {"accepted"}
    assert attempts(database) == [(1, "in_app", "accepted", None, None)] * 3
    with database.reading() as session:
        assert list(session.scalars(select(InAppItem.title).order_by(InAppItem.id))) == [
            "Hi Ann0",
            "Hi Ann1",
            "Hi Ann2",
        ]
        assert session.scalars(select(Event.name)).all() == ["message.accepted"] * 3


def test_a_journey_that_waits_is_told_and_others_cost_nothing(database: Database) -> None:
    with database.transaction() as session:
        templates = publish(session, now=MONDAY)
        queue(session, templates, 1, now=MONDAY, wakes=True)
        queue(session, templates, 1, now=MONDAY, first=1)
    run(database, RecordingChannel())
    with database.reading() as session:
        (event,) = session.execute(select(Event.name, Event.properties)).all()
    assert event.name == "message.accepted"
    assert event.properties["origin_id"] == 0


def test_outcomes_survive_a_commit_that_fails(database: Database) -> None:
    queued(database, 1)

    class Failing(Database):
        """Fails the transaction after the first, as a deadlock would."""

        count = 0

        def transaction(self) -> Any:
            self.count += 1
            opened = super().transaction()
            return broken(opened) if self.count == 2 else opened

    failing = Failing(database.url)
    run(failing, RecordingChannel())  # type: ignore[arg-type]
    failing.close()
    assert [row.state for row in messages(database)] == ["accepted"]


def broken(opened: Any) -> Any:
    @contextmanager
    def fails() -> Any:
        with opened as session:
            yield session
            raise StoreUnavailableError("the connection was lost")

    return fails()


class Blind(RecordingChannel):
    """Cannot tell afterwards, as SMTP."""

    window = WINDOW

    def evidence(self, message_id: str) -> None:
        return None


def die_after(count: int, channel: RecordingChannel) -> RecordingChannel:
    """The channel, in a process that dies when it has handed over so many."""

    def answer(_email: OutboundEmail) -> Outcome:
        if len(channel.sent) >= count:
            raise KeyboardInterrupt
        return Accepted("x")

    channel._answer = answer
    real = channel.send
    channel.send = lambda batch: [real([email])[0] for email in batch]  # type: ignore[method-assign]
    return channel


def test_a_process_that_died_leaves_messages_in_doubt_which_are_never_sent_again(database: Database) -> None:
    queued(database, 5)
    channel, clock = die_after(2, Blind()), FrozenClock()
    with pytest.raises(KeyboardInterrupt):
        run(database, channel, clock)
    assert sweep(database, channel, clock) == 0, "its lease still runs"
    clock.move(timedelta(seconds=61))
    assert sweep(database, channel, clock) == 5
    assert {row.state for row in messages(database)} == {"unknown"}
    assert run(database, Blind(), clock) == 0


def test_what_had_no_turn_yet_when_its_process_died_is_in_no_doubt(database: Database) -> None:
    queued(database, 3 * WINDOW)
    channel, clock = die_after(WINDOW + 2, Blind()), FrozenClock()
    with pytest.raises(KeyboardInterrupt):
        run(database, channel, clock)
    clock.move(timedelta(seconds=61))
    with database.reading() as session:
        assert len(list_doubts(session, now=clock.now())) == WINDOW
    assert sweep(database, channel, clock) == 2 * WINDOW
    assert Counter(row.state for row in messages(database)) == {"accepted": WINDOW, "unknown": WINDOW, "queued": WINDOW}
    clock.move(timedelta(seconds=1))
    after = Blind()
    assert run(database, after, clock) == len(after.sent) == WINDOW
    assert not {email.message_id for email in after.sent} & {email.message_id for email in channel.sent}


def test_a_process_that_was_only_asleep_begins_nothing_more_of_what_was_given_up(database: Database) -> None:
    queued(database, 3 * WINDOW)
    clock, asked = FrozenClock(), iter(range(3 * WINDOW))

    def fall_asleep(email: OutboundEmail) -> Outcome:
        if next(asked) == 2:
            clock.move(timedelta(seconds=61))
            sweep(database, Blind(), clock)
        return Accepted("late")

    asleep = Blind(fall_asleep)
    run(database, asleep, clock, limit=3 * WINDOW)
    assert len(asleep.sent) == WINDOW
    assert Counter(row.state for row in messages(database)) == {"accepted": WINDOW, "queued": 2 * WINDOW}
    clock.move(timedelta(seconds=1))
    after = RecordingChannel()
    run(database, after, clock)
    assert len(after.sent) == 2 * WINDOW


class HurryingClock(FrozenClock):
    """A lease runs out between any two looks at it."""

    def now(self) -> datetime:
        return self.move(timedelta(seconds=61)) - timedelta(seconds=61)


def test_of_a_batch_whose_lease_runs_out_during_the_sweep_nothing_leaves_twice(database: Database) -> None:
    ids = queued(database, 3 * WINDOW)
    clock, asked = FrozenClock(), iter(range(3 * WINDOW))

    def be_swept(email: OutboundEmail) -> Outcome:
        if next(asked) == 2:
            sweep(database, Blind(), HurryingClock(clock.now()))
        return Accepted("late")

    slow, after = Blind(be_swept), RecordingChannel()
    run(database, slow, clock, limit=3 * WINDOW)
    clock.move(timedelta(seconds=61))
    run(database, after, clock)
    assert sorted(email.message_id for email in (*slow.sent, *after.sent)) == sorted(ids)


def test_a_slow_provider_gets_no_more_of_a_batch_than_its_lease_covers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(database, 3 * WINDOW)
    monkeypatch.setattr("engage.messages.delivering._LONGEST", 0.0)
    channel = Blind()
    run(database, channel, limit=3 * WINDOW)
    assert len(channel.sent) == WINDOW
    assert Counter(row.state for row in messages(database)) == {"accepted": WINDOW, "queued": 2 * WINDOW}


def test_the_pace_follows_the_provider() -> None:
    pace = Pace()
    for seconds, size in ((0.1, 50), (0.1, 100), (0.1, 200), (0.1, 200), (9.0, 100), (9.0, 50), (9.0, 25), (9.0, 25)):
        pace.learn(seconds)
        assert pace.size == size


def test_a_provider_that_can_tell_ends_the_doubt(database: Database) -> None:
    queued(database, 5)
    channel, clock = die_after(2, RecordingChannel()), FrozenClock()
    with pytest.raises(KeyboardInterrupt):
        run(database, channel, clock)
    clock.move(timedelta(seconds=61))
    assert sweep(database, channel, clock) == 5
    assert [row.state for row in messages(database)] == ["accepted"] * 2 + ["queued"] * 3
    clock.move(timedelta(seconds=1))
    after = RecordingChannel()
    run(database, after, clock)
    assert len(after.sent) == 3


def test_a_slow_process_may_still_tell_the_truth_but_not_after_somebody_else_has_tried(database: Database) -> None:
    queued(database, 2)
    clock = FrozenClock()

    def swept_meanwhile(_email: OutboundEmail) -> Outcome:
        clock.move(timedelta(seconds=61))
        sweep(database, Blind(), clock)
        return Accepted("late")

    run(database, RecordingChannel(swept_meanwhile), clock)
    assert [row.state for row in messages(database)] == ["accepted", "accepted"]
    assert [row[2] for row in attempts(database)] == ["accepted", "accepted"]


def test_the_provider_of_another_day_is_not_asked_about_todays_messages(database: Database) -> None:
    queued(database, 1)
    channel, clock = die_after(0, Blind()), FrozenClock()
    channel.name = "smtp"
    with pytest.raises(KeyboardInterrupt):
        run(database, channel, clock)
    clock.move(timedelta(seconds=61))
    sweep(database, RecordingChannel(), clock)
    assert [row.state for row in messages(database)] == ["unknown"]


def try_again_at(database: Database, address: str, **changed: Any) -> tuple[RecordingChannel, Any]:
    """A mail that was surely not sent, tried again when Engage is reached at another address."""
    queued(database, 1)
    clock, channel = FrozenClock(), RecordingChannel()
    run(database, RecordingChannel(lambda _email: NotSent("busy", 90)), clock)
    if changed:
        with database.transaction() as session:
            session.execute(update(Message).values(**changed))
    clock.move(timedelta(seconds=91))
    deliver(database, Library(), channel, Links("secret", address), clock)
    (row,) = messages(database)
    return channel, row


def test_a_changed_public_address_is_taken_into_a_mail_that_surely_was_not_sent(database: Database) -> None:
    channel, row = try_again_at(database, "https://new.example.com")
    (email,) = channel.sent
    assert (row.state, row.link_base) == ("accepted", "https://new.example.com")
    assert "https://new.example.com/click/" in email.html and "engage.example.com" not in email.html + email.text
    assert row.sha == fingerprint(email.subject, email.html, email.text)


@pytest.mark.parametrize("address", ["https://engage.example.com", "https://new.example.com"])
def test_a_mail_that_differs_in_more_than_its_address_is_held(database: Database, address: str) -> None:
    changed = {"inputs": {"contact": {"given_name": "Somebody else"}, "salutation": "Dear you"}}
    channel, row = try_again_at(database, address, **changed)
    assert channel.sent == []
    assert row.state == "held" and row.reason.startswith("render_drift")


def test_an_address_that_a_server_knows_to_be_dead_is_stopped_and_a_policy_stops_nobody(database: Database) -> None:
    queued(database, 3, cc=[copied(database)])
    answers: list[Outcome] = [
        Rejected("550 5.1.1 no such mailbox", dead=("User-0@customer.example",)),
        Rejected("550 5.7.1 not from you"),
        Accepted("ok", dead=("ben@customer.example",)),
    ]
    run(database, RecordingChannel(lambda _email: answers.pop(0)))

    with database.reading() as session:
        asked = select(Suppression.address_key, Suppression.topic, Suppression.reason).order_by(Suppression.address_key)
        stopped = [tuple(row) for row in session.execute(asked)]
    assert stopped == [("ben@customer.example", "*", "bounced"), ("user-0@customer.example", "*", "bounced")]
    assert [row.state for row in messages(database)] == ["rejected", "rejected", "accepted"]


@pytest.mark.parametrize("way", range(3))
def test_a_mail_whose_links_were_made_in_a_former_way_is_made_in_todays(database: Database, way: int) -> None:
    queued(database, 1)
    clock, channel = FrozenClock(), RecordingChannel()
    before = list(LINKS.as_before(LINKS.public_url))[way]
    deliver(database, Library(), RecordingChannel(lambda _email: NotSent("busy", 90)), before, clock)
    clock.move(timedelta(seconds=91))
    today = Links("another secret", LINKS.public_url, former_secrets=["secret"])
    deliver(database, Library(), channel, today, clock)

    assert today.click_url(channel.sent[0].message_id, "https://example.com/start") in channel.sent[0].html
