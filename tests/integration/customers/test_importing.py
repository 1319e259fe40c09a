"""Customer files: good rows show at once, bad ones are told row by row, the digest still finds every event."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event as sql_events

from engage.customers.import_kinds import KINDS
from engage.customers.importing import import_customers, read_customers
from engage.db.session import Database
from engage.errors import InputError
from engage.events.importing import ImportReport, chunks_of, import_messages, read_messages
from engage.events.problems import list_problems
from engage.events.tables import SOURCE_IMPORT
from engage.events.timeline import unresolved
from tests.integration.customers.telling import account, contact, contract, digest, events_of, hear, identify, members

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def bring(
    database: Database, tmp_path: Path, kind: str, text: str, *, encoding: str = "utf-8", now: datetime = NOW
) -> ImportReport:
    path = tmp_path / f"{kind}.csv"
    path.write_bytes(text.encode(encoding))
    report = ImportReport(path.name)
    for chunk in chunks_of(read_customers(path, KINDS[kind], read=lambda _: None)):
        with database.transaction() as session:
            report.add(import_customers(session, KINDS[kind], chunk, file=path.name, now=now))
    return report


ACCOUNTS = "顧客ID,会社名,決算月,席数\nacme,アクメ,3月,20\nbeta,ベータ,12,5\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_file_as_excel_writes_it_becomes_customers_at_once(database: Database, tmp_path: Path, encoding: str) -> None:
    report = bring(database, tmp_path, "accounts", ACCOUNTS, encoding=encoding)
    bring(database, tmp_path, "contacts", "顧客ID,メールアドレス,姓,名,役割\nacme,aiko@example.jp,山田,愛子,決裁者\n")
    bring(
        database,
        tmp_path,
        "contracts",
        "契約ID,顧客ID,開始日,終了日,金額\nc1,acme,２０２７/４/１,2028年3月31日,120万円\n",
    )

    acme = account(database, "acme")
    assert (report.rows, report.taken, report.problems) == (2, 2, [])
    assert (acme.name, acme.fiscal_year_end_month, acme.traits) == ("アクメ", 3, {"席数": "20"})
    assert members(database, "acme") == [("aiko@example.jp", ["decision_maker"], True)]
    assert contact(database, "aiko@example.jp").family_name == "山田"
    kept = contract(database, "c1")
    assert (kept.starts_on, kept.ends_on, kept.amount_minor) == (date(2027, 4, 1), date(2028, 3, 31), 1_200_000)


def test_bad_rows_never_stop_good_ones_and_are_kept(database: Database, tmp_path: Path) -> None:
    rows = "account_id,name,fiscal_year_end_month\nacme,アクメ,3\n,nameless,1\nbeta,ベータ,13\ngamma,ガンマ,4\n"

    report = bring(database, tmp_path, "accounts", rows)

    assert (report.rows, report.taken) == (4, 2)
    assert [(one.line, one.code) for one in report.problems] == [(3, "bad_row"), (4, "bad_row")]
    with database.reading() as session:
        kept = {one.place: one.reason for one in list_problems(session, limit=9)}
    assert "account_id is empty" in kept["accounts.csv:3"]
    assert "month from 1 to 12" in kept["accounts.csv:4"]


def test_a_missing_column_changes_nothing(database: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'name' is missing"):
        bring(database, tmp_path, "accounts", "account_id\nacme\n")

    assert not events_of(database)


def test_people_and_contracts_need_an_account_that_exists(database: Database, tmp_path: Path) -> None:
    bring(database, tmp_path, "accounts", ACCOUNTS)

    report = bring(database, tmp_path, "contacts", "account_id,email\nacme,a@example.jp\nacmee,b@example.jp\n")

    assert report.taken == 1
    assert "import accounts first" in report.problems[0].message


def test_the_digest_still_finds_every_imported_event_once(database: Database, tmp_path: Path) -> None:
    bring(database, tmp_path, "accounts", ACCOUNTS)
    bring(database, tmp_path, "contracts", "contract_id,account_id,starts_on,ends_on\nc1,acme,2027-04-01,2028-03-31\n")

    with database.reading() as session:
        waiting = unresolved(session, limit=9)
    assert [event.name for event in waiting] == ["group", "group", "contract.created"]
    assert {event.source_id for event in waiting} == {SOURCE_IMPORT}
    assert waiting[2].account_id == account(database, "acme").id
    digest(database)
    assert contract(database, "c1").state == "active"


def test_a_file_imported_again_changes_nothing_and_a_changed_row_updates(database: Database, tmp_path: Path) -> None:
    contracts = "contract_id,account_id,starts_on,ends_on\nc1,acme,2027-04-01,{}\n"
    bring(database, tmp_path, "accounts", ACCOUNTS)
    bring(database, tmp_path, "contracts", contracts.format("2028-03-31"))

    again = bring(database, tmp_path, "contracts", contracts.format("2028-03-31"))
    changed = bring(database, tmp_path, "contracts", contracts.format("2029-03-31"), now=NOW + timedelta(hours=1))

    assert (again.taken, again.known_before, changed.taken) == (0, 1, 1)
    assert contract(database, "c1").ends_on == date(2029, 3, 31)
    assert [event.name for event in events_of(database)][2:] == ["contract.created", "contract.updated"]


def test_an_import_stands_in_line_with_what_came_before(database: Database, tmp_path: Path) -> None:
    bring(database, tmp_path, "accounts", ACCOUNTS)
    hear(database, identify("aiko", {"title": "部長"}), at=NOW - timedelta(days=1))

    bring(database, tmp_path, "contacts", "account_id,user_id,email,title\nacme,aiko,a@example.jp,本部長\n",
          now=NOW + timedelta(days=2))  # fmt: skip

    assert contact(database, "aiko").title == "本部長"


def test_messages_come_from_ndjson_and_csv(database: Database, tmp_path: Path) -> None:
    ndjson, table = tmp_path / "e.ndjson", tmp_path / "e.csv"
    ndjson.write_text(
        '{"type": "track", "userId": "aiko", "event": "report.made"}\nbroken\n{"type": "track", "userId": "aiko"}\n'
    )
    table.write_text("type,userId,event,timestamp,properties.pages\ntrack,aiko,report.made,2027-02-01T00:00:00Z,3\n")
    reports = []
    for path in (ndjson, table, ndjson):
        rows = list(read_messages(path, read=lambda _: None))
        with database.transaction() as session:
            reports.append(import_messages(session, rows, file=path.name, now=NOW))

    assert [(one.taken, one.known_before) for one in reports] == [(1, 0), (1, 0), (0, 1)]
    assert [(one.line, one.code) for one in reports[0].problems] == [(2, "unreadable_row"), (3, "missing_event")]
    assert events_of(database)[1].properties == {"pages": "3"}


def test_moments_of_a_file_are_read_as_people_write_them_by_the_clock_of_the_place(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "e.csv"
    moments = ("2027/2/1", "2027年2月1日 18:30", "2027-02-01T00:00:00Z", "2027-02-01T00:00:00+09:00", "soon")
    rows_said = "".join(f"track,aiko,report.made,{moment}\n" for moment in moments)
    path.write_bytes(("type,userId,event,timestamp\n" + rows_said).encode("cp932"))
    for _ in range(2):
        rows = list(read_messages(path, read=lambda _: None))
        with database.transaction() as session:
            report = import_messages(session, rows, file=path.name, zone=ZoneInfo("Asia/Tokyo"), now=NOW)

    assert (
        report.taken, report.known_before, [(one.line, one.code) for one in report.problems]
    ) == (0, 4, [(6, "bad_timestamp")])  # fmt: skip
    assert [f"{event.occurred_at:%Y-%m-%dT%H:%M}" for event in events_of(database)] == [
        "2027-01-31T15:00",
        "2027-02-01T09:30",
        "2027-02-01T00:00",
        "2027-01-31T15:00",
    ]


def test_each_part_of_a_file_is_projected_once(database: Database, tmp_path: Path) -> None:
    rows = "".join(f"a{number},N{number}\n" for number in range(1_100))
    seen: list[int] = []

    def count(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith(("UPDATE events SET contact_id", "\n    UPDATE events SET contact_id")):
            seen.append(len(parameters) if isinstance(parameters, list) else len(parameters["ids"]))  # type: ignore[index]

    sql_events.listen(database.engine, "before_cursor_execute", count)
    bring(database, tmp_path, "accounts", "account_id,name\n" + rows)

    assert seen == [500, 500, 100]
    assert account(database, "a1099").name == "N1099"
