"""Our own people: who may log in, how long a login lives, what the trail keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.db.session import Database
from engage.errors import ConflictError, InputError, NotFoundError
from engage.staff import audit, people, sessions
from engage.staff.tables import ConsoleSession, StaffMember
from engage.testing import MONDAY

PASSWORD = "a quiet morning in Kyoto"


def add(session: Session, **said: Any) -> StaffMember:
    columns: dict[str, Any] = {
        "email": "sato@engage.example",
        "role": "csm",
        "family_name": "佐藤",
        "given_name": "花子",
    }
    return people.add_person(session, **{**columns, "password": PASSWORD, "now": MONDAY, **said})


def test_a_colleague_logs_in_whatever_the_case_of_the_address(database: Database) -> None:
    with database.transaction() as session:
        member = add(session, email="Sato@Engage.example")

        assert people.check_password(session, " sato@ENGAGE.example", PASSWORD) is member
        assert people.check_password(session, "sato@engage.example", "something else") is None
        assert people.check_password(session, "nobody@engage.example", PASSWORD) is None


def test_who_has_left_or_has_no_password_cannot_log_in(database: Database) -> None:
    with database.transaction() as session:
        add(session).is_active = False
        add(session, email="ceo@engage.example", password=None)

        assert people.check_password(session, "sato@engage.example", PASSWORD) is None
        assert people.check_password(session, "ceo@engage.example", "nobody has this password") is None


@pytest.mark.parametrize(
    "said",
    [
        {"email": "not an address"},
        {"email": "佐藤@engage.example"},
        {"role": "king"},
        {"position": "janitor"},
        {"locale": "fr"},
        {"time_zone": "Mars/Base"},
        {"password": "short"},
        {"family_name": " "},
        {"family_name": "佐藤\r\nBcc: x@y.example"},
        {"given_name": "花\x00子"},
    ],
)
def test_what_cannot_be_right_is_refused(database: Database, said: dict[str, str]) -> None:
    with database.reading() as session, pytest.raises(InputError):
        add(session, **said)


def test_an_address_is_taken_once(database: Database) -> None:
    with database.reading() as session:
        add(session)
        with pytest.raises(ConflictError):
            add(session, email="SATO@engage.example")


def test_a_new_password_replaces_the_old_one(database: Database) -> None:
    with database.transaction() as session:
        member = add(session)
        people.set_password(session, member.id, "another quiet morning")

        assert people.check_password(session, member.email, PASSWORD) is None
        assert people.check_password(session, member.email, "another quiet morning") is member
        with pytest.raises(NotFoundError):
            people.set_password(session, 999_999, "another quiet morning")


def test_names_follow_the_readers_language() -> None:
    tanaka = StaffMember(family_name="Tanaka", given_name="Ken", names={"ja": "田中 健"})
    sato = StaffMember(family_name="佐藤", given_name="花子", names={})

    assert (people.name_of(tanaka, "en"), people.name_of(tanaka, "ja")) == ("Ken Tanaka", "田中 健")
    assert (people.name_of(sato, "en"), people.name_of(sato, "ja")) == ("佐藤 花子", "佐藤 花子")


def test_only_a_hash_of_the_session_token_is_kept(database: Database) -> None:
    with database.transaction() as session:
        token = sessions.log_in(session, add(session).id, old_token=None, now=MONDAY)
        session.flush()

        assert token not in session.scalars(select(ConsoleSession.token_hash)).one()


def test_logging_in_again_ends_the_session_the_browser_came_with(database: Database) -> None:
    with database.transaction() as session:
        member = add(session)
        first = sessions.log_in(session, member.id, old_token=None, now=MONDAY)
        session.flush()
        second = sessions.log_in(session, member.id, old_token=first, now=MONDAY)
        session.flush()

        assert sessions.find_login(session, first, now=MONDAY) is None
        found = sessions.find_login(session, second, now=MONDAY)
        assert found is not None and found.staff is member


def test_a_session_ends_when_idle_and_when_old(database: Database) -> None:
    with database.transaction() as session:
        token = sessions.log_in(session, add(session).id, old_token=None, now=MONDAY)
        session.flush()
        last = MONDAY + sessions.IDLE
        assert sessions.find_login(session, token, now=last - timedelta(seconds=1)) is not None
        assert sessions.find_login(session, token, now=last) is None

        for day in range(1, 14):
            sessions.touch(session, token, now=MONDAY + day * timedelta(hours=11))
        assert sessions.find_login(session, token, now=MONDAY + sessions.LONGEST) is None


def test_a_session_ends_with_the_persons_place_here(database: Database) -> None:
    with database.transaction() as session:
        member = add(session)
        token = sessions.log_in(session, member.id, old_token=None, now=MONDAY)
        session.flush()
        member.is_active = False
        session.flush()
        assert sessions.find_login(session, token, now=MONDAY) is None

        sessions.log_out_everywhere(session, member.id)
        assert session.scalars(select(ConsoleSession)).all() == []


def test_the_trail_keeps_who_did_what(database: Database) -> None:
    with database.transaction() as session:
        audit.record(
            session, actor="stf_1", action="approved", object_kind="approval", object_id="apr_1", now=MONDAY,
            detail={"version": 2},
        )  # fmt: skip
    with database.reading() as session:
        (entry,) = audit.entries_about(session, "approval", "apr_1")
        assert (entry.actor, entry.action, entry.detail, entry.at) == ("stf_1", "approved", {"version": 2}, MONDAY)
        assert audit.entries_about(session, "approval", "apr_2") == []
