"""A call, a visit or a mail by hand is an event of the customer, once however often the form is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engage.customers.showing import show_account
from engage.customers.touching import Touched, log_touch
from engage.db.session import Database
from engage.errors import EngageError
from engage.testing import MONDAY, make_account, make_contact


@pytest.fixture
def acme(database: Database) -> Database:
    with database.transaction() as session:
        account = make_account(session)
        make_contact(session, account)
        make_contact(session, make_account(session, "beta"), "ben")
    return database


def touch(database: Database, **said: Any) -> bool:
    usual: dict[str, Any] = {"key": "form-1", "account": "acme", "kind": "call", "at": MONDAY}
    with database.transaction() as session:
        return log_touch(session, Touched(**(usual | said)), by="sato@engage.example", now=MONDAY)


def told(database: Database) -> list[dict[str, Any]]:
    with database.reading() as session:
        return list(show_account(session, "acme", events=10)["events"])


def test_a_touch_stands_in_the_timeline_once(acme: Database) -> None:
    said = {"contact": "Ann@Customer.example", "note": "来月\x00決める\r\n予定"}
    assert [touch(acme, **said), touch(acme, **said), touch(acme, key="form-2", kind="visit")] == [True, False, True]
    call = told(acme)[1]
    assert (call["name"], call["by"], call["occurred_at"]) == ("touch.logged", "ann", MONDAY)
    assert call["properties"] == {"kind": "call", "note": "来月決める\n予定", "by": "sato@engage.example"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"kind": "pigeon"}, "bad_kind"),
        ({"account": "nobody"}, "no_such_account"),
        ({"contact": "ben"}, "no_such_contact"),
        ({"at": MONDAY + timedelta(hours=1)}, "bad_time"),
        ({"at": MONDAY - timedelta(days=400)}, "bad_time"),
    ],
)
def test_a_touch_of_nobody_or_of_tomorrow_is_refused(acme: Database, said: dict[str, Any], code: str) -> None:
    with pytest.raises(EngageError) as refused:
        touch(acme, **said)
    assert refused.value.code == code
    assert told(acme) == []
