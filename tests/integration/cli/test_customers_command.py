"""`engage keys`, `engage events` and `engage customers`, as a person or a script uses them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engage.cli.main import engage
from engage.db.session import Database
from engage.errors import InputError
from engage.rollout.apply import apply_workspace
from engage.staff.in_app_keys import is_live
from engage.staff.keys import Source, source_of
from tests.support.workspaces import Team


@pytest.fixture
def command(database_url: str, tmp_path: Path) -> CliRunner:
    home = tmp_path / "home"
    return CliRunner(env={"ENGAGE_HOME": str(home), "ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"})


def run(command: CliRunner, *words: str) -> Result:
    return command.invoke(engage, list(words))


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_write_key_is_shown_once_and_can_be_revoked(command: CliRunner, database: Database) -> None:
    key = run(command, "keys", "create", "product").output.strip()

    assert len(key) > 40
    with database.reading() as session:
        assert source_of(session, key) == Source(1, "server")
    listed = json.loads(run(command, "keys", "list", "--json").output)
    assert [one["name"] for one in listed] == ["product"]
    assert key not in run(command, "keys", "list").output
    assert run(command, "keys", "create", "product").exit_code == 1
    assert run(command, "keys", "revoke", "product").exit_code == 0
    with database.reading() as session:
        assert source_of(session, key) is None
    assert run(command, "keys", "create", "product").exit_code == 0
    assert run(command, "keys", "list").output.count("(revoked)") == 1


def test_a_browser_key_is_known_as_one(command: CliRunner, database: Database) -> None:
    key = run(command, "keys", "create", "page", "--browser").output.strip()

    with database.reading() as session:
        assert source_of(session, key) == Source(1, "browser")
    assert run(command, "keys", "list").output.startswith("page  browser  ewk_")
    assert run(command, "keys", "create", "both", "--browser", "--in-app").exit_code == 2


def test_an_in_app_key_comes_with_its_secret(command: CliRunner) -> None:
    made = json.loads(run(command, "keys", "create", "portal", "--in-app", "--json").output)

    assert {"name", "kid", "secret"} == set(made)


def test_an_in_app_key_is_listed_and_revoked_and_its_name_used_again(command: CliRunner, database: Database) -> None:
    first = json.loads(run(command, "keys", "create", "portal", "--in-app", "--json").output)["kid"]
    assert run(command, "keys", "create", "portal", "--in-app").exit_code == 1
    assert run(command, "keys", "revoke", "portal").exit_code == 1
    assert run(command, "keys", "revoke", "portal", "--in-app").exit_code == 0
    second = json.loads(run(command, "keys", "create", "portal", "--in-app", "--json").output)["kid"]

    assert run(command, "keys", "list", "--in-app").output == f"portal  {first}  (revoked)\nportal  {second}\n"
    with database.reading() as session:
        assert [is_live(session, kid) for kid in (first, second)] == [False, True]


def test_customers_are_imported_and_shown(command: CliRunner, tmp_path: Path) -> None:
    accounts = written(tmp_path, "a.csv", "account_id,name,seats\nacme,アクメ,20\n")
    contacts = written(tmp_path, "p.csv", "account_id,email,family_name,roles\nacme,aiko@example.jp,山田,champion\n")
    contracts = written(
        tmp_path, "c.csv", "contract_id,account_id,starts_on,ends_on,amount\nc1,acme,2027-04-01,2028-03-31,500\n"
    )
    for kind, path in (("accounts", accounts), ("contacts", contacts), ("contracts", contracts)):
        done = run(command, "customers", "import", path, "--kind", kind)
        assert (done.exit_code, done.output) == (0, "1 rows: 1 taken, 0 refused\n")

    shown = run(command, "customers", "show", "acme").output
    assert all(text in shown for text in ("アクメ", "seats: 20", "aiko@example.jp", "champion", "c1  2027-04-01"))
    told = json.loads(run(command, "customers", "show", "acme", "--json").output)
    assert [event["name"] for event in told["events"]] == ["contract.created", "identify", "group"]


def test_a_customer_of_whom_little_is_known_is_shown_all_the_same(command: CliRunner, tmp_path: Path) -> None:
    said = (
        '{"type": "group", "groupId": "acme", "userId": "ann", "traits": {"vip": true, "facts": [{"text": "日報"}]}}\n'
        '{"type": "identify", "userId": "ann", "traits": {"firstName": "Ann", "lastName": "Miller"}}\n'
        '{"type": "track", "userId": "ann", "event": "contract.created", "context": {"groupId": "acme"},'
        ' "properties": {"contract_id": "c1"}}\n'
    )
    assert run(command, "events", "import", written(tmp_path, "e.ndjson", said)).exit_code == 0
    accounts = written(tmp_path, "a.csv", "account_id,name\nacme,アクメ\n")
    assert run(command, "customers", "import", accounts, "--kind", "accounts").exit_code == 0

    shown = run(command, "customers", "show", "acme").output

    for line in ("  Ann Miller", "  c1  … to …  active", "  vip: true", '  facts: [{"text": "日報"}]'):
        assert line in shown.splitlines()


def test_refused_rows_are_told_one_by_one_and_listed_later(command: CliRunner, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "account_id,name\nacme,アクメ\n,nobody\n")

    done = run(command, "customers", "import", path, "--kind", "accounts")

    assert done.exit_code == 1
    assert done.stdout == "2 rows: 1 taken, 1 refused\n"
    assert "a.csv:3: bad_row: account_id is empty" in done.stderr
    assert "a.csv:3" in run(command, "events", "problems").output
    (problem,) = json.loads(run(command, "events", "problems", "--json", "--code", "bad_row").output)
    assert problem["body"] == {"name": "nobody"}


def test_events_are_imported_with_a_report_for_scripts(command: CliRunner, tmp_path: Path) -> None:
    path = written(tmp_path, "e.ndjson", '{"type": "track", "userId": "a", "event": "x"}\nbroken\n')

    done = run(command, "events", "import", path, "--json")

    report = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (1, "")
    assert (report["rows"], report["taken"], report["problems"][0]["line"]) == (2, 1, 2)


def test_a_missing_column_is_named(command: CliRunner, tmp_path: Path) -> None:
    path = written(tmp_path, "c.csv", "contract_id,account_id,starts_on\nc1,acme,2027-04-01\n")

    refused = run(command, "customers", "import", path, "--kind", "contracts")

    assert isinstance(refused.exception, InputError)
    assert "c.csv, line 1: the column 'ends_on' is missing" in str(refused.exception)


def test_an_unknown_account_is_said_to_be_so(command: CliRunner) -> None:
    assert "nowhere: there is no such account" in str(run(command, "customers", "show", "nowhere").exception)


def test_a_value_that_nobody_declared_is_told_row_by_row_and_nothing_is_lost(
    command: CliRunner, database: Database, tmp_path: Path
) -> None:
    team = Team(tmp_path / "team")
    team.write("playbooks/_shared/segments.yaml", "long_tail: {title: {ja: ロングテール, en: Long tail}}\n")
    team.write("playbooks/_shared/facts.yaml", "account.plan: text\naccount.visit_on: date\n")
    with database.transaction() as session:
        apply_workspace(session, team.load(), author="test", now=datetime(2027, 3, 1, tzinfo=UTC))
    rows = "account_id,name,segment,visit_on\na,A,long_tail,2027/3/31\nb,B,long_tial,2027/2/30\n"
    file = written(tmp_path, "accounts.csv", rows)

    done = run(command, "customers", "import", file, "--kind", "accounts")

    assert done.exit_code == 0
    assert "2 rows: 2 taken, 0 refused, 1 with a warning" in done.output
    said = "warning: accounts.csv:3: unknown_word: segment: nobody declared 'long_tial' (did you mean long_tail?)"
    assert said in done.output
    assert "accounts.csv:3: unreadable_value: visit_on: '2027/2/30' is no date" in done.output
    assert "segment: long_tial" in run(command, "customers", "show", "b").output
