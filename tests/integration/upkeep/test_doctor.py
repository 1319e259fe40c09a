"""The doctor: what is wrong, and the way out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engage.channels.base import Receipt, Unavailable
from engage.channels.email.recording import RecordingChannel
from engage.channels.email.refusals import OURS_REFUSED
from engage.config import Settings
from engage.customers.declared_words import Declared
from engage.customers.tables import Account
from engage.db.session import Database
from engage.errors import ProviderError
from engage.events.tables import SOURCE_IMPORT, Event
from engage.language.words import Text
from engage.messages.braking import stop
from engage.messages.inbound.tables import MailboxState
from engage.messages.receipts import record_receipts
from engage.notices.tables import Notice
from engage.releases.library import Library
from engage.releases.tables import PausedPlaybook
from engage.testing import MONDAY, FrozenClock
from engage.upkeep.delivery_findings import the_way_out
from engage.upkeep.doctor import Patient, examine
from engage.upkeep.findings import Finding
from engage.worker.rounds import Parts, Rounds
from tests.integration.messages.test_delivering import LINKS, run
from tests.support.ledger import publish, queue

DECLARED = Declared({"account.segment": {"long_tail": Text(ja="その他", en="Long tail")}})


def patient(home: Path, database: Database, *, migrated: bool = True, redis: bool | None = True) -> Patient:
    return Patient(
        settings=Settings.from_env({"ENGAGE_HOME": str(home)}),
        database=database,
        clock=FrozenClock(),
        is_migrated=lambda _database: migrated,
        redis_answers=lambda: redis,
        declared=lambda _session: DECLARED,
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


def test_the_way_out_is_told_with_what_is_in_the_way(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        queue(session, publish(session, now=MONDAY), 7, now=MONDAY)
        stop(session, "sender", "mail.example.com", by="engage", reason="too many bounces", now=MONDAY)
    run(database, RecordingChannel(lambda _email: Unavailable("SendGrid does not accept our API key", 300)))
    said = {(one.what, one.verdict): one for one in examine(patient(tmp_path, database))}
    provider, domain = said["provider", "bad"], said["sending domain", "bad"]
    assert provider.said == (
        "recording takes nothing until 2026-11-16 01:05 UTC since 2026-11-16 01:00 UTC by engage: "
        "SendGrid does not accept our API key"
    )
    assert provider.way_out == "mend the cause, then: engage sending resume recording"
    assert domain.said.startswith("mail.example.com is held back until a person lets it go on")
    assert said["refused", "note"].said == "7 messages wait for another try: SendGrid does not accept our API key"


def test_suppressions_that_could_not_be_shared_are_told(database: Database, tmp_path: Path) -> None:
    class Failing:
        name, topics = "sendgrid", frozenset[str]()

        def pull(self, since: object) -> None:
            raise ProviderError("SendGrid does not accept our API key")

    asked = patient(tmp_path, database)
    parts = Parts(database, Library(), LINKS, asked.clock, RecordingChannel(), lists=[Failing()])  # type: ignore[list-item]
    Rounds(parts).run("suppressions")
    assert "suppressions" not in by_name(examine(asked))
    asked.clock.move(timedelta(minutes=11))  # type: ignore[attr-defined]
    assert by_name(examine(asked))["suppressions"].way_out == "engage suppressions sync says why"


def test_how_a_domain_fares_is_told_and_too_much_is_bad(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        ids = queue(session, publish(session, now=MONDAY), 12, now=MONDAY)
    run(database, RecordingChannel())
    assert by_name(examine(patient(tmp_path, database)))["deliverability"].said == (
        "example.com: of 12 mails of a week 0 (0.00%) bounced, 0 (0.00%) were complained about"
    )
    bounces = [Receipt("sendgrid", one, one, "bounced", MONDAY, None, None, {}) for one in ids]
    with database.transaction() as session:
        record_receipts(session, bounces, now=MONDAY)
    finding = by_name(examine(patient(tmp_path, database)))["deliverability"]
    assert (finding.verdict, finding.way_out) == ("bad", "engage reports deliverability")


def test_mail_that_is_late_as_its_provider_rests_breaks_no_promise(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        queue(session, publish(session, now=MONDAY), 2, now=MONDAY)
    asked = patient(tmp_path, database)
    asked.clock.move(timedelta(hours=3))  # type: ignore[attr-defined]
    assert "send ledger I5" in by_name(examine(asked))
    with database.transaction() as session:
        stop(session, "provider", "sendgrid", by="cli:sato", reason="", now=MONDAY)
    found = by_name(examine(asked))
    assert found["send ledger"].verdict == "ok"
    assert str(found["messages"].way_out).startswith("engage sending list says what holds mail back")


@pytest.mark.parametrize(
    ("url", "verdict", "said"),
    [
        ("sendgrid:?sandbox=yes", "note", "SendGrid judges mails and delivers none"),
        ("sendgrid: smtp://relay.example.com", "note", "SendGrid's receipts cannot be verified"),
        ("smtp://one.example.com smtp://two.example.com", "ok", "goes out by smtp, then smtp-2"),
    ],
)
def test_the_providers_are_told_in_their_order(tmp_path: Path, url: str, verdict: str, said: str) -> None:
    finding = the_way_out(
        Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_EMAIL_URL": url, "SENDGRID_API_KEY": "SG.x"})
    )
    assert (finding.verdict, finding.said) == (verdict, said)


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
        Patient(
            asked.settings,
            away,
            asked.clock,
            is_migrated=wiring.is_migrated,
            redis_answers=lambda: False,
            declared=lambda _: Declared(),
        )
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


def test_a_segment_that_nobody_declared_is_named_with_the_right_one(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        for number, segment in enumerate(["long_tail", "long_tial", "long_tial", None]):
            session.add(
                Account(
                    public_id=f"acc_{number}",
                    external_id=str(number),
                    segment=segment,
                    created_at=MONDAY,
                    updated_at=MONDAY,
                )
            )
    finding = by_name(examine(patient(tmp_path, database)))["segments"]
    assert finding.verdict == "note"
    assert "nobody declared 'long_tial' (did you mean long_tail?) at 2" in finding.said
    assert "_shared/segments.yaml" in (finding.way_out or "")
