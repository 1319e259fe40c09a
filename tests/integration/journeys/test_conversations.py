"""The mails of one run to one person hang together; a first mail asks nothing of the ledger."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engage.channels.base import NotSent, OutboundEmail, Outcome
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.language.defaults import Defaults
from engage.messages.delivering import deliver
from engage.messages.links import Links
from engage.messages.tables import Message
from engage.messages.threads import load_threads
from engage.releases.library import Library
from tests.integration.journeys.stage import MAIL, Stage, tale

STEPS = f"{MAIL}\n- wait: 2 days\n{MAIL}\n  id: second\n- wait: 2 days\n{MAIL}\n  id: third\n"
LINKS = Links("secret", "https://go.sample.example")


def sent(stage: Stage, channel: RecordingChannel | None = None, **later: float) -> list[OutboundEmail]:
    """What leaves when so much time has passed."""
    channel = channel or RecordingChannel()
    stage.run(**later)
    deliver(stage.database, stage.library, channel, LINKS, stage.clock)
    stage.run()
    return channel.sent


def before(email: OutboundEmail) -> list[str]:
    return dict(email.headers).get("References", "").split()


def test_each_mail_of_a_run_names_those_before_it_and_no_others(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=STEPS), tale("other"))
    stage.library = Library(Defaults(sending_domains=("mail.sample.example",)))
    stage.say("product.opened")
    other, first = sorted(sent(stage), key=lambda email: email.category)
    (second,) = sent(stage, days=2)
    (third,) = sent(stage, days=2)

    assert [before(one) for one in (first, other, second)] == [[], [], [first.mail_id]]
    assert before(third) == [first.mail_id, second.mail_id]
    assert dict(third.headers)["In-Reply-To"] == second.mail_id == f"<{second.message_id}@mail.sample.example>"
    assert (first.from_address, first.reply_to) == ("sato@mail.sample.example", "sato@engage.example")


def test_a_message_id_stays_the_same_over_attempts_whoever_the_sender_is_by_then(
    database: Database, tmp_path: Path
) -> None:
    tried: list[OutboundEmail] = []

    def busy(email: OutboundEmail) -> Outcome:
        tried.append(email)
        return NotSent("busy", 60)

    stage = Stage(database, tmp_path, tale())
    stage.say("product.opened")
    sent(stage, RecordingChannel(busy))
    stage.library = Library(Defaults(sending_domains=("mail.sample.example",)))
    (again,) = sent(stage, hours=1)

    assert (again.mail_id, again.attempt) == (tried[0].mail_id, 2)
    assert again.from_address != tried[0].from_address
    assert stage.rows(Message, Message.mail_id) == [f"<{again.message_id}@engage.example>"]


def test_a_mail_that_did_not_go_is_not_named(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=STEPS))
    stage.say("product.opened")
    stage.run()
    stage.settle("skipped", "churned")
    (second,) = sent(stage, days=2)

    assert before(second) == []


def test_the_first_mails_of_runs_ask_nothing_of_the_ledger() -> None:
    nothing: Any = None
    first = SimpleNamespace(channel="email", origin="enrolment", inputs={})

    assert load_threads(nothing, [first]) == {}
