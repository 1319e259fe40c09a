"""The doctor: what is wrong, and the way out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engage.channels.email.refusals import OURS_REFUSED
from engage.config import Settings
from engage.db.session import Database
from engage.events.tables import SOURCE_IMPORT, Event
from engage.messages.inbound.tables import MailboxState
from engage.notices.tables import Notice
from engage.releases.tables import PausedPlaybook
from engage.testing import MONDAY, FrozenClock
from engage.upkeep.doctor import Patient, examine
from engage.upkeep.findings import Finding
from tests.support.ledger import publish, queue


def patient(home: Path, database: Database, *, migrated: bool = True, redis: bool | None = True) -> Patient:
    return Patient(
        settings=Settings.from_env({"ENGAGE_HOME": str(home)}),
        database=database,
        clock=FrozenClock(),
        is_migrated=lambda _database: migrated,
        redis_answers=lambda: redis,
    )


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


def test_a_fresh_installation_is_told_its_next_steps(database: Database, tmp_path: Path) -> None:
    findings = by_name(examine(patient(tmp_path, database)))
    assert findings["playbooks"].way_out == "engage playbooks apply"
    assert findings["write keys"].way_out == "engage keys create NAME"
    assert findings["colleagues"].way_out == "engage users add EMAIL"


@pytest.mark.parametrize("url", ["pigeon:", "sendgrid:"])
def test_a_way_to_send_mail_that_cannot_be_used_is_no_good_sign(database: Database, tmp_path: Path, url: str) -> None:
    asked = replace(
        patient(tmp_path, database), settings=Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_EMAIL_URL": url})
    )
    assert by_name(examine(asked))["email"].verdict == "bad"


def test_a_database_of_another_version_is_named_before_anything_that_rests_on_it(
    database: Database, tmp_path: Path
) -> None:
    findings = examine(patient(tmp_path, database, migrated=False))
    assert (findings[-1].what, findings[-1].way_out) == ("schema", "engage db upgrade")


def test_events_that_nobody_digests_are_a_lag(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        session.add(
            Event(
                source_id=SOURCE_IMPORT,
                message_id="m-1",
                type="track",
                name="feature.used",
                occurred_at=MONDAY,
                received_at=MONDAY - timedelta(minutes=6),
            )
        )
    finding = by_name(examine(patient(tmp_path, database)))["events"]
    assert (finding.verdict, finding.said) == ("bad", "have waited for 0:06:00")


def test_a_pause_that_may_be_forgotten_is_told(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        session.add(PausedPlaybook(playbook_key="renewal", since=MONDAY, by="cli:sato", reason="wrong price"))
    finding = by_name(examine(patient(tmp_path, database)))["pause"]
    assert finding.said == "renewal is paused since 2026-11-16 by cli:sato: wrong price"
    assert finding.way_out == "engage playbooks resume renewal"


def test_a_database_that_does_not_answer_is_one_finding_with_a_way_out(tmp_path: Path) -> None:
    from engage import wiring

    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    asked = patient(tmp_path, away)
    findings = examine(
        Patient(asked.settings, away, asked.clock, is_migrated=wiring.is_migrated, redis_answers=lambda: False)
    )
    away.close()
    assert findings[-1].what == "database"
    assert "ENGAGE_DATABASE_URL" in str(findings[-1].way_out)


@pytest.mark.parametrize(
    ("answers", "verdict"), [(True, "ok"), (False, "note"), (None, "ok")], ids=["there", "away", "off"]
)
def test_redis_may_be_there_away_or_off(tmp_path: Path, answers: bool | None, verdict: str) -> None:
    never_asked = Database(f"sqlite:///{tmp_path / 'engage.db'}")
    findings = by_name(examine(patient(tmp_path, never_asked, migrated=False, redis=answers)))
    never_asked.close()
    assert findings["redis"].verdict == verdict


def test_a_mailbox_is_looked_after(database: Database, tmp_path: Path) -> None:
    said = {"ENGAGE_HOME": str(tmp_path), "ENGAGE_MAILBOX_URL": "imaps://box:p@mail.example/INBOX"}
    asked = replace(patient(tmp_path, database), settings=Settings.from_env(said))
    seen = []
    for state in (
        None,
        {"read_at": MONDAY - timedelta(minutes=2)},
        {"read_at": MONDAY - timedelta(hours=1)},
        {"failing_since": MONDAY, "problem": "the login is refused"},
    ):
        with database.transaction() as session:
            if state is not None:
                kept = session.get(MailboxState, "box@mail.example/INBOX") or MailboxState(
                    name="box@mail.example/INBOX"
                )
                for name, value in state.items():
                    setattr(kept, name, value)
                session.add(kept)
        finding = by_name(examine(asked))["mailbox"]
        seen.append((finding.verdict, finding.said.removeprefix("box@mail.example/INBOX ")))
    assert seen == [
        ("note", "was never read"),
        ("ok", "was read at 00:58 UTC"),
        ("bad", "was not read of late"),
        ("bad", "cannot be read since 2026-11-16 01:00 UTC: the login is refused"),
    ]


def test_a_url_that_names_no_mailbox_is_told_with_the_way_out(database: Database, tmp_path: Path) -> None:
    said = {"ENGAGE_HOME": str(tmp_path), "ENGAGE_MAILBOX_URL": "imaps://mail.example"}
    finding = by_name(examine(replace(patient(tmp_path, database), settings=Settings.from_env(said))))["mailbox"]
    assert (finding.verdict, finding.way_out) == ("bad", "imaps://user:password@host/INBOX")


def test_nobody_reads_replies_is_worth_a_note(database: Database, tmp_path: Path) -> None:
    assert by_name(examine(patient(tmp_path, database)))["replies"].verdict == "note"


def test_mail_that_waits_as_the_server_refuses_us_is_told_with_its_words(database: Database, tmp_path: Path) -> None:
    reason = f"{OURS_REFUSED}: 550 5.7.26 DMARC"
    with database.transaction() as session:
        queue(
            session, publish(session, now=MONDAY), 2, now=MONDAY, reason=reason, due_at=MONDAY + timedelta(minutes=15)
        )
    finding = by_name(examine(patient(tmp_path, database)))["mail server"]
    assert (finding.verdict, finding.count, finding.said) == ("bad", 2, f"2 mails wait: {reason}")


def test_letters_that_nobody_got_are_told_with_why(database: Database, tmp_path: Path) -> None:
    usual = {"kind": "mail", "target": "colleague", "about": "task_raised", "playbook_key": "", "content": {}}
    failed = {**usual, "state": "rejected", "reason": "no address"}
    with database.transaction() as session:
        for number, days in enumerate((1, 2, 30)):
            at = MONDAY - timedelta(days=days)
            session.add(Notice(public_id=f"n{number}", key=f"n{number}", created_at=at, ended_at=at, **failed))
    finding = by_name(examine(patient(tmp_path, database)))["letters"]
    assert finding.said == "2 letters to colleagues were not delivered within a week, such as: no address"
