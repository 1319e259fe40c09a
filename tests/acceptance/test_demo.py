"""`engage demo`: the whole story on real processes, as a newcomer runs it."""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The home of a finished demo, and what it printed."""
    home = tmp_path_factory.mktemp("demo") / "home"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENGAGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "engage.cli", "demo", "--home", str(home)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return home, done.stdout


pytestmark = pytest.mark.timeout(600)


def test_the_summary_says_what_was_sent_to_whom_and_why_and_where_to_look(played: tuple[Path, str]) -> None:
    home, said = played
    for words in ("yamada@midori.example", "emma.clark@northwind.example", "Business review", "approved by the CSM"):
        assert words in said
    assert "/console/" in said and str(home) in said.replace("\n", "")


def test_what_waits_for_a_colleague_at_the_end_waits_in_the_console(played: tuple[Path, str]) -> None:
    home, said = played
    done = subprocess.run(
        [sys.executable, "-m", "engage.cli", "approvals", "list", "--json"],
        cwd=ROOT, env={**os.environ, "ENGAGE_HOME": str(home)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [one["account_name"] for one in json.loads(done.stdout)] == ["あかつき物流株式会社"]
    assert "email, proposed" in said
    assert "…" not in said.partition("What they see in the product")[0], "subjects are shown whole"


def test_each_customer_gets_the_mails_of_the_story_in_their_language(played: tuple[Path, str]) -> None:
    home, _ = played
    subjects = {(mail["to"].addresses[0].addr_spec, str(mail["subject"])) for mail in mails(home)}
    to_yamada = {subject for to, subject in subjects if to == "yamada@midori.example"}
    to_emma = {subject for to, subject in subjects if to == "emma.clark@northwind.example"}
    assert len(to_yamada) >= 6 and all(not subject.isascii() for subject in to_yamada)
    assert len(to_emma) >= 4 and all(subject.isascii() for subject in to_emma)


def test_mails_due_to_one_person_on_one_day_come_on_several(played: tuple[Path, str]) -> None:
    home, _ = played
    days = [mail["date"].datetime.date() for mail in mails(home) if "emma.clark" in str(mail["to"])]
    asked = [str(mail["subject"]) for mail in mails(home) if "emma.clark" in str(mail["to"])]
    assert len(days) == len(set(days)) and "One question about Aoba Works" in asked


def test_mails_leave_in_the_recipients_business_hours(played: tuple[Path, str]) -> None:
    home, _ = played
    hours = {"yamada@midori.example": 9, "emma.clark@northwind.example": 1}
    for mail in mails(home):
        offset = hours.get(mail["to"].addresses[0].addr_spec)
        if offset is not None:
            local = mail["date"].datetime.hour + offset
            assert 8 <= local % 24 <= 18


def test_a_mail_that_lacks_facts_is_held_and_not_sent_empty(played: tuple[Path, str]) -> None:
    _, said = played
    assert "waits for facts that are missing" in " ".join(said.replace("│", " ").split())


def test_the_summary_speaks_in_words_not_in_codes_and_template_names(played: tuple[Path, str]) -> None:
    _, said = played
    table = said.partition("What only a person can do")[0]
    assert "契約期間は2028年3月31日までです" in table
    for template in (ROOT / "email_templates").glob("[a-z]*/*"):
        assert f"{template.parent.name}/{template.name}" not in table
    assert "facts_missing" not in table and "in_app" not in table


def test_the_renewal_mail_shows_the_use_that_there_was(played: tuple[Path, str]) -> None:
    home, _ = played
    (asked,) = [mail for mail in mails(home) if str(mail["subject"]).startswith("ご契約更新のご意向")]
    text = asked.get_body(("plain",)).get_content()
    assert "ご利用になった方 / 2名" in text and "0回" not in text


def test_no_process_stays_behind(played: tuple[Path, str]) -> None:
    home, _ = played
    command_lines = [entry / "cmdline" for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    assert not any(str(home).encode() in read(path) for path in command_lines)


def mails(home: Path) -> list[email.message.EmailMessage]:
    parse = email.message_from_bytes
    return [parse(path.read_bytes(), policy=email.policy.default) for path in (home / "outbox").glob("*.eml")]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
