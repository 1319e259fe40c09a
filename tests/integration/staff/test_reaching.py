"""How a colleague wants to hear of things is kept as said; what cannot be is refused, and nothing is half done."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engage.db.session import Database
from engage.errors import InputError, NotFoundError
from engage.language.vocabulary import Vocabulary
from engage.staff import sessions
from engage.staff.absences import absences_of, forget_absence, note_absence
from engage.staff.colleagues import covered_by, stands_in
from engage.staff.leaving import set_active
from engage.staff.people import person
from engage.staff.reaching import reach_of, set_reach
from engage.staff.tables import AuditEntry, ConsoleSession
from engage.testing import MONDAY, make_staff

MONDAY_ITSELF = MONDAY.date()


@pytest.fixture
def pair(database: Database) -> tuple[int, int]:
    """Two colleagues."""
    with database.transaction() as session:
        return make_staff(session).id, make_staff(session, "ito@engage.example").id


def test_what_is_not_said_stays(database: Database, pair: tuple[int, int]) -> None:
    with database.transaction() as session:
        sato = person(session, pair[0])
        set_reach(session, sato, opens="8:00", channels={"task_raised": "none"})
        reach = set_reach(session, sato, closes="16:30", channels={"task_overdue": "none"}, locale="en", country="gb")

        assert (reach.opens, reach.closes, reach.country, sato.locale) == ("08:00", "16:30", "GB", "en")
        assert reach.channels == {"task_raised": "none", "task_overdue": "none"}
        assert (reach.digest_at, reach_of(session, pair[1]).digest_at) == ("08:30", "08:30")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"opens": "18:00", "closes": "09:00"}, "bad_hours"),
        ({"opens": "9"}, "bad_time"),
        ({"digest_at": "25:00"}, "bad_time"),
        ({"time_zone": "Mars/Base"}, "bad_time_zone"),
        ({"country": "XX"}, "bad_country"),
        ({"locale": "fr"}, "bad_locale"),
        ({"channels": {"task_raised": "pigeon"}}, "bad_channel"),
        ({"channels": {"rumours": "mail"}}, "bad_news"),
        ({"channels": {"task_raised": "slack"}}, "no_slack"),
        ({"stand_in_id": 999_999}, "bad_stand_in"),
    ],
)
def test_what_cannot_be_is_refused(database: Database, said: dict[str, Any], code: str) -> None:
    with database.reading() as session, pytest.raises(InputError) as refused:
        set_reach(session, make_staff(session), **said)
    assert refused.value.code == code


def test_nobody_stands_in_for_themselves_and_nobody_who_left_for_others(
    database: Database, pair: tuple[int, int]
) -> None:
    with database.reading() as session:
        sato, ito = (person(session, id_) for id_ in pair)
        with pytest.raises(InputError):
            set_reach(session, sato, stand_in_id=sato.id)
        ito.is_active = False
        with pytest.raises(InputError):
            set_reach(session, sato, stand_in_id=ito.id)


def test_absences_are_noted_once_and_taken_back_by_whose_they_are(database: Database, pair: tuple[int, int]) -> None:
    with database.transaction() as session:
        sato, ito = (person(session, id_) for id_ in pair)
        for _ in range(2):
            note_absence(session, sato, date(2026, 12, 28), date(2027, 1, 4))
        note_absence(session, sato, date(2026, 11, 2), date(2026, 11, 2))
        (absence,) = absences_of(session, sato.id, since=MONDAY_ITSELF)
        with pytest.raises(NotFoundError):
            forget_absence(session, ito, absence.id)
        forget_absence(session, sato, absence.id)

        assert absences_of(session, sato.id, since=MONDAY_ITSELF) == []
        with pytest.raises(InputError):
            note_absence(session, sato, date(2026, 12, 2), date(2026, 12, 1))
        with pytest.raises(InputError):
            note_absence(session, sato, date(2026, 12, 2), date(2028, 1, 1))


def test_one_covers_for_who_is_away_and_only_then(database: Database, pair: tuple[int, int]) -> None:
    with database.transaction() as session:
        sato, ito = (person(session, id_) for id_ in pair)
        set_reach(session, sato, stand_in_id=ito.id)
        note_absence(session, sato, MONDAY_ITSELF, MONDAY_ITSELF)

        assert covered_by(session, Vocabulary(), ito.id, now=MONDAY) == {sato.id}
        assert covered_by(session, Vocabulary(), sato.id, now=MONDAY) == set()
        assert covered_by(session, Vocabulary(), ito.id, now=MONDAY + timedelta(days=1)) == set()
        assert stands_in(session, ito.id, sato.id) and not stands_in(session, sato.id, ito.id)


def test_who_leaves_is_logged_out_and_it_is_written_down(database: Database, pair: tuple[int, int]) -> None:
    with database.transaction() as session:
        sato = person(session, pair[0])
        sessions.log_in(session, sato.id, old_token=None, now=MONDAY)
        for is_active in (False, False, True):
            set_active(session, sato, is_active, actor="cli:test", now=MONDAY)
        session.flush()

        assert session.scalars(select(ConsoleSession)).all() == []
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all() == ["left", "returned"]
