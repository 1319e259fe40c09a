"""The very messages for a real account, as they would be sent now."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from engage.cli.playbooks import playbooks
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.messages.tables import GateCheck, Message
from engage.testing import MONDAY, make_account, make_contact, make_staff
from tests.support.ledger import publish, queue
from tests.support.workspaces import Team


@pytest.fixture
def environment(tmp_path: Path, database: Database) -> dict[str, str]:
    team = Team(tmp_path / "team")
    with database.transaction() as session:
        account = make_account(session, "acme", traits={"plan": "gold"}, locale="en")
        make_contact(session, account, "ann", family_name="Smith")
        make_staff(session, owns=account)
        make_account(session, "bare")
    return {
        "ENGAGE_HOME": str(tmp_path / "home"),
        "ENGAGE_DATABASE_URL": database.url,
        "ENGAGE_REDIS_URL": "off",
        "ENGAGE_PLAYBOOKS": str(team.root / "playbooks"),
        "ENGAGE_TEMPLATES": str(team.root / "email_templates"),
    }


def run(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner(env=environment).invoke(playbooks, ["preview", *arguments])


def test_every_step_and_locale_is_shown_as_it_would_be_sent(environment: dict[str, str], tmp_path: Path) -> None:
    shown = run(environment, "acme").output
    rows = json.loads(run(environment, "acme", "--json").stdout)

    assert "To:      Ann Smith <ann@customer.example>" in shown
    assert "佐藤 花子 <sato@engage.example>" in shown
    assert "Subject: Acme" in shown and "/unsubscribe/" in shown
    assert [(row["step"], row["locale"], row["is_readers"]) for row in rows] == [
        ("email-greeting-hello", "en", True),
        ("email-greeting-hello", "ja", False),
        ("in-app-greeting-note", "en", True),
        ("in-app-greeting-note", "ja", False),
    ]
    assert rows[2]["link"] == "https://app.sample.example/" and rows[2]["not_now"] is None


def test_files_can_be_opened_by_a_mail_program(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(environment, "acme", "--locale", "en", "--out", str(tmp_path / "out"))

    assert done.exit_code == 0, done.output
    [mail] = (tmp_path / "out").glob("*.eml")
    read = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert (read["Subject"], read["To"]) == ("Acme", "Ann Smith <ann@customer.example>")
    assert len(list((tmp_path / "out").glob("*.html"))) == 1 and len(list((tmp_path / "out").glob("*.txt"))) == 2


def test_what_would_wait_says_why(environment: dict[str, str]) -> None:
    bare = run(environment, "bare", "--playbook", "greeting").output
    unknown = run(environment, "nobody")

    assert "HELD:    nobody_found" in bare
    assert "there is no such account" in str(unknown.exception)


def test_what_the_gate_says_now_stands_beside_each_message(
    environment: dict[str, str], tmp_path: Path, database: Database
) -> None:
    """The clock of the home stands at a Monday morning in Tokyo; budgets and gates are those of the files."""
    home = Path(environment["ENGAGE_HOME"])
    home.mkdir(exist_ok=True)
    (home / "clock").write_text(str((MONDAY - datetime.now(UTC)).total_seconds()))
    shared = Path(environment["ENGAGE_PLAYBOOKS"]) / "_shared"

    def says() -> list[tuple[str, str, str | None, str | None]]:
        rows = json.loads(run(environment, "acme", "--locale", "en", "--json").stdout)
        return [(row["channel"], *(row["gate"][name] for name in ("verdict", "policy", "reason"))) for row in rows]

    assert says()[1] == ("in_app", "allow", None, None)
    (shared / "budgets.yaml").write_text("contact: {at_most: 1, within: 7 days}\n")
    with database.transaction() as session:
        ann = session.scalars(select(Contact)).one()
        queue(session, publish(session, now=MONDAY), 1, now=MONDAY, contact_id=ann.id, state="accepted",
              accepted_at=MONDAY - timedelta(days=2), ended_at=MONDAY - timedelta(days=2), due_at=None)  # fmt: skip
    used = ("hold", "touch_budget", "budget_used_up: contact")
    assert says()[1] == ("in_app", *used)
    assert "Gate:    hold until 2026-11-21" in run(environment, "acme", "--locale", "en").output

    with database.transaction() as session:  # the same person got that step's mail for another customer
        other = make_account(session, "other")
        make_contact(session, other, "double", email=ann.email)
        twin = {"playbook_key": "greeting", "step_id": "email-greeting-hello", "account_id": other.id}
        double = session.scalars(select(Contact).where(Contact.external_id == "double")).one()
        templates = {"email": session.scalars(select(Message.template_version_id)).first() or 0}
        queue(session, templates, 1, now=MONDAY, first=5, contact_id=double.id, **twin)
    assert says()[0] == ("email", "skip", "one_mail", "same_person")

    (shared / "gates.yaml").write_text(
        'frozen: {title: {ja: 停止中, en: frozen}, if: account.plan == "gold", then: skip}\n'
    )
    assert says()[1] == ("in_app", "skip", "gates", "gate_closed: frozen")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(GateCheck)) == 0
