"""The readings of `trait_values.py` as functions of the databases: for what a plain cast cannot read.

PostgreSQL gets its own at every upgrade of the schema; a connection to SQLite borrows ours.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from engage.calendars.occurrences import recurrences
from engage.customers.trait_values import MOMENT, MOST_DIGITS, NUMBER, SEPARATORS, UNREADABLE, typed
from engage.events.written_forms import COMPACT, ERA, ERA_STARTS, FIRST_YEAR, KANJI, LAST_YEAR, NO, YEAR_FIRST, YES
from engage.language.values import lower_case, lower_of

_LONGEST_DAYS = {"days": 1, "weeks": 7, "months": 31}
SQLITE_INSTANT = "%Y-%m-%d %H:%M:%S.%f"  # as the columns of instants are kept there
# What Python's strip() takes away.
BLANKS = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
                           0x202F, 0x205F, 0x3000)))  # fmt: skip


def _quoted(said: str) -> str:
    return "'" + said.replace("'", "''") + "'"


def _any_of(said: Iterable[str]) -> str:
    return ", ".join(map(_quoted, sorted(said)))


_WESTERN = (YEAR_FIRST, KANJI, COMPACT)
_HEAD = "LANGUAGE {language} IMMUTABLE STRICT PARALLEL SAFE"
_SQL, _PLPGSQL = _HEAD.format(language="sql"), _HEAD.format(language="plpgsql")
POSTGRESQL = (
    f"""
    CREATE OR REPLACE FUNCTION engage_plain(said text) RETURNS text {_SQL} AS $$
        SELECT CASE WHEN said !~ {_quoted(UNREADABLE)} THEN
            btrim(regexp_replace(normalize(said, NFKC), '[ \t\u3000\u00a0]+', ' ', 'g'), {_quoted(BLANKS)}) END
    $$""",
    f"""
    CREATE OR REPLACE FUNCTION engage_number(said text) RETURNS numeric {_PLPGSQL} AS $$
    DECLARE plain text := replace(engage_plain(said), ',', '');
    BEGIN
        IF plain ~ {_quoted(f"^{NUMBER}$")} AND length(translate(plain, '+-.', '')) <= {MOST_DIGITS} THEN
            RETURN plain::numeric;
        END IF;
        RETURN NULL;
    END $$""",
    f"""
    CREATE OR REPLACE FUNCTION engage_yes(said text) RETURNS boolean {_PLPGSQL} AS $$
    DECLARE plain text := lower(engage_plain(said) COLLATE "C");
    BEGIN
        RETURN CASE WHEN plain IN ({_any_of(YES)}) THEN true WHEN plain IN ({_any_of(NO)}) THEN false END;
    END $$""",
    f"""
    CREATE OR REPLACE FUNCTION engage_date(year int, month int, day int) RETURNS date {_PLPGSQL} AS $$
    BEGIN
        IF year BETWEEN {FIRST_YEAR} AND {LAST_YEAR} AND month BETWEEN 1 AND 12 AND day >= 1
            AND day <= extract(day FROM make_date(year, month, 1) + interval '1 month - 1 day') THEN
            RETURN make_date(year, month, day);
        END IF;
        RETURN NULL;
    END $$""",
    f"""
    CREATE OR REPLACE FUNCTION engage_day(said text) RETURNS date {_PLPGSQL} AS $$
    DECLARE plain text := engage_plain(said); part text[];
    BEGIN
        IF position('T' IN said) = 0 AND position(':' IN said) = 0 THEN plain := replace(plain, ' ', ''); END IF;
        part := coalesce({", ".join(f"regexp_match(plain, {_quoted(f'^{form}$')})" for form in _WESTERN)});
        IF part IS NOT NULL THEN RETURN engage_date(part[1]::int, part[2]::int, part[3]::int); END IF;
        part := regexp_match(plain, {_quoted(f"^{ERA}$")});
        RETURN engage_date(
            CASE part[1] {" ".join(f"WHEN {_quoted(era)} THEN {start}" for era, start in ERA_STARTS.items())} END
                + CASE part[2] WHEN '元' THEN 1 ELSE part[2]::int END, part[3]::int, part[4]::int);
    END $$""",
    f"""
    CREATE OR REPLACE FUNCTION engage_moment(said text) RETURNS timestamptz {_PLPGSQL} AS $$
    DECLARE bare text := btrim(said, {_quoted(BLANKS)}); part text[] := regexp_match(bare, {_quoted(f"^{MOMENT}$")});
        moment timestamptz;
    BEGIN
        IF part IS NULL OR length(said) > 40
            OR engage_date(part[1]::int, part[2]::int, part[3]::int) IS NULL THEN RETURN NULL; END IF;
        moment := (replace(bare, ',', '.') || CASE WHEN part[4] IS NULL THEN 'Z' ELSE '' END)::timestamptz;
        RETURN CASE WHEN moment >= '1990-01-01T00:00:00Z' THEN moment END;
    END $$""",
    f"""
    CREATE OR REPLACE FUNCTION engage_list(said jsonb) RETURNS jsonb {_PLPGSQL} AS $$
    BEGIN
        CASE jsonb_typeof(said)
            WHEN 'array' THEN RETURN said;
            WHEN 'null' THEN RETURN NULL;
            WHEN 'string' THEN RETURN CASE WHEN said <> '""' THEN (
                SELECT coalesce(jsonb_agg(bare ORDER BY place) FILTER (WHERE bare <> ''), '[]')
                FROM regexp_split_to_table(said #>> '{{}}', {_quoted(SEPARATORS)})
                    WITH ORDINALITY AS parts(part, place),
                    LATERAL (SELECT btrim(part, {_quoted(BLANKS)})) AS bared(bare)) END;
            ELSE RETURN '[]';
        END CASE;
    END $$""",  # noqa: S608  # made of constants
)


def _lower_function() -> str:
    large, small = lower_case()
    return f"""
    CREATE OR REPLACE FUNCTION engage_lower(said text) RETURNS text {_PLPGSQL} AS $$
    BEGIN
        IF said ~ {_quoted(f"[{large}]")} THEN
            RETURN translate(said, {_quoted(large)}, {_quoted(small)});
        END IF;
        RETURN lower(said COLLATE "C");
    END $$"""


def make_functions(connection: Connection) -> None:
    """Gives a PostgreSQL database the readings of this version."""
    if connection.dialect.name == "postgresql":
        for statement in (*POSTGRESQL, _lower_function()):
            connection.execute(text(statement.replace(":", "\\:")))


def lend_functions(session: Session) -> None:
    """Lets the session's connection use our readings, where the database has none of its own."""
    connection: Any = session.connection().connection.driver_connection
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("engage_trait", 2, _trait, deterministic=True)
        connection.create_function("engage_lower", 1, _lower, deterministic=True)
        connection.create_function("engage_days", 2, _days, deterministic=True)
        connection.create_function("engage_holds", 2, _holds, deterministic=True)
        connection.create_function("engage_newest", 4, _newest, deterministic=True)


@lru_cache(maxsize=20_000)  # what customers say of themselves repeats, and stays
def _trait(kind: str, said: str | None) -> Any:
    value = typed(kind, json.loads(said)) if said is not None else None
    match value:
        case list():
            return json.dumps(value, ensure_ascii=False)
        case datetime():
            return value.strftime(SQLITE_INSTANT)
        case date():
            return value.isoformat()
    return value


def _lower(said: str | None) -> str | None:
    return None if said is None else lower_of(said)


def _days(moment: str | None, now: str | None) -> int | None:
    """Whole days from the second to the first, towards zero."""
    if moment is None or now is None:
        return None
    until, since = (datetime.strptime(one, SQLITE_INSTANT) for one in (moment, now))  # noqa: DTZ007  # both UTC
    return int((until - since).total_seconds() / 86400)


@lru_cache(maxsize=20_000)
def _newest(anchor: str | None, amount: int, unit: str, until: str) -> str | None:
    """The newest date of a recurrence; PostgreSQL reckons it by itself."""
    if anchor is None:
        return None
    last = date.fromisoformat(until)
    after = last - timedelta(days=_LONGEST_DAYS[unit] * amount + 1)
    found = max(recurrences(date.fromisoformat(anchor), amount, unit, after=after, until=last), default=None)
    return found.isoformat() if found else None


def _holds(items: str | None, number: float | None) -> bool:
    """Whether a JSON list has this number."""
    found = json.loads(items) if items is not None and number is not None else []
    return any(isinstance(item, int | float) and not isinstance(item, bool) and item == number for item in found)
