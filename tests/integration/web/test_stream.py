"""The live stream: who may listen, what is said, and that SQL alone is what it rests on."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from engage.channels.in_app.changes import note_changes
from engage.channels.in_app.tables import InAppInbox
from engage.clock import Clock
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.staff.tables import InAppKey
from engage.testing import make_account, make_contact
from engage.web.stream import hub
from engage.web.stream.app import PATH
from engage.wiring import Engage
from engage.worker.nudges import Nudges
from tests.support.site import installation, make_in_app_key, make_token
from tests.support.streaming import Ear, streaming
from tests.support.waiting import until

Opens = Callable[..., Ear]
clock = Clock()


@pytest.fixture
def engage(database: Database, tmp_path: Path) -> Engage:
    with database.transaction() as session:
        account = make_account(session)
        make_in_app_key(session)
        make_contact(session, account, "aiko")
        make_contact(session, account, "ben")
    return installation(database, clock, tmp_path)


@pytest.fixture
def url(engage: Engage) -> Iterator[str]:
    with streaming(engage) as url:
        yield url


def change(database: Database, user: str = "aiko") -> int:
    """Something happens to an inbox; its version after that."""
    with database.transaction() as session:
        who = session.scalars(select(Contact.id).where(Contact.external_id == user)).one()
        note_changes(session, [who], now=clock.now())
        return session.scalars(select(InAppInbox.version).where(InAppInbox.contact_id == who)).one()


@pytest.fixture
def ear() -> Iterator[Opens]:
    """Opens streams, and closes them at the end."""
    opened: list[Ear] = []

    def listen(url: str, user: str = "aiko", *, token: str | None = None, **headers: str) -> Ear:
        opened.append(Ear(url, make_token(user, clock.now()) if token is None else token, **headers))
        return opened[-1]

    yield listen
    for one in opened:
        one.close()


def test_a_change_is_told_with_its_version_and_only_to_whom_it_concerns(engage: Engage, url: str, ear: Opens) -> None:
    aiko, ben = ear(url), ear(url, "ben")
    assert aiko.answer.status == 200 and aiko.answer.headers["Content-Type"].startswith("text/event-stream")
    assert aiko.answer.headers["X-Accel-Buffering"] == "no" and "no-transform" in aiko.answer.headers["Cache-Control"]
    assert aiko.next() == ben.next() == "retry: 10000"
    version = change(engage.database)

    assert aiko.next() == f"id: {version}\nevent: changed\ndata: changed"
    change(engage.database, "ben")
    assert ben.next().startswith("id: 1\n"), "of Aiko's inbox Ben has heard nothing"


@pytest.mark.parametrize(("last", "says"), [("1", True), ("2", False), (None, False)])
def test_who_comes_back_hears_at_once_what_was_missed(
    engage: Engage, url: str, last: str | None, says: bool, ear: Opens
) -> None:
    change(engage.database), change(engage.database)
    listening = ear(url, **({"Last-Event-ID": last} if last else {}))
    assert listening.next() == "retry: 10000"
    if not says:
        change(engage.database)

    assert listening.next().startswith(f"id: {2 if says else 3}\n")


def test_an_open_stream_holds_no_connection_of_the_database(engage: Engage, url: str, ear: Opens) -> None:
    listening = [ear(url) for _ in range(5)]
    assert [one.next() for one in listening] == ["retry: 10000"] * 5

    until(lambda: engage.database.engine.pool.checkedout() == 0, seconds=20, what="giving connections back")


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("", 401, "no_token"),
        ("nonsense", 401, "bad_token"),
        (make_token("aiko", clock.now() - timedelta(hours=2)), 401, "token_expired"),
        (make_token("aiko", clock.now(), secret="forged" * 6), 401, "bad_token"),
        (make_token("aiko", clock.now(), kid="unknown"), 401, "unknown_key"),
        (make_token("somebody-new", clock.now()), 404, "not_found"),
    ],
)
def test_who_may_not_listen_is_told_why(url: str, token: str, status: int, code: str, ear: Opens) -> None:
    refused = ear(url, token=token).answer

    assert (refused.status, json.loads(refused.read())["error"]["code"]) == (status, code)


def test_pages_of_other_origins_may_not_listen(engage: Engage, tmp_path: Path, ear: Opens) -> None:
    closed = installation(engage.database, clock, tmp_path, in_app_origins=("https://app.example.com",))
    with streaming(closed) as url:
        refused = ear(url, Origin="https://evil.example").answer
        assert refused.status == 403 and "Access-Control-Allow-Origin" not in refused.headers
        listening = ear(url, Origin="https://app.example.com")
        assert listening.answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
        asked = _asked("OPTIONS", url, PATH)
        assert asked.status == 204 and "Last-Event-ID" in asked.headers["Access-Control-Allow-Headers"]
        assert _asked("GET", url, "/console/").status == 404


def test_a_stream_ends_with_its_token_or_its_key(
    engage: Engage, url: str, monkeypatch: pytest.MonkeyPatch, ear: Opens
) -> None:
    monkeypatch.setattr("engage.web.stream.app.BEAT_SECONDS", 0.1)
    run_out = ear(url, token=make_token("aiko", clock.now() - timedelta(minutes=10, seconds=58)))
    assert run_out.next() == "retry: 10000"
    while said := run_out.next():
        assert said == ": still here"
    revoked = ear(url)
    revoked.next()
    with engage.database.transaction() as session:
        session.execute(update(InAppKey).values(revoked_at=clock.now()))

    until(lambda: revoked.next() == "", seconds=30, what="the stream to end")


def test_one_reader_has_a_few_streams_and_no_more(engage: Engage, url: str, ear: Opens) -> None:
    listening = [ear(url) for _ in range(hub.MOST_FOR_ONE + 2)]
    assert [one.next() for one in listening] == ["retry: 10000"] * len(listening)

    assert [listening[0].next(), listening[1].next()] == ["", ""]
    version = change(engage.database)
    assert all(one.next().startswith(f"id: {version}\n") for one in listening[2:])


def test_with_a_redis_it_hears_of_commits_and_without_it_goes_on(engage: Engage, redis_url: str, ear: Opens) -> None:
    engage.database.nudger = nudges = Nudges(redis_url)
    with streaming(engage, redis_url) as url:
        listening = ear(url)
        listening.next()
        for _ in range(3):
            version = change(engage.database)
            assert listening.next().startswith(f"id: {version}\n")
    engage.database.nudger = None
    nudges.close()
    with streaming(engage, "redis://127.0.0.1:1/0") as url:
        listening = ear(url)
        listening.next()
        version = change(engage.database)
        assert listening.next().startswith(f"id: {version}\n")


def _asked(method: str, url: str, path: str) -> http.client.HTTPResponse:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    connection.request(method, path, headers={"Origin": "https://app.example.com"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer
