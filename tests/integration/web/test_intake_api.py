"""The tracking API over a real HTTP server: a stock client unchanged, and everything it must answer exactly."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from flask import Flask
from segment.analytics.client import Client
from sqlalchemy import func, select
from werkzeug.serving import make_server

from engage.db.session import Database
from engage.events.problems import list_problems
from engage.events.tables import Event
from engage.events.timeline import EventRow, unresolved
from engage.staff.keys import BROWSER, create_write_key, list_write_keys, revoke_write_key
from engage.web.api.blueprint import KINDS, intake_api

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@dataclass
class Served:
    """A running server, its key and its store."""

    url: str
    key: str
    database: Database

    def post(self, body: Any, *, path: str = "/v1/batch", **options: Any) -> requests.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        options.setdefault("auth", (self.key, ""))
        return requests.post(self.url + path, data=data, timeout=20, allow_redirects=False, **options)

    def events(self) -> list[EventRow]:
        with self.database.reading() as session:
            return unresolved(session, limit=1_000)


def serve(database: Database) -> Any:
    app = Flask("intake")
    clock = SimpleNamespace(now=lambda: NOW)
    app.register_blueprint(intake_api(SimpleNamespace(database=database, clock=clock)))  # type: ignore[arg-type]
    return make_server("127.0.0.1", 0, app, threaded=True)


@pytest.fixture
def served(database: Database) -> Iterator[Served]:
    with database.transaction() as session:
        key = create_write_key(session, "product", now=NOW)
    server = serve(database)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Served(f"http://127.0.0.1:{server.port}", key, database)
    server.shutdown()
    thread.join()
    server.server_close()


def track(**said: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "aiko", "event": "report.made", **said}


@pytest.mark.parametrize("with_gzip", [False, True])
def test_the_stock_client_works_unchanged(served: Served, with_gzip: bool) -> None:
    failed: list[Any] = []
    client = Client(served.key, host=served.url, gzip=with_gzip, on_error=lambda *said: failed.append(said))
    client.identify("aiko", {"email": "aiko@example.jp", "family_name": "山田"})
    client.group("aiko", "acme", {"name": "株式会社アクメ"})
    client.track("aiko", "report.made", {"pages": 3}, context={"groupId": "acme"})
    client.page("aiko", "docs", "Home")
    client.screen("aiko", "app", "Start")
    client.alias("anonymous-1", "aiko")
    client.shutdown()

    events = served.events()
    assert failed == []
    assert [event.type for event in events] == ["identify", "group", "track", "page", "screen", "alias"]
    assert (events[2].name, events[2].group_id, events[2].properties) == ("report.made", "acme", {"pages": 3})
    assert events[5].properties == {"previousId": "anonymous-1"}


def test_the_stock_client_in_sync_mode_gets_no_error(served: Served) -> None:
    client = Client(served.key, host=served.url, sync_mode=True)

    client.track("aiko", "report.made")

    assert len(served.events()) == 1


def test_success_is_exactly_200_and_json(served: Served) -> None:
    answer = served.post({"batch": [track(messageId="m")]})

    assert (
        answer.status_code, answer.json(), answer.headers["Content-Type"],
    ) == (200, {"success": True}, "application/json")  # fmt: skip


def test_each_kind_has_its_path_and_short_form(served: Served) -> None:
    body = {"userId": "aiko", "event": "x", "groupId": "g", "previousId": "p"}
    singles = {path: kind for path, kind in KINDS.items() if kind not in ("batch", "import")}

    answers = [served.post(body, path=f"/v1/{path}").status_code for path in singles]

    assert answers == [200] * 12
    assert list(singles.values()) == [event.type for event in served.events()]


def test_nothing_is_ever_redirected(served: Served) -> None:
    paths = ("/v1/batch/", "/v1//batch", "/v1/b", "/v1/import")

    assert {200, 404} >= {served.post({"batch": []}, path=path).status_code for path in paths}


def test_a_form_content_type_does_not_eat_the_body(served: Served) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps({"batch": [track()]}).encode())

    assert served.post(body, headers=headers).status_code == 200
    assert len(served.events()) == 1


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


AUTHORISED = [
    ({"basic": "KEY:"}, None, 200),
    ({"basic": "KEY"}, None, 200),
    ({"basic": "wrong:"}, "KEY", 401),
    ({"Authorization": "Basic !!!"}, "KEY", 401),
    ({"basic": "KEY:", "X-Write-Key": "wrong"}, None, 200),
    ({"X-Write-Key": "KEY"}, None, 200),
    ({"X-Write-Key": "wrong"}, "KEY", 401),
    ({"Authorization": "Bearer token"}, "KEY", 200),
    ({"Authorization": "Bearer KEY"}, None, 401),
    ({}, "KEY", 200),
    ({}, "wrong", 401),
    ({}, 7, 401),
    ({}, None, 401),
]


def test_the_first_key_that_is_there_decides(served: Served) -> None:
    expected, answers = [], []
    for headers, body_key, status in AUTHORISED:
        sent = {name: value.replace("KEY", served.key) for name, value in headers.items()}
        if "basic" in sent:
            sent |= basic(sent.pop("basic"))
        key = {"writeKey": served.key if body_key == "KEY" else body_key} if body_key else {}
        expected.append(status)
        answers.append(served.post({"batch": [track()]} | key, headers=sent, auth=None).status_code)

    assert expected == answers
    assert expected.count(200) == len(served.events())


def test_a_wrong_key_gets_code_and_message(served: Served) -> None:
    answer = served.post({"batch": [track()]}, auth=("wrong", ""))

    assert (401, {"code", "message"}, "invalid_write_key") == (
        answer.status_code, set(answer.json()), answer.json()["code"],
    )  # fmt: skip


def test_a_revoked_key_is_refused(served: Served) -> None:
    with served.database.transaction() as session:
        revoke_write_key(session, "product", now=NOW)
        (listed,) = list_write_keys(session)

    assert served.post({"batch": [track()]}).status_code == 401
    assert served.key.startswith(listed.prefix)
    assert len(listed.prefix) < len(served.key) / 3


UNREADABLE = [
    (b"{", 400, "invalid_json"),
    (b'{"batch": [NaN]}', 400, "invalid_json"),
    (b'{"batch": ' + b"[" * 100_000, 400, "invalid_json"),
    (b'{"batch": {}}', 400, "invalid_batch"),
    (b'{"batch": [' + b"{}," * 2_500 + b"{}]}", 400, "too_many_messages"),
    (b"x" * 600_000, 413, "too_large"),
    (gzip.compress(b'{"batch":[]}' + b" " * 200_000_000, compresslevel=1), 413, "too_large"),
]


def test_a_request_that_cannot_be_read_is_refused_as_a_whole(served: Served) -> None:
    answers = [served.post(body) for body, _, _ in UNREADABLE]

    assert [(status, code) for _, status, code in UNREADABLE] == [
        (answer.status_code, answer.json()["code"]) for answer in answers
    ]
    assert all(answer.json()["message"] for answer in answers)
    assert served.events() == []


def test_a_bad_message_in_a_good_batch_is_kept_and_the_rest_stored(served: Served) -> None:
    answer = served.post({"batch": [track(), {"type": "track", "userId": "aiko"}, track()]})

    assert answer.status_code == 200
    assert len(served.events()) == 2
    with served.database.reading() as session:
        (problem,) = list_problems(session, limit=5)
    assert (problem.place, problem.code) == ("batch[1]", "missing_event")


def test_a_bad_message_of_its_own_is_told_and_kept(served: Served) -> None:
    answer = served.post({"userId": "aiko"}, path="/v1/track")

    assert (answer.status_code, answer.json()["code"]) == (400, "missing_event")
    with served.database.reading() as session:
        assert len(list_problems(session, limit=5)) == 1


def test_a_batch_sent_again_counts_once(served: Served) -> None:
    batch = {"batch": [track(messageId="a"), track(messageId="b")]}

    assert [served.post(batch).status_code, served.post(batch).status_code] == [200, 200]
    assert len(served.events()) == 2


def test_two_threads_that_send_the_same_batch_store_it_once(served: Served) -> None:
    batch = {"batch": [track(messageId=f"m{n}") for n in range(100)]}
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(served.post(batch).status_code)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [200] * 4
    with served.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 100


def test_a_browser_may_ask_first(served: Served) -> None:
    asked = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-retry-count",
    }

    answer = requests.options(served.url + "/v1/t", headers=asked, timeout=10)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"]
    assert all(name in allowed for name in ("authorization", "content-type", "x-retry-count"))


def test_scripts_may_read_what_a_browser_key_gets_and_no_answer_to_a_server_key(served: Served) -> None:
    with served.database.transaction() as session:
        browser = create_write_key(session, "page", kind=BROWSER, now=NOW)
    answers = [served.post({"batch": []}, auth=(key, "")) for key in (browser, served.key, "wrong")]

    assert [answer.status_code for answer in answers] == [200, 200, 401]
    assert [answer.headers.get("Access-Control-Allow-Origin") for answer in answers] == ["*", None, "*"]


def test_a_browser_key_joins_nobody_to_an_account(served: Served) -> None:
    with served.database.transaction() as session:
        browser = create_write_key(session, "page", kind=BROWSER, now=NOW)
    evil = {
        "type": "identify", "userId": "evil", "timestamp": "1991-01-01T00:00:00Z", "context": {"groupId": "acme"},
        "traits": {"email": "evil@evil.example", "roles": ["champion"]},
    }  # fmt: skip
    answer = served.post({"batch": [evil, track(context={"groupId": "acme"})]}, auth=(browser, ""))
    alone = served.post(evil, path="/v1/identify", auth=(browser, ""))

    assert (answer.status_code, alone.status_code, alone.json()["code"]) == (200, 400, "not_for_browser_keys")
    assert [(event.type, event.user_id, event.group_id) for event in served.events()] == [("track", "aiko", None)]
    with served.database.reading() as session:
        assert [one.code for one in list_problems(session, limit=10)] == ["not_for_browser_keys"] * 2


@pytest.mark.parametrize("credentials", [b"Basic \xe9\xe9", b"Basic w6k6", b"Basic /////w=="])
def test_a_key_of_other_letters_is_no_key(served: Served, credentials: bytes) -> None:
    answer = served.post({"batch": []}, auth=None, headers={"Authorization": credentials})
    assert answer.status_code == 401


def test_half_a_character_is_no_key(served: Served) -> None:
    assert served.post(b'{"writeKey": "\\ud800", "batch": []}', auth=None).status_code == 401


def test_without_a_store_the_client_is_asked_to_come_back() -> None:
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    server = serve(gone)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        served = Served(f"http://127.0.0.1:{server.port}", "ewk_any", gone)
        answer = served.post({"batch": [track()]})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert answer.json()["code"] == "store_unavailable"
