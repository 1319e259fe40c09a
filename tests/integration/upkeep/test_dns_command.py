"""`engage doctor --dns` on the command line: whose domains it looks at, and what it says of the records given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from engage.cli.doctor import doctor
from engage.db.session import Database
from engage.releases.tables import Release
from engage.testing import MONDAY, make_staff

ZONE = """
mail.sample.example. 300 IN TXT "v=spf1 ip4:198.51.100.0/24 ~all"
_dmarc.sample.example. 300 IN TXT "v=DMARC1; p=reject; rua=mailto:d@sample.example"
sample.example. 300 IN MX 10 mx.sample.example.
"""


def said(records: Path) -> dict[str, str]:
    result = CliRunner().invoke(doctor, ["--records", str(records), "--json"])
    names = ("SPF", "DKIM", "DMARC", "alignment", "answers", "links", "DNS")
    found = [one for one in json.loads(result.stdout) if one["what"].startswith(names)]
    return {one["what"]: one["verdict"] for one in found}


def test_the_domains_of_those_who_write_and_are_answered_are_looked_at(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = {"company": {"team": {"name": "Team", "email": "team@sample.example"}}}
    with database.transaction() as session:
        session.add(Release(created_at=MONDAY, author="test", vocabulary=team, playbooks={}))
        make_staff(session, "ono@elsewhere.example", position="ceo")
        make_staff(session, "desk@nowhere.example")
    settings = {"HOME": str(tmp_path), "DATABASE_URL": database_url, "REDIS_URL": "off", "DKIM_SELECTORS": "s1"}
    for name, value in (settings | {"LINK_URL": "https://go.sample.example"}).items():
        monkeypatch.setenv(f"ENGAGE_{name}", value)
    (tmp_path / "zone").write_text(ZONE)
    by_address = said(tmp_path / "zone")
    monkeypatch.setenv("ENGAGE_SENDING_DOMAINS", "mail.sample.example")
    by_setting = said(tmp_path / "zone")
    monkeypatch.setenv("ENGAGE_REPLY_ADDRESS", "replies+{id}@replies.sample.example")
    answered = {what for what in said(tmp_path / "zone") if what.startswith("answers")}

    assert by_address["SPF of sample.example"] == by_address["SPF of elsewhere.example"] == "bad"
    assert not any("nowhere.example" in what for what in by_address)
    assert answered == {"answers to replies.sample.example"}
    assert by_setting == {
        "SPF of mail.sample.example": "ok",
        "DKIM of mail.sample.example, selector s1": "bad",
        "DMARC of mail.sample.example": "ok",
        "alignment of mail.sample.example": "ok",
        "answers to sample.example": "ok",
        "answers to elsewhere.example": "bad",
        "links to go.sample.example": "bad",
    }


def test_without_a_database_the_settings_say_what_to_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"HOME": str(tmp_path), "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/x", "REDIS_URL": "off"}
    for name, value in (settings | {"SENDING_DOMAINS": "mail.sample.example"}).items():
        monkeypatch.setenv(f"ENGAGE_{name}", value)
    (tmp_path / "zone").write_text(ZONE)

    assert said(tmp_path / "zone")["SPF of mail.sample.example"] == "ok"
