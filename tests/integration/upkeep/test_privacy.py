"""Erasing leaves nothing that tells who it was, anywhere; exporting leaves nothing out."""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import JSON, Date, LargeBinary, String, insert, select, update
from sqlalchemy.orm import Session

from engage.channels.email.inbound.letter import read_letter
from engage.cli.main import engage
from engage.customers.consent_ledger import list_records
from engage.customers.finding import find_person
from engage.customers.tables import Account, Contact
from engage.db.session import Database
from engage.events.problems import Refused, keep_problems
from engage.events.recording import NewEvent, record
from engage.events.tables import Event
from engage.ids import Seal
from engage.journeys.digesting import digest
from engage.journeys.tables import Enrolment, StepRun, Wait, WouldHaveSent
from engage.messages.drafting import draft
from engage.messages.inbound.tables import InboundEmail, InboundRaw
from engage.messages.suppressing_by_hand import fingerprint_of
from engage.messages.tables import Approval, Attempt, Click, ClickVerdict, GateCheck, Message, Receipt, Suppression
from engage.migrations.schema import metadata
from engage.notices.tables import Notice, NoticeAttempt
from engage.releases.library import Library
from engage.releases.tables import Release, Shadow
from engage.staff.audit import record as note_deed
from engage.surveys.tables import Answer
from engage.tasks.tables import Task
from engage.testing import MONDAY, make_contact, make_contract
from engage.upkeep.privacy.erasing import erase, foresee
from engage.upkeep.privacy.exporting import export, packed
from engage.upkeep.privacy.places import BESIDE, NOBODY, PLACES
from tests.integration.customers.telling import hear, identify, replay, track
from tests.integration.messages.scene import LINKS, Cast, play
from tests.support.site import make_item, make_message

MARK = "zebra7f3a"
NAME = {"family_name": MARK.title(), "given_name": "Aiko"}
ADDRESS = f"{MARK}@customer.example"
SPOKEN = f"I, {MARK}, was not pleased at all"
SEAL = Seal("a secret of these tests")
LIBRARY = Library(seal=SEAL)
QUOTING = f"Subject: x\nContent-Transfer-Encoding: base64\n\n{b64encode(f'> {SPOKEN}'.encode()).decode()}"
TRAITS = {
    "email": ADDRESS,
    "firstName": "Aiko",
    "lastName": MARK.title(),
    "nickname": f"{MARK} the 1st",
    "roles": ["champion"],
}


def test_every_table_and_every_text_in_it_has_its_place() -> None:
    places = {place.name: place for place in PLACES}
    assert set(metadata.tables) == places.keys() | BESIDE | NOBODY
    assert not places.keys() & (BESIDE | NOBODY)
    forgotten = [
        f"{name}.{column.name}"
        for name, place in places.items()
        for column in place.sql.columns
        if _may_tell(column) and column.name not in {*place.changed, *place.kept.split(), *place.mentions.split()}
    ]
    assert forgotten == []


def _may_tell(column: Any) -> bool:
    return isinstance(column.type, String | JSON | LargeBinary | Date)


def dump(database: Database) -> str:
    """Every value of every row of every table, as text."""
    with database.engine.connect() as connection:
        rows = [(table.name, *row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return json.dumps(rows, default=str, ensure_ascii=False)


def marks(database: Database) -> set[str]:
    """The tables and columns in which the person can still be told."""
    found = set()
    with database.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                said = {name: _as_text(value) for name, value in row.items()}
                found |= {f"{table.name}.{name}" for name, text in said.items() if MARK in text}
    return found


def _as_text(value: Any) -> str:
    """A value in letters; a mail with what its encoding hides."""
    if isinstance(value, bytes):
        return f"{value!r} {read_letter(value).text}".lower()
    return json.dumps(value, default=str, ensure_ascii=False).lower()


def planted(database: Database, cast: Cast) -> int:
    """A person with something that tells them in every table that can hold it; their contact's id."""
    told = [
        identify(MARK, TRAITS, anonymousId=f"browser-{MARK}", context={"groupId": "aoba", "ip": f"10.0.0.1 {MARK}"}),
        track(MARK, "report.created", properties={"note": SPOKEN, "feature": "export"}),
        track(MARK, "consent.granted", properties={"topic": "product", "evidence": f"card of {MARK}"}),
        {"type": "alias", "previousId": f"old-{MARK}", "userId": MARK},
    ]
    hear(database, *told)
    with database.transaction() as session:
        person = find_person(session, MARK)
        account = session.get_one(Account, cast.account_id)
        account.traits = {"main_contact": f"{MARK.title()} Aiko"}
        other = session.get_one(Contact, cast.aiko)
        _plant_messages(session, person, other, account, cast)
        _plant_runs(session, person, account, cast)
        _plant_replies(session, person, other, account)
        _plant_the_rest(session, person, account)
        return person.id


def _plant_messages(session: Session, person: Contact, other: Contact, account: Account, cast: Cast) -> None:
    theirs = make_message(
        session, person, channel="email", account_id=account.id, address=ADDRESS, subject="Hello",
        html="<p>x</p>", text=SPOKEN, inputs={"contact": {"family_name": MARK.title()}},
        reason=f"render_failed: {MARK}", topic="product",
    )  # fmt: skip
    waiting = make_message(session, person, channel="email", account_id=account.id, address=ADDRESS, state="queued",
                           due_at=MONDAY, step_id="later", inputs={"salutation": MARK})  # fmt: skip
    naming = make_message(
        session, other, channel="email", account_id=account.id, address=other.email, state="accepted",
        step_id="naming", subject="News", html="<p>x</p>", inputs={"waited": SPOKEN},
    )  # fmt: skip
    make_message(session, other, channel="email", account_id=account.id, address=other.email, state="queued",
                 due_at=MONDAY, step_id="naming2", inputs={"who": f"{MARK.title()} Aiko"})  # fmt: skip
    make_item(session, person, f"{MARK}様へ", body=SPOKEN, link=f"https://app.example/{MARK}")
    session.add_all([
        Attempt(message_id=theirs.id, number=1, provider="smtp", started_at=MONDAY, detail=f"550 <{ADDRESS}> unknown"),
        Receipt(provider="sendgrid", natural_key=f"{ADDRESS} 1", message_id=theirs.id, kind="opened", at=MONDAY,
                received_at=MONDAY, reason=f"<{ADDRESS}>", raw={"email": ADDRESS}),
        Receipt(provider="sendgrid", natural_key="2", kind="opened", at=MONDAY, received_at=MONDAY,
                raw={"to": ADDRESS}),
        Click(message_id=theirs.id, url=f"https://app.example/me?mail={ADDRESS}", at=MONDAY, method="GET",
              user_agent=f"Browser of {MARK}"),
        GateCheck(message_id=naming.id, at=MONDAY, phase="send", verdict="allow",
                  inputs={"copies": [{"contact": MARK, "left_out": None}]}),
        GateCheck(message_id=theirs.id, at=MONDAY, phase="send", verdict="allow",
                  inputs={"about": f"{MARK.title()}様"}),
        Approval(public_id="apr_1", message_id=waiting.id, cause="touch_model", state="pending", asked_at=MONDAY,
                 expires_at=MONDAY, reason=f"{MARK.title()} likes it short", edits={"before": MARK}),
        Answer(public_id="ans_1", question="nps", choice="3", message_id=theirs.id, number=1, contact_id=person.id,
               account_id=account.id, comment=SPOKEN, at=MONDAY),
        Suppression(address_key=ADDRESS, topic="product", reason="unsubscribed", source="page", at=MONDAY,
                    by=person.public_id, message=theirs.public_id, proof={"agent": MARK}),
    ])  # fmt: skip
    theirs.fence, theirs.sha, theirs.html = 1, "x", f"<p>{MARK}</p>"
    naming.html = f"<p>Your colleague {MARK.title()} said</p>"
    session.execute(update(Attempt).values(outcome="accepted", ended_at=MONDAY))
    session.add(GateCheck(message_id=theirs.id, at=MONDAY, phase="send", verdict="allow", inputs={}))
    clicked = session.scalars(select(Click.id)).one()
    session.add(ClickVerdict(click_id=clicked, verdict="human", reasons=["late"], at=MONDAY))


def _plant_replies(session: Session, person: Contact, other: Contact, account: Account) -> None:
    """Their reply, mail from their address that matched nobody, and what colleagues wrote of them or quoted."""
    letters = [
        _mail(1, person, account, ADDRESS, text=SPOKEN, findings={"evidence": SPOKEN, "successor_name": MARK}),
        _mail(2, None, None, ADDRESS, text=f"Best regards, {MARK}"),
        _mail(3, other, account, "aiko@aoba.example", text=f"{MARK.title()}さんに聞いてください"),
        _mail(4, other, account, "aiko@aoba.example", text="I see"),
        _mail(5, other, account, "aiko@aoba.example", text="I see"),
    ]
    session.add_all(letters)
    session.flush()
    said = (f"From: {ADDRESS}\n\n{SPOKEN}", f"From: {ADDRESS}\n\nx", "Subject: x\n\nx", QUOTING, "Subject: x\n\nx")
    session.add_all([
        InboundRaw(inbound_id=mail.id, size=99, raw=raw.encode()) for mail, raw in zip(letters, said, strict=True)
    ])  # fmt: skip
    replied = NewEvent(key="inbound:inb_1:replied", name="replied", occurred_at=MONDAY, received_at=MONDAY,
                       account_id=account.id, contact_id=person.id,
                       properties={"excerpt": SPOKEN, "from_address": ADDRESS, "inbound_id": "inb_1"})  # fmt: skip
    follows = NewEvent(key="inbound:inb_3:contact.appointed", name="contact.appointed", occurred_at=MONDAY,
                       received_at=MONDAY, account_id=account.id, user_id="follower",
                       properties={"instead_of": MARK, "evidence": f"{MARK.title()} has left"})  # fmt: skip
    record(session, [replied, follows])


def _mail(number: int, writer: Contact | None, account: Account | None, address: str, **said: Any) -> InboundEmail:
    return InboundEmail(
        public_id=f"inb_{number}", natural_key=f"mail:{number}", door="imap", received_at=MONDAY, kind="reply",
        header_id=f"{number}.{address}", from_name=address.partition("@")[0], from_address=address, from_key=address,
        recipients=["csm@engage.example"], subject=f"Re: {said['text']}",
        attachments=[{"name": f"card of {said['text']}.pdf"}], contact_id=writer.id if writer else None,
        account_id=account.id if account else None, **said,
    )  # fmt: skip


def _plant_runs(session: Session, person: Contact, account: Account, cast: Cast) -> None:
    told = session.scalars(select(Event.id).where(Event.name == "report.created")).one()
    event = {"id": told, "name": "report.created", "properties": {"note": SPOKEN}}
    version = _version(session)
    runs = [
        Enrolment(public_id=f"enr_{kind}", playbook_key=kind, playbook_version_id=version, subject_kind=kind,
                  subject_id=subject_id, occurrence="once", account_id=account.id, contact_id=contact_id,
                  state="running", due_at=MONDAY, entered_at=MONDAY, trigger={"event": event},
                  memory={"waited": {"properties": {"comment": SPOKEN}}, "form": {"ask": {"who": MARK}}})
        for kind, subject_id, contact_id in (("contact", person.id, person.id), ("account", account.id, None))
    ]  # fmt: skip
    session.add_all(runs)
    session.flush()
    for run in runs:
        facts = {"contact.email": ADDRESS, "event.properties.note": SPOKEN}
        detail = {"reason": "if", "facts": {"who": f"{MARK.title()} Aiko"}}
        session.add(StepRun(enrolment_id=run.id, step_id="a", visit=1, decided_at=MONDAY, decision="passed",
                            detail=detail, inputs=facts))  # fmt: skip
        content = {"title": {"en": "News"}, "text": {"en": SPOKEN}, "facts": [["contact.email", ADDRESS]]}
        notice = Notice(public_id=f"ntc_{run.id}", key=f"step:{run.id}:a:1:mail:csm", kind="mail", target="csm",
                        account_id=account.id, playbook_key="x", content=content, created_at=MONDAY,
                        reason=f"failed: {ADDRESS}", state="rejected")  # fmt: skip
        session.add(notice)
        session.flush()
        session.add(NoticeAttempt(notice_id=notice.id, number=1, started_at=MONDAY, detail=f"refused {ADDRESS}"))
    session.add(Wait(enrolment_id=runs[0].id, purpose="wait", event_name="replied", contact_id=person.id))
    shadow = Shadow(playbook_key="contact", playbook_version_id=version, since=MONDAY, last_run_before=0, by="x")
    session.add(shadow)
    session.flush()
    session.add(WouldHaveSent(shadow_id=shadow.id, enrolment_id=runs[0].id, step_id="a", visit=1,
                              contact_id=person.id, channel="email", template_name="x", locale="en",
                              outcome="would_skip", reason=f"render_failed: {MARK}", decided_at=MONDAY))  # fmt: skip


def _version(session: Session) -> int:
    table = metadata.tables["playbook_versions"]
    release = session.scalars(select(Release.id)).first()
    row = {"key": "x", "version": 1, "release_id": release, "file": "x", "source": "", "sha": "x", "templates": {},
           "created_at": MONDAY}  # fmt: skip
    return int(session.execute(insert(table).returning(table.c.id), row).scalar_one())


def _plant_the_rest(session: Session, person: Contact, account: Account) -> None:
    make_contract(session, account, "c-9", traits={"signed_by": f"{MARK.title()} Aiko"})
    session.add_all([
        Task(public_id="task_1", key="k1", account_id=account.id, contact_id=person.id, role="csm", reason="step",
             title={"en": f"Call {MARK.title()}"}, note={"en": SPOKEN}, answers={"said": MARK}, outcome=SPOKEN,
             due_at=MONDAY, created_at=MONDAY),
        Task(public_id="task_2", key="k2", account_id=account.id, role="csm", reason="step", title={"ja": "電話する"},
             note={"ja": f"{MARK.title()}様より: {SPOKEN}"}, due_at=MONDAY, created_at=MONDAY),
    ])  # fmt: skip
    letter = {
        "sections": [{"name": "approvals", "items": [{"subject": f"Dear {MARK.title()} Aiko", "decide": "/decide/x"}]}]
    }
    session.add(Notice(public_id="ntc_letter", key="letter:mail:1:x", kind="mail", target="colleague", about="digest",
                       playbook_key="", content=letter, due_at=MONDAY, created_at=MONDAY))  # fmt: skip
    left = NewEvent(key=f"left:{MARK}:aoba:2026", name="contact.met", occurred_at=MONDAY, received_at=MONDAY,
                    account_id=account.id, user_id=MARK, properties={"told_by": SPOKEN})  # fmt: skip
    others = NewEvent(key="note-1", name="touch.logged", occurred_at=MONDAY, received_at=MONDAY,
                      account_id=account.id, properties={"note": f"met {MARK.title()} Aiko, {ADDRESS}"})  # fmt: skip
    record(session, [left, others])
    refused = Refused("bad_email", f"email {ADDRESS} is no address", "batch[0]", {"userId": MARK, "traits": {"a": 1}})
    keep_problems(session, 1, [refused], received_at=MONDAY)
    for kind, object_id in (("contact", person.public_id), ("task", "task_1"), ("message", "msg_of_nobody")):
        note_deed(session, actor="cli:x", action="noted", object_kind=kind, object_id=object_id, now=MONDAY,
                  detail={"why": f"asked by {ADDRESS}"})  # fmt: skip
    note_deed(session, actor="cli:x", action="suppressions.add", object_kind="suppression", now=MONDAY,
              object_id=fingerprint_of(ADDRESS), detail={"why": f"{MARK} asked"})  # fmt: skip
    make_contact(session, account, "guest", email="guest@customer.example", family_name="Guest")


@pytest.mark.broken_ledger  # what is planted never went through the engine
def test_nothing_in_the_whole_database_tells_the_person_any_more(database: Database) -> None:
    contact_id = planted(database, play(database))
    everywhere = {place.name for place in PLACES if place.changed or place.mentions} - {"consents", "in_app_displays"}
    assert {one.partition(".")[0] for one in marks(database)} >= everywhere | {"suppressions", "event_keys"}
    before = {table: _count(database, table) for table in ("messages", "answers", "receipts", "clicks")}

    with database.transaction() as session:
        erased = erase(session, SEAL, session.get_one(Contact, contact_id), by="cli:x", now=MONDAY)

    assert marks(database) == set()
    assert _count(database, "inbound_raws") == 2 and _count(database, "inbound_emails") == 5
    assert {table: _count(database, table) for table in before} == before
    assert erased.running == 1 and erased.pending == 1
    with database.reading() as session:
        states = dict(session.execute(select(Message.step_id, Message.state)).all())
        guest = session.scalars(select(Contact).where(Contact.external_id == "guest")).one()
        deeds = [row["detail"] for row in _audit(session) if row["action"] == "privacy.erase"]
    assert (states["later"], states["naming2"], states["naming"]) == ("cancelled", "cancelled", "accepted")
    assert (guest.email, guest.family_name) == ("guest@customer.example", "Guest")
    assert deeds[0]["rows"]["messages"] >= 2
    assert fingerprint_of(ADDRESS) not in dump(database)

    with database.transaction() as session:
        digest(session, LIBRARY, now=MONDAY)
    assert marks(database) == set()


def _count(database: Database, table: str) -> int:
    with database.engine.connect() as connection:
        return len(connection.execute(select(metadata.tables[table])).all())


def _audit(session: Session) -> list[Any]:
    return [dict(row) for row in session.execute(select(metadata.tables["audit_entries"])).mappings()]


@pytest.fixture
def cast(database: Database) -> Cast:
    return play(database)


def known(database: Database) -> None:
    away = track(MARK, "contact.away", properties={"until": "2027-03-20", "evidence": SPOKEN})
    hear(database, identify(MARK, TRAITS, group="aoba"), track(MARK, "report.created"), away)


def erased(database: Database) -> None:
    with database.transaction() as session:
        erase(session, SEAL, find_person(session, MARK), by="cli:x", now=MONDAY)


@pytest.mark.parametrize(
    ("who", "traits"),
    [
        (MARK, {"email": "new@elsewhere.example"}),
        ("another-id", {"email": f" {MARK.upper()}@Customer.example"}),
        (MARK, TRAITS),
    ],
    ids=["the same id", "the same address", "both"],
)
def test_who_comes_again_under_a_known_name_is_never_mailed(
    database: Database, cast: Cast, who: str, traits: dict[str, Any]
) -> None:
    known(database)
    erased(database)
    hear(database, identify(who, traits, group="aoba"), at=MONDAY + timedelta(days=200))
    with database.transaction() as session:
        again = find_person(session, who)
        facts = {"contact": {"locale": "ja", "family_name": "x"}, "account": {"name": "x"}, "usage": {}}
        orders = [cast.order(contact_id=contact_id, facts=facts) for contact_id in (again.id, cast.aiko)]
        ids = draft(session, LIBRARY, orders, now=MONDAY + timedelta(days=200))
        made = {session.get_one(Message, one).contact_id: session.get_one(Message, one).reason for one in ids}

    assert made == {again.id: "address_suppressed", cast.aiko: made[cast.aiko]} and "suppr" not in str(made[cast.aiko])


def test_another_secret_knows_nobody(database: Database, cast: Cast) -> None:
    known(database)
    erased(database)
    with database.reading() as session:
        keys = set(session.scalars(select(Suppression.address_key)))
    assert SEAL.of_user(MARK) in keys and Seal("other").of_user(MARK) not in keys
    assert keys & set(Seal("other", ["a secret of these tests"]).of_addresses(ADDRESS))


def test_a_replay_makes_one_nameless_person_who_still_counts(database: Database, cast: Cast) -> None:
    known(database)
    with database.reading() as session:
        assert find_person(session, MARK).away_until is not None
    erased(database)
    replay(database)
    assert marks(database) == set()
    with database.reading() as session:
        nameless = session.scalars(select(Contact).where(Contact.external_id == SEAL.of_user(MARK))).one()
        did = session.scalars(select(Event.name).where(Event.contact_id == nameless.id).order_by(Event.id)).all()
    known_of = (nameless.email, nameless.family_name, nameless.away_until, nameless.traits)
    assert known_of == (None, None, None, {"roles": ["champion"]})  # roles tell nobody, and runs need them
    assert did == ["identify", "report.created", "contact.away"]


def test_an_address_that_others_read_stays_theirs(database: Database, cast: Cast) -> None:
    known(database)
    hear(database, identify("ben", {"email": ADDRESS}, group="aoba"))
    with database.reading() as session:
        assert foresee(session, SEAL, find_person(session, MARK)).shared_with == ("ben",)
    erased(database)

    with database.reading() as session:
        assert find_person(session, "ben").email == ADDRESS
        assert set(session.scalars(select(Suppression.address_key))) == {SEAL.of_user(MARK)}


def test_a_proof_is_kept_without_its_person(database: Database, cast: Cast) -> None:
    card = {"product": {"state": "granted", "basis": "card", "evidence": f"card of {MARK}"}}
    hear(database, identify(MARK, TRAITS | {"consents": card}, group="aoba"))
    erased(database)
    with database.reading() as session:
        (row,) = list_records(session, limit=9)

    assert (row["basis"], row["state"], row["evidence"]) == ("card", "granted", "(erased)")
    assert row["address"] == SEAL.of_address(ADDRESS)


@pytest.mark.broken_ledger
def test_an_export_holds_all_of_theirs_and_the_words_they_were_sent(database: Database) -> None:
    contact_id = planted(database, play(database))
    with database.reading() as session:
        person = session.get_one(Contact, contact_id)
        found = export(session, LIBRARY, person, links=LINKS, now=MONDAY)
    with zipfile.ZipFile(io.BytesIO(packed(found))) as archive:
        names = archive.namelist()
        assert json.loads(archive.read("person.json")) == found

    assert found["person"]["addresses"] == [ADDRESS]
    assert set(found["person"]["user_ids"]) == {MARK, f"browser-{MARK}", f"old-{MARK}"}
    places = {place.name for place in PLACES if place.theirs is not None}
    assert places - set(found["theirs"]) == {"held_conditions", "in_app_displays"}
    assert {"suppressions"} <= set(found["theirs"])
    assert {"task_2"} == {task["public_id"] for task in found["mentions"]["tasks"]}
    assert "ntc_letter" in {letter["public_id"] for letter in found["mentions"]["notices"]}
    assert "/decide/x" not in json.dumps(found["mentions"])
    assert any(name.endswith("/body.html") for name in names) or any(
        "why_not" in one for one in found["words"].values()
    )


def test_the_command_looks_first_asks_and_then_does_it(database: Database, cast: Cast, tmp_path: Path) -> None:
    known(database)
    url = database.engine.url.render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "HOME": str(tmp_path), "SECRET_KEY": "a secret of these tests", "REDIS_URL": "off"}
    command = CliRunner(env={f"ENGAGE_{name}": value for name, value in settings.items()})
    (tmp_path / "outbox").mkdir()
    with database.transaction() as session:
        mail = make_message(session, find_person(session, MARK), channel="email", address=ADDRESS)
    kept = tmp_path / "outbox" / f"{mail.public_id}.eml"
    kept.write_text("To: …")

    dry = command.invoke(engage, ["privacy", "erase", ADDRESS, "--dry-run", "--json"])
    refused = command.invoke(engage, ["privacy", "erase", ADDRESS])
    exported = command.invoke(engage, ["privacy", "export", ADDRESS, "--out", str(tmp_path / "p.zip")])
    assert json.loads(dry.output)["rows"]["contacts"] == 1 and refused.exit_code == 1
    assert exported.exit_code == 0 and zipfile.is_zipfile(tmp_path / "p.zip")
    assert MARK in dump(database).lower() and kept.exists()

    done = command.invoke(engage, ["privacy", "erase", ADDRESS, "--yes"])
    assert (done.exit_code, "backups" in done.output) == (0, True)
    assert MARK not in dump(database).lower() and not kept.exists()
    assert command.invoke(engage, ["privacy", "erase", ADDRESS, "--yes"]).exit_code == 1
