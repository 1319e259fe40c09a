"""Guessing is slow, counted for all web processes together, written down; and one's own password can be changed."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from engage.db.session import Database
from engage.staff.passwords import hash_password
from engage.staff.people import add_person, check_password
from engage.staff.tables import AuditEntry, LoginThrottle
from engage.staff.throttling import FREE_TRIES, LONGEST_WAIT
from engage.testing import MONDAY, FrozenClock
from tests.support.site import installation, site

PASSWORD = "a quiet morning in Kyoto"
SATO = "sato@engage.example"


@cache
def kept_password() -> str:
    """The hash of the password, made once."""
    return hash_password(PASSWORD)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def app(database: Database, clock: FrozenClock, tmp_path: Path) -> Flask:
    with database.transaction() as session:
        add_person(session, email=SATO, role="csm", family_name="佐藤", now=MONDAY).password_hash = kept_password()
    return site(installation(database, clock, tmp_path))


def try_in(app: Flask, email: str, password: str, *, client: str = "192.0.2.1", locale: str = "en") -> Any:
    headers = {"Accept-Language": locale}
    said = {"email": email, "password": password}
    return app.test_client().post("/console/login", data=said, headers=headers, environ_base={"REMOTE_ADDR": client})


def guess(app: Flask, email: str, times: int, **said: Any) -> list[int]:
    return [try_in(app, email, f"wrong {number}", **said).status_code for number in range(times)]


def trail(database: Database) -> list[AuditEntry]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_after_some_failures_an_address_has_to_wait_and_the_page_says_how_long(app: Flask) -> None:
    free = FREE_TRIES["address"]
    assert guess(app, SATO, free) == [403] * (free - 1) + [429]

    refused = try_in(app, SATO, PASSWORD)
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "30"
    assert "try again in 30 seconds" in refused.text
    assert "30 秒後にもう一度" in try_in(app, SATO, PASSWORD, locale="ja").text


def test_another_client_and_another_process_meet_the_same_wait(
    app: Flask, database: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    guess(app, SATO, FREE_TRIES["address"])
    neighbour = site(installation(database, clock, tmp_path))
    assert try_in(neighbour, f" {SATO.upper()} ", PASSWORD, client="198.51.100.7").status_code == 429


def test_an_unknown_address_waits_just_as_long(app: Flask) -> None:
    assert guess(app, "nobody@engage.example", FREE_TRIES["address"])[-1] == 429


def test_after_the_wait_the_right_password_opens_and_all_is_forgotten(app: Flask, clock: FrozenClock) -> None:
    guess(app, SATO, FREE_TRIES["address"])
    clock.move(timedelta(seconds=30))
    assert try_in(app, SATO, PASSWORD).status_code == 303
    assert guess(app, SATO, 1) == [403]


def test_the_wait_grows_but_never_past_its_bound(app: Flask, clock: FrozenClock) -> None:
    guess(app, SATO, FREE_TRIES["address"])
    for _ in range(8):
        clock.move(LONGEST_WAIT)
        (answer,) = guess(app, SATO, 1)
        assert answer == 429
    clock.move(LONGEST_WAIT)
    assert try_in(app, SATO, PASSWORD).status_code == 303


def test_tries_during_the_wait_do_not_make_it_longer(app: Flask, clock: FrozenClock) -> None:
    guess(app, SATO, FREE_TRIES["address"] + 10)
    clock.move(timedelta(seconds=30))
    assert try_in(app, SATO, PASSWORD).status_code == 303


def test_a_client_that_tries_many_addresses_waits_others_do_not(app: Flask) -> None:
    for number in range(FREE_TRIES["client"]):
        guess(app, f"guess-{number}@engage.example", 1, client="2001:db8::1")
    assert try_in(app, SATO, PASSWORD, client="2001:db8::2").status_code == 429
    assert try_in(app, SATO, PASSWORD, client="192.0.2.200").status_code == 303


def test_the_trail_keeps_failures_and_logins_but_nothing_that_was_typed(app: Flask, database: Database) -> None:
    try_in(app, SATO, "hunter2-hunter2")
    try_in(app, "hunter2-hunter2", "hunter2-hunter2")
    try_in(app, SATO, PASSWORD)

    failed, unknown, entered = trail(database)
    assert (failed.action, unknown.action, entered.action) == ("login_failed", "login_failed", "logged_in")
    assert failed.object_id == entered.actor and unknown.object_id == "unknown"
    assert failed.detail == {"client": "192.0.2.1"}
    with database.reading() as session:
        kept = [repr(row.__dict__) for row in (*trail(database), *session.scalars(select(LoginThrottle)))]
    assert not any("hunter2" in row or SATO in row for row in kept)


def entered(app: Flask) -> Any:
    client = app.test_client()
    client.post("/console/login", data={"email": SATO, "password": PASSWORD})
    return client


def change(client: Any, current: str, new: str, again: str | None = None, *, token: str | None = None) -> Any:
    page = client.get("/console/password", headers={"Accept-Language": "en"}).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    said = {"current": current, "new": new, "again": new if again is None else again}
    shown = found[1] if found else ""
    return client.post("/console/password", data={**said, "csrf_token": shown if token is None else token})


def test_a_new_password_ends_every_other_session_and_keeps_this_one(app: Flask, database: Database) -> None:
    here, elsewhere = entered(app), entered(app)
    old_cookie = here.get_cookie("engage").value
    answer = change(here, PASSWORD, "another quiet morning")

    assert answer.location == "/console/approvals?notice=password"
    assert here.get("/console/approvals").status_code == 200
    assert elsewhere.get("/console/approvals").status_code == 303
    here.set_cookie("engage", old_cookie)
    assert here.get("/console/approvals").status_code == 303
    with database.transaction() as session:
        assert check_password(session, SATO, "another quiet morning")
    assert trail(database)[-1].action == "password_changed"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (("wrong password", "another quiet morning"), 403),
        ((PASSWORD, "short"), 400),
        ((PASSWORD, "another quiet morning", "another quiet evening"), 400),
    ],
)
def test_a_password_is_not_changed_by_a_form_that_is_not_right(
    app: Flask, database: Database, fields: tuple[str, ...], status: int
) -> None:
    client = entered(app)
    assert change(client, *fields).status_code == status
    with database.transaction() as session:
        assert check_password(session, SATO, PASSWORD)
    assert client.get("/console/approvals").status_code == 200


def test_a_forged_form_does_not_change_a_password(app: Flask, database: Database) -> None:
    assert change(entered(app), PASSWORD, "another quiet morning", token="x").status_code == 403
    with database.transaction() as session:
        assert check_password(session, SATO, PASSWORD)


def test_guessing_the_current_password_is_slowed_down_too(app: Flask) -> None:
    client = entered(app)
    answers = [change(client, "wrong password", "another quiet morning") for _ in range(FREE_TRIES["address"])]
    assert answers[-1].status_code == 429
    assert change(client, PASSWORD, "another quiet morning").status_code == 429
