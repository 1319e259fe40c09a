"""`engage templates`: every shipped template reads well with sample facts; a wrong one is named with its place."""

from __future__ import annotations

import json
import re
import shutil
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from engage import wiring
from engage.cli.templates import templates
from engage.config import shipped
from engage.errors import NotFoundError
from engage.messages.tables import Message
from engage.staff.people import add_person
from engage.staff.tables import AuditEntry
from engage.testing import MONDAY, make_account, make_contact
from tests.servers.running import smtp_sink
from tests.support.workspaces import Team

META = "needs: [account.name, account.plan]\nuses: [usage.events]\n"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A team's own copy of the shipped folders."""
    for name, variable in (("playbooks", "ENGAGE_PLAYBOOKS"), ("email_templates", "ENGAGE_TEMPLATES")):
        shutil.copytree(shipped(name), tmp_path / name)
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.setenv("ENGAGE_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(templates, list(arguments))


def test_every_shipped_template_can_be_filled_in(folders: Path) -> None:
    result = run("check", "--json")

    assert json.loads(result.output) == {"ok": True, "problems": []}
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("subject.txt", "{{ account.", "template-syntax"),
        ("subject.txt", "{{ account.name | shout }}", "template-not-allowed"),
        ("subject.txt", "{{ account.nmae }}", "unknown-fact"),
        ("subject.txt", "{{ account.name | money }}", "field-type"),
        ("body.mjml", "<mjml><mj-body><mj-nope></mj-nope></mj-body></mjml>", "mjml-unknown"),
    ],
)
def test_a_mistake_is_named_with_its_place(folders: Path, file: str, text: str, expected: str) -> None:
    (folders / "email_templates" / "kickoff" / "welcome" / "ja" / file).write_text(text, encoding="utf-8")
    result = run("check", "kickoff/welcome")

    assert result.exit_code == 1
    assert f"{expected}: " in result.output
    assert "kickoff/welcome/ja" in result.output


def test_a_preview_is_the_html_and_the_text_in_both_languages(folders: Path) -> None:
    facts = folders / "facts.json"
    facts.write_text('{"account": {"name": "青空工業"}, "contact": {"title": null}}', encoding="utf-8")
    result = run("preview", "kickoff/welcome", "--out", str(folders / "out"), "--facts", str(facts))
    written = sorted(path.name for path in (folders / "out").iterdir())
    text = (folders / "out" / "kickoff_welcome.ja.txt").read_text(encoding="utf-8")

    assert result.exit_code == 0
    endings = ("eml", "html", "txt")
    assert written == [f"kickoff_welcome.{locale}.{ending}" for locale in ("en", "ja") for ending in endings]
    assert "青空工業" in text
    assert not any(sign in text for sign in ("{{", "{%", "<p", "None"))


def test_an_unknown_template_gets_the_nearest_name(folders: Path) -> None:
    result = run("preview", "kickoff/welcom")

    assert "did you mean kickoff/welcome?" in str(result.exception)


@pytest.fixture
def customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A small team with two accounts: of one the contract is known, of the other only the name."""
    team = Team(tmp_path)
    team.write("email_templates/greeting/hello/meta.yaml", META)
    for name, variable in (("playbooks", "ENGAGE_PLAYBOOKS"), ("email_templates", "ENGAGE_TEMPLATES")):
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.setenv("ENGAGE_HOME", str(tmp_path / "home"))
    with wiring.opened() as engage, engage.database.transaction() as session:
        rich = make_account(session, "rich", name="青空工業", traits={"plan": "gold"}, now=MONDAY)
        make_contact(session, rich, "aiko", family_name="日向", given_name="真理", now=MONDAY)
        make_account(session, "poor", name="Poor Ltd", now=MONDAY)
        add_person(session, email="sato@engage.example", role="csm", family_name="佐藤", now=MONDAY)
    return team


def test_templates_are_tried_on_real_accounts_and_what_each_lacks_is_listed(customers: Team) -> None:
    told = run("check", "greeting/hello", "--accounts", "all")
    rows = json.loads(run("check", "--accounts", "2", "--json").output)["accounts"]

    assert told.exit_code == 0, told.output
    assert "poor Poor Ltd" in told.output and "rich" not in told.output
    assert "2 accounts tried: 1 lack something, 0 mails cannot be made" in told.output
    assert [(row["account"], row["locale"], row["lacks"]) for row in rows] == [
        ("poor", locale, ["account.plan"]) for locale in ("en", "ja")
    ]


def test_a_mail_that_cannot_be_made_for_an_account_fails_the_check(customers: Team) -> None:
    customers.write("email_templates/greeting/hello/en/subject.txt", "{{ account.plan | safe_url }}")
    customers.write("email_templates/greeting/hello/meta.yaml", META + "sample: {account.plan: 'https://x.example/'}\n")
    told = run("check", "--accounts", "all")

    assert told.exit_code == 1
    assert "rich: greeting/hello/en cannot be made: render_failed" in told.output


def test_a_preview_can_show_what_is_known_of_a_customer(customers: Team) -> None:
    run("preview", "greeting/note", "--account", "rich", "--locale", "ja", "--out", str(customers.root / "out"))
    text = (customers.root / "out" / "greeting_note.ja.txt").read_text(encoding="utf-8")

    assert text.startswith("青空工業\n\n日向様\n")


def test_a_test_mail_goes_to_a_colleague_marked_and_harmless(customers: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = customers.root / "kept"
    kept.mkdir()
    with smtp_sink(customers.root / "smtp.log", "--keep", str(kept)) as server:
        monkeypatch.setenv("ENGAGE_EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
        refused = run("send-test", "greeting/hello", "--to", "somebody@customer.example")
        sent = run("send-test", "greeting/hello", "--to", "Sato@engage.example", "--locale", "ja")
        outside = run("send-test", "greeting/hello", "--to", "agency@else.example", "--locale", "en", "--outside")
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(kept.iterdir())]
    with wiring.opened() as engage, engage.database.reading() as session:
        noted = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "templates.send_test")).all()
        rows = session.scalar(select(func.count()).select_from(Message))
        links = engage.links
    text = mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    (token,) = re.findall(r"/unsubscribe/([\w-]+)", text)

    assert "belongs to none of our people" in str(refused.exception)
    assert (sent.exit_code, outside.exit_code, len(mails)) == (0, 0, 2)
    assert mails[0]["Subject"].startswith("[TEST] ") and "team@sample.example" in mails[0]["From"]
    assert list(noted) == [{"to": "Sato@engage.example"}, {"outside": True}]
    assert rows == 0, "no row, so no report, no budget and no receipt knows of it"
    with pytest.raises(NotFoundError):
        links.read_unsubscribe(token)


def test_addresses_are_asked_only_where_that_was_said(customers: Team) -> None:
    piece = '<mj-text><a href="https://127.0.0.1:9/gone">The plan of the project</a> {{ unsubscribe_url }}</mj-text>'
    customers.write("email_templates/_layout/en/footer.mjml", piece)

    assert "unreachable-link" not in run("check", "greeting/hello").output
    asked = run("check", "greeting/hello", "--reach").output
    assert "_layout/en/footer.mjml:1:10: unreachable-link: https://127.0.0.1:9/gone does not answer" in asked
