"""What a log says of a statement that failed: where, which kind, which rule; never what customers told us."""

from __future__ import annotations

import io
import json
import logging

import pytest
from sqlalchemy import Executable, insert, text
from sqlalchemy.exc import DBAPIError

from engage.customers.tables import Contact
from engage.db.session import Database
from engage.logs import JsonLines
from engage.testing import MONDAY, make_contact

SECRET = "hanako.himitsu"


def logged(database: Database, statement: Executable) -> str:
    """The line that a failing statement leaves in the log."""
    with pytest.raises(DBAPIError) as caught, database.transaction() as session:
        session.execute(statement)
    return told(caught.value)


def told(error: Exception, led_to: Exception | None = None) -> str:
    """The line that an error leaves in the log."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("test.faults")
    log.addHandler(handler)
    try:
        if led_to is None:
            raise error
        raise led_to from error
    except Exception:
        log.exception("it failed")
    finally:
        log.removeHandler(handler)
    return stream.getvalue()


def test_no_value_of_a_doubled_row_reaches_the_log(database: Database) -> None:
    with database.transaction() as session:
        make_contact(session, None, SECRET)
    said = {"public_id": "x", "external_id": SECRET, "email": f"{SECRET}@x.example", "traits": {}}
    row = said | {"is_staff": False, "is_shared_box": False, "created_at": MONDAY, "updated_at": MONDAY}
    line = logged(database, insert(Contact).values(row))
    error = json.loads(line)["error"]

    assert SECRET not in line
    assert "sqlalchemy.exc.IntegrityError" in error
    assert "INSERT INTO contacts" in error
    assert "test_logged_faults.py" in error
    assert database.dialect == "sqlite" or "23505 contacts" in error


def test_no_value_of_the_wrong_type_reaches_the_log(database: Database) -> None:
    # SQLite converts whatever it is given; there the function is what fails.
    lacking = "CAST(:said AS bigint)" if database.dialect == "postgresql" else "no_such_function(:said)"
    line = logged(database, text(f"SELECT {lacking}").bindparams(said=SECRET))

    assert SECRET not in line
    assert "sqlalchemy.exc." in json.loads(line)["error"]


def test_other_errors_keep_their_words_and_what_led_to_them() -> None:
    line = json.loads(told(ValueError("the first"), RuntimeError("the second")))

    assert "ValueError: the first" in line["error"].partition("which led to")[0]
    assert "RuntimeError: the second" in line["error"].partition("which led to")[2]
