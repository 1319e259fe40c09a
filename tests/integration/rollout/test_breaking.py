"""Too many bounces or complaints stop the playbook or the domain: with a task, nothing lost, until a person acts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from engage.channels.base import Receipt
from engage.channels.email.recording import RecordingChannel
from engage.cli.main import engage
from engage.db.session import Database
from engage.messages.braking import in_force
from engage.messages.receipts import record_receipts
from engage.messages.tables import Attempt, DeliveryHour, GateCheck, Message
from engage.messages.tallies import Fared, by_domain, by_playbook, how_mail_fared
from engage.messages.thresholds import read_thresholds
from engage.releases.library import Library
from engage.releases.pauses import pauses
from engage.releases.tables import PlaybookVersion, Release
from engage.rollout.breaking import look_at_delivery
from engage.rollout.pausing import resume
from engage.tasks.tables import Task
from engage.testing import MONDAY, FrozenClock
from tests.integration.messages.test_delivering import messages, run
from tests.support.ledger import publish, queue

THRESHOLDS = read_thresholds("bounces=5%/10 complaints=0.2%/3")
HOUR = timedelta(hours=1)


class Post:
    """Mail of two playbooks from one domain, and what comes back."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.written = database, FrozenClock(), 0
        with database.transaction() as session:
            self.templates = publish(session, now=MONDAY)
            release = session.scalars(select(Release.id)).one()
            for key in ("good", "bad"):
                said = {"key": key, "version": 1, "release_id": release, "file": key, "sha": key, "source": ""}
                session.add(PlaybookVersion(**said, templates={}, created_at=MONDAY))

    def send(self, count: int, playbook: str = "bad") -> list[str]:
        """Writes mails down that have gone out, as delivery does."""
        now = self.clock.now()
        gone = {"state": "accepted", "accepted_at": now, "ended_at": now, "due_at": None, "fence": 1, "sha": "x"}
        with self.database.transaction() as session:
            said = {"first": self.written, "playbook_key": playbook, **gone}
            ids = queue(session, self.templates, count, now=now, **said)
            of_these = select(Message.id).where(Message.public_id.in_(ids))
            for key in session.scalars(of_these).all():
                check = {"phase": "send", "verdict": "allow", "at": now, "inputs": {}}
                session.add(GateCheck(message_id=key, **check))
                tried = {"number": 1, "provider": "first", "domain": "example.com", "outcome": "accepted"}
                session.add(Attempt(message_id=key, started_at=now, ended_at=now, **tried))
        self.written += count
        return ids

    def write(self, count: int, playbook: str) -> None:
        """Mails that are due, and handed over if nothing speaks against it."""
        with self.database.transaction() as session:
            now = self.clock.now()
            queue(session, self.templates, count, now=now, first=self.written, playbook_key=playbook)
        self.written += count
        run(self.database, RecordingChannel(), self.clock)

    def comes_back(self, ids: list[str], kind: str = "bounced", key: str = "") -> None:
        now = self.clock.now()
        told = [Receipt("sendgrid", f"{one}:{kind}{key}", one, kind, now, None, None, {}) for one in ids]
        with self.database.transaction() as session:
            record_receipts(session, told, now=now)

    def look(self) -> int:
        with self.database.transaction() as session:
            return look_at_delivery(session, Library(), THRESHOLDS, now=self.clock.now())

    def fared(self) -> dict[Any, Fared]:
        with self.database.reading() as session:
            return how_mail_fared(session, since=self.clock.now() - timedelta(days=7), now=self.clock.now())

    def stopped(self) -> tuple[list[str], list[str]]:
        """The playbooks that are paused, the domains that are stopped."""
        with self.database.reading() as session:
            return sorted(pauses(session)), [brake.name for brake in in_force(session, now=self.clock.now())]

    def tasks(self) -> list[Task]:
        with self.database.reading() as session:
            return list(session.scalars(select(Task).order_by(Task.id)))


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


def test_figures_stay_the_same_when_their_hours_are_over_and_however_often_receipts_come(post: Post) -> None:
    ids = post.send(20) + post.send(5, "good")
    post.comes_back(ids[:4])
    post.comes_back(ids[:4], key=":again")
    post.comes_back(ids[3:5], "complained")
    once = post.fared()
    assert by_domain(once) == {"example.com": Fared(25, 4, 2)}
    assert by_playbook(once) == {"bad": Fared(20, 4, 2), "good": Fared(5, 0, 0)}
    for _ in range(3):
        post.clock.move(2 * HOUR)
        post.look()
        assert post.fared() == once
    post.comes_back(ids[:4], key=":much later")
    assert post.fared() == once
    with post.database.reading() as session:
        hours = session.scalars(select(DeliveryHour.hour).distinct()).all()
    assert len(hours) == 3  # that of the mails, and how far the later looks came


def test_a_playbook_whose_mail_bounces_is_paused_with_a_task_and_the_others_go_on(post: Post) -> None:
    ids = post.send(40) + post.send(60, "good")
    post.comes_back(ids[:9])
    assert post.look() == 0  # too few to tell
    post.comes_back(ids[9:10])
    assert post.look() == 1
    assert post.stopped() == (["bad"], [])
    with post.database.reading() as session:
        assert pauses(session)["bad"].reason == "10 of the 40 mails of a week bounced (25.0%)"
    (task,) = post.tasks()
    assert task.title["en"].startswith("The playbook bad is paused")
    assert "engage playbooks resume bad" in task.note["ja"] and "40通のうち10通(25.0%)" in task.note["ja"]
    assert post.look() == 0
    assert len(post.tasks()) == 1


def test_mail_of_a_playbook_that_nobody_published_is_the_domains(post: Post) -> None:
    post.comes_back(post.send(40, "unheard-of")[:10])
    assert post.look() == 1
    assert post.stopped() == ([], ["example.com"])


def test_complaints_count_more_than_bounces(post: Post) -> None:
    ids = post.send(100)
    post.comes_back(ids[:3], "complained")
    post.look()
    assert post.stopped()[0] == ["bad"]


def test_where_no_playbook_alone_is_to_blame_the_domain_is_stopped_and_what_waits_is_kept(post: Post) -> None:
    bad, good = post.send(60), post.send(60, "good")
    post.comes_back(bad[:6] + good[:6])
    assert post.look() == 1
    assert post.stopped() == ([], ["example.com"])
    assert post.tasks()[0].title["ja"].startswith("差出人ドメイン example.com")
    post.write(3, "good")
    waiting = [row for row in messages(post.database) if row.state == "queued"]
    assert {row.reason for row in waiting} == {"sending_domain_paused: example.com"}


def test_after_a_persons_word_to_go_on_only_what_happens_later_counts(post: Post) -> None:
    ids = post.send(40)
    post.comes_back(ids[:10])
    post.look()
    post.clock.move(HOUR)
    with post.database.transaction() as session:
        resume(session, Library(), "bad", by="cli:sato", now=post.clock.now())
    assert post.look() == 0
    post.clock.move(HOUR)
    more = post.send(20)
    post.comes_back(more[:9])
    assert post.look() == 0
    post.comes_back(more[9:10])
    assert post.look() == 1
    assert post.stopped()[0] == ["bad"]


def test_what_is_long_ago_counts_no_more(post: Post) -> None:
    ids = post.send(40)
    post.comes_back(ids[:9])
    post.clock.move(timedelta(days=7, hours=2))
    more = post.send(40)
    post.comes_back(more[:9])
    assert post.look() == 0


def test_with_the_thresholds_off_nothing_is_stopped(post: Post) -> None:
    ids = post.send(40)
    post.comes_back(ids)
    with post.database.transaction() as session:
        assert look_at_delivery(session, Library(), read_thresholds("off"), now=post.clock.now()) == 0
    assert post.stopped() == ([], [])


def test_a_surge_of_soft_bounces_slows_that_domain_alone_and_passes(post: Post) -> None:
    ids = post.send(60, "good")
    with post.database.transaction() as session:
        elsewhere = Message.public_id.in_(ids[:25])
        session.execute(update(Message).where(elsewhere).values(address="somebody@Slow.example"))
    post.comes_back(ids[:19], "deferred")
    post.comes_back(ids[30:45], "deferred")
    post.comes_back(ids[19:25], "dropped")  # the provider knows these addresses: nothing is put off
    assert post.look() == 0
    post.comes_back(ids[19:20], "deferred")
    assert post.look() == 1
    assert post.stopped() == ([], ["slow.example"])
    post.clock.move(HOUR)
    assert post.stopped() == ([], [])
    post.clock.move(timedelta(days=2))
    assert post.look() == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_commands_show_stop_and_let_go(post: Post, database_url: str, tmp_path: Path) -> None:
    environment = {"ENGAGE_HOME": str(tmp_path), "ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"}
    (tmp_path / "clock").write_text(f"{(post.clock.now() - FrozenClock().real()).total_seconds()}", encoding="ascii")

    def say(*words: str) -> str:
        done = CliRunner().invoke(engage, list(words), env=environment)
        return done.output if done.exception is None else str(done.exception)

    assert say("sending", "list") == "nothing holds mail back\n"
    assert say("reports", "deliverability", "--locale", "en") == "No mail went out in this time.\n"
    ids = post.send(40)
    post.comes_back(ids[:10])
    assert say("sending", "pause", "Example.com", "--reason", "a test").startswith("example.com sends nothing until")
    assert "stopped since" in say("sending", "pause", "example.com")
    assert "there is no provider sendgrid" in say("sending", "pause", "sendgrid")
    assert "outbox takes no mail" in say("sending", "pause", "outbox")
    told = say("reports", "deliverability", "--locale", "en")
    assert "example.com       40  10 (25.00%)   0 (0.00%)  paused" in told
    assert "bad         40  10 (25.00%)   0 (0.00%)  too much" in told
    assert "example.com sends nothing since" in told and "a test" in told
    post.write(2, "bad")
    assert say("sending", "resume", "example.com") == (
        "example.com goes on; 2 messages that waited for it are due now\n"
    )
    assert say("sending", "resume", "outbox").startswith("outbox goes on")
    assert "nothing holds example.com back" in say("sending", "resume", "example.com")
