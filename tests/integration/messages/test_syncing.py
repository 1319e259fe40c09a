"""Suppressions shared with SendGrid's own lists, over HTTP: pulled once, pushed once, let go on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from engage.channels.email.recording import RecordingChannel
from engage.channels.email.sendgrid.suppressions import SendGridSuppressions
from engage.cli.main import engage
from engage.clock import Clock
from engage.db.session import Database
from engage.errors import ProviderError
from engage.ids import Seal
from engage.messages.links import Links
from engage.messages.preferring import begin_again
from engage.messages.suppressing import Stopped, suppress
from engage.messages.syncing import Synced, sync
from engage.messages.tables import SharedSuppression, Suppression
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock
from engage.worker.rounds import Parts, Rounds
from tests.integration.messages.scene import play
from tests.servers.running import Running, fake_sendgrid

GROUPS = {"product": 7, "usage_review": 8}
SEAL = Seal("secret")


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Running]:
    with fake_sendgrid(tmp_path / "log") as running:
        yield running


def lists(provider: Running, key: str = "SG.test") -> SendGridSuppressions:
    return SendGridSuppressions(key, f"http://127.0.0.1:{provider.port}", GROUPS)


def put(provider: Running, name: str, *addresses: str, created: int = 1_790_000_000) -> None:
    for address in addresses:
        provider.control("suppressions", list=name, email=address, created=created)


def stop(
    database: Database, address: str, topic: str = "*", reason: str = "unsubscribed", source: str = "link"
) -> None:
    with database.transaction() as session:
        suppress(session, [Stopped(address, topic, reason, source, MONDAY)])


def stopped(database: Database) -> set[tuple[str, str, str, str]]:
    asked = select(Suppression.address_key, Suppression.topic, Suppression.reason, Suppression.source)
    with database.reading() as session:
        return {tuple(row) for row in session.execute(asked)}  # type: ignore[misc]


def test_what_sendgrids_lists_say_stops_here_too(database: Database, provider: Running) -> None:
    put(provider, "bounces", "Gone@a.example")
    put(provider, "invalid_emails", "typo@a.example")
    put(provider, "spam_reports", "angry@a.example")
    put(provider, "unsubscribes", "quiet@a.example")
    put(provider, "blocks", "blocked@a.example")
    put(provider, "7", "some@a.example")
    put(provider, "99", "unknown-group@a.example")
    assert sync(database, lists(provider), Clock(), SEAL) == Synced("sendgrid", read=6, new=5, told=0, blocks=1)
    assert stopped(database) == {
        ("gone@a.example", "*", "bounced", "sendgrid"),
        ("typo@a.example", "*", "bounced", "sendgrid"),
        ("angry@a.example", "*", "complained", "sendgrid"),
        ("quiet@a.example", "*", "unsubscribed", "sendgrid"),
        ("some@a.example", "product", "unsubscribed", "sendgrid"),
    }


def test_nobody_who_was_erased_is_written_down_again(database: Database, provider: Running) -> None:
    sealed = SEAL.of_address("gone@a.example")
    stop(database, sealed, reason="erased", source="privacy")
    put(provider, "bounces", "Gone@a.example", "other@a.example")
    assert sync(database, lists(provider), Clock(), SEAL).new == 1
    assert {row[0] for row in stopped(database)} == {sealed, "other@a.example"}
    with database.reading() as session:
        assert set(session.scalars(select(SharedSuppression.address_key))) == {"other@a.example"}


def test_what_is_stopped_here_is_told_to_sendgrid_once(database: Database, provider: Running) -> None:
    stop(database, "a@a.example")
    stop(database, "b@a.example", "product")
    stop(database, "c@a.example", "no-group")
    stop(database, "d@a.example", reason="bounced", source="sendgrid")  # it knows that one itself
    assert sync(database, lists(provider), Clock(), SEAL).told == 2
    assert sync(database, lists(provider), Clock(), SEAL).told == 0
    state = provider.control("suppressions")
    assert state["lists"] == {"unsubscribes": ["a@a.example"], "7": ["b@a.example"]}
    assert sorted(state["log"]) == ["+ 7 b@a.example", "+ unsubscribes a@a.example"]


def test_what_was_let_go_is_not_taken_over_again_from_what_was_read_before(
    database: Database, provider: Running
) -> None:
    put(provider, "bounces", "a@a.example")
    put(provider, "bounces", "b@a.example", created=1_790_000_000 + 86_400)
    sync(database, lists(provider), Clock(), SEAL)
    with database.transaction() as session:
        session.delete(session.get_one(Suppression, ("a@a.example", "*")))
    put(provider, "bounces", "c@a.example", created=1_790_000_000 + 90_000)
    done = sync(database, lists(provider), Clock(), SEAL)
    assert (done.read, done.new) == (2, 1)  # only what came on it lately is read again
    assert {row[0] for row in stopped(database)} == {"b@a.example", "c@a.example"}


@pytest.mark.parametrize("has_been_read", [False, True])
def test_a_topic_that_its_reader_began_again_is_let_go_there_and_not_stopped_anew(
    database: Database, provider: Running, *, has_been_read: bool
) -> None:
    stop(database, "a@a.example", "product")
    stop(database, "b@a.example", "product")
    for _ in range(1 + has_been_read):  # the first turn tells it, the next one finds it on the list
        sync(database, lists(provider), Clock(), SEAL)
    with database.transaction() as session:
        begin_again(session, "a@a.example", ["product"])
    assert sync(database, lists(provider), Clock(), SEAL).let_go == 1
    assert sync(database, lists(provider), Clock(), SEAL).let_go == 0
    assert {row[0] for row in stopped(database)} == {"b@a.example"}
    assert provider.control("suppressions")["lists"]["7"] == ["b@a.example"]


def test_long_lists_are_read_to_their_end(database: Database, provider: Running) -> None:
    put(provider, "bounces", *(f"user-{number}@a.example" for number in range(501)))
    assert sync(database, lists(provider), Clock(), SEAL).new == 501


def test_a_heavier_reason_replaces_a_lighter_one_and_never_a_persons(database: Database, provider: Running) -> None:
    stop(database, "a@a.example", reason="bounced")
    stop(database, "b@a.example", reason="by_hand", source="cli:sato")
    put(provider, "spam_reports", "a@a.example", "b@a.example")
    sync(database, lists(provider), Clock(), SEAL)
    assert stopped(database) == {
        ("a@a.example", "*", "complained", "sendgrid"),
        ("b@a.example", "*", "by_hand", "cli:sato"),
    }


def test_a_key_that_may_not_read_the_lists_is_told_in_plain_words(database: Database, provider: Running) -> None:
    with pytest.raises(ProviderError, match="SENDGRID_API_KEY"):
        sync(database, lists(provider, key="wrong"), Clock(), SEAL)
    provider.process.kill()
    provider.process.wait()
    with pytest.raises(ProviderError, match="cannot be reached"):
        sync(database, lists(provider), Clock(), SEAL)


def test_workers_share_them_every_hour(database: Database, provider: Running) -> None:
    stop(database, "a@a.example")
    clock = FrozenClock()
    parts = Parts(database, Library(), Links("s", "http://x"), clock, RecordingChannel(), lists=[lists(provider)])
    rounds = Rounds(parts)
    assert rounds.run("suppressions") == 1
    stop(database, "b@a.example")
    assert rounds.run("suppressions") == 0
    clock.move(timedelta(hours=1))
    assert rounds.run("suppressions") == 1


def typed(*words: str, database_url: str, home: Path, port: int) -> Result:
    environment = {
        "ENGAGE_HOME": str(home),
        "ENGAGE_DATABASE_URL": database_url,
        "ENGAGE_REDIS_URL": "off",
        "ENGAGE_EMAIL_URL": "sendgrid:",
        "ENGAGE_SENDGRID_URL": f"http://127.0.0.1:{port}",
        "SENDGRID_API_KEY": "SG.test",
        "ENGAGE_SENDGRID_GROUPS": "product=7",
    }
    return CliRunner().invoke(engage, ["suppressions", *words], env=environment)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_commands_say_what_they_did(
    database: Database, database_url: str, provider: Running, tmp_path: Path
) -> None:
    play(database)

    def say(*words: str) -> str:
        done = typed(*words, database_url=database_url, home=tmp_path, port=provider.port)
        return done.output if done.exception is None else str(done.exception)

    assert say("add", "Ann@a.example", "--why", "asked on the phone") == "Ann@a.example gets no more mail\n"
    assert "stopped already" in say("add", "ann@a.example", "--why", "again")
    assert "did you mean product?" in say("add", "ann@a.example", "--topic", "prodct", "--why", "x")
    assert "name@example.com" in say("add", "ann", "--why", "x")
    assert "say why" in say("add", "ben@a.example", "--why", " ")
    assert say("add", "ben@a.example", "--topic", "product", "--why", "x") == (
        "ben@a.example gets no more mail on product\n"
    )
    assert say("sync") == "sendgrid: 0 read, 0 new here, 2 told to it\n"
    assert "ann@a.example  all mail  by_hand (by cli:" in say("list")
    assert say("remove", "ann@a.example", "--why", "she wants it again") == (
        "sendgrid has let it go\nann@a.example may have mail again\n"
    )
    assert provider.control("suppressions")["lists"] == {"7": ["ben@a.example"]}
    told = say("list", "ann@a.example")
    assert told.startswith("ann@a.example is not stopped\n")
    assert "suppressions.add: asked on the phone" in told and "suppressions.remove: she wants it again" in told
    assert "is not stopped for *" in say("remove", "ann@a.example", "--why", "x")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_while_sendgrid_cannot_be_asked_nothing_is_let_go(
    database: Database, database_url: str, provider: Running, tmp_path: Path
) -> None:
    stop(database, "a@a.example")
    provider.process.kill()
    provider.process.wait()
    words = ("remove", "a@a.example", "--why", "x")
    done = typed(*words, database_url=database_url, home=tmp_path, port=provider.port)
    assert isinstance(done.exception, ProviderError)
    assert len(stopped(database)) == 1
    done = typed(*words, "--only-here", database_url=database_url, home=tmp_path, port=provider.port)
    assert done.exit_code == 0 and stopped(database) == set()
