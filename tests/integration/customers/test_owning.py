"""Accounts that name a colleague who is not here yet get their owner when the colleague comes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from engage.cli.main import engage
from engage.config import Settings
from engage.customers.declared_words import Declared
from engage.customers.owning import take_over_accounts, without_owner
from engage.customers.tables import Account
from engage.db.session import Database
from engage.staff.tables import AccountOwner, StaffMember
from engage.testing import FrozenClock
from engage.upkeep.doctor import Patient, examine
from tests.integration.customers.telling import START, add_staff, group, hear, replay, snapshot

SATO, KATO = "sato@engage.example", "kato@engage.example"


def named(account: str, **traits: Any) -> dict[str, Any]:
    return group(None, account, {"name": account, **traits}, anonymousId="crm")


def arrives(database: Database, email: str) -> int:
    add_staff(database, email)
    with database.transaction() as session:
        return take_over_accounts(session, session.scalars(select(StaffMember).where(StaffMember.email == email)).one())


def owners(database: Database) -> set[tuple[str, str, str, bool]]:
    asked = (
        select(Account.external_id, AccountOwner.role, StaffMember.email, AccountOwner.until)
        .join(Account, Account.id == AccountOwner.account_id)
        .join(StaffMember, StaffMember.id == AccountOwner.staff_id)
    )
    with database.reading() as session:
        return {(row.external_id, row.role, row.email, row.until is None) for row in session.execute(asked)}


@pytest.mark.parametrize("trait", ["csm_email", "csm"])
@pytest.mark.parametrize("written", [SATO, " Sato@Engage.Example "])
def test_a_colleague_who_comes_later_gets_the_accounts_that_name_them(
    database: Database, trait: str, written: str
) -> None:
    hear(database, named("acme", **{trait: written}), named("beta", csm_email=KATO), named("gamma"))
    assert owners(database) == set()
    assert arrives(database, SATO) == 1
    assert owners(database) == {("acme", "csm", SATO, True)}


def test_both_roles_are_taken_over_and_doing_it_again_changes_nothing(database: Database) -> None:
    hear(database, named("acme", csm_email=SATO, sales_email=SATO))
    assert arrives(database, SATO) == 2
    with database.transaction() as session:
        assert take_over_accounts(session, session.scalars(select(StaffMember)).one()) == 0
    assert len(owners(database)) == 2


def test_who_looked_after_it_meanwhile_hands_over(database: Database) -> None:
    add_staff(database, KATO)
    hear(database, named("acme", csm_email=KATO), named("acme", csm_email=SATO))
    assert arrives(database, SATO) == 1
    assert owners(database) == {("acme", "csm", KATO, False), ("acme", "csm", SATO, True)}


def test_an_account_that_names_somebody_else_by_now_stays_theirs(database: Database) -> None:
    add_staff(database, KATO)
    hear(database, named("acme", csm_email=SATO), named("acme", csm_email=KATO))
    assert arrives(database, SATO) == 0
    assert owners(database) == {("acme", "csm", KATO, True)}


def test_a_replay_afterwards_gives_the_same(database: Database) -> None:
    hear(database, named("acme", csm_email=SATO))
    hear(database, named("acme", plan="gold"), at=START + timedelta(days=1))
    arrives(database, SATO)
    before = snapshot(database)
    replay(database)
    assert snapshot(database) == before


def test_adding_a_colleague_by_command_does_it_and_the_doctor_lists_the_rest(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    hear(database, named("acme", csm_email=SATO), named("beta", csm_email=KATO, sales_email="hara@engage.example"))
    command = CliRunner(
        env={"ENGAGE_HOME": str(tmp_path), "ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"}
    )
    done = command.invoke(engage, ["users", "add", SATO, "--family-name", "佐藤", "--no-login"])
    assert "1 account named them already" in done.output

    with database.reading() as session:
        assert [(one.account, one.role, one.address) for one in without_owner(session)] == [
            ("beta", "csm", KATO),
            ("beta", "sales", "hara@engage.example"),
        ]
    settings = Settings.from_env({"ENGAGE_HOME": str(tmp_path)})
    patient = Patient(
        settings,
        database,
        FrozenClock(),
        is_migrated=lambda _: True,
        redis_answers=lambda: None,
        declared=lambda _: Declared(),
    )
    (finding,) = [one for one in examine(patient) if one.what == "owners"]
    assert f"beta (csm: {KATO})" in finding.said and "engage users add" in str(finding.way_out)
