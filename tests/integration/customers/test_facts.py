"""Facts of many customers at once, equal to what an independent look finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_events
from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject, load_facts, read_for
from engage.customers.recipients import choose
from engage.customers.tables import Account
from engage.customers.usage import Period
from engage.db.session import Database
from engage.language.vocabulary import Company, FactDeclaration, Vocabulary
from engage.testing import make_account, make_contact, make_contract, make_staff
from tests.integration.customers.telling import START, account, contact, group, hear, identify, track

NOW = datetime(2027, 3, 31, 16, 0, tzinfo=UTC)  # already 1 April in Tokyo


class Shared:
    """A vocabulary that needs no release."""

    def __init__(self, declared: dict[str, str] | None = None) -> None:
        facts = {path: FactDeclaration.model_validate(kind) for path, kind in (declared or {}).items()}
        company = Company.model_validate({"name": {"ja": "あおば", "en": "Aoba"}, "team": {"email": "cs@aoba.example"}})
        self._vocabulary = Vocabulary(company=company, facts=facts)

    def vocabulary(self, _session: Session) -> Vocabulary:
        return self._vocabulary


def facts_of(database: Database, external_id: str, shared: Shared | None = None, *, user: str | None = None) -> Any:
    account_id = account(database, external_id).id
    contact_id = contact(database, user).id if user else None
    subject = Subject("contact" if user else "account", contact_id or account_id, account_id, contact_id, None)
    with database.reading() as session:
        return load_facts(session, shared or Shared(), [subject], now=NOW)[subject]


def test_an_account_has_its_columns_and_declared_traits_in_their_type(database: Database) -> None:
    traits = {"name": "アクメ", "country": "JP", "seats": "1,200", "kickoff_held_on": "2027/3/1", "dispute_open": "no",
              "free": [1]}  # fmt: skip
    hear(database, group(None, "acme", traits))
    declared = {"account.seats": "number", "account.kickoff_held_on": "date", "account.dispute_open": "bool",
                "account.next_goal": "text"}  # fmt: skip

    facts = facts_of(database, "acme", Shared(declared))["account"]

    assert ("アクメ", "JP", 1200, date(2027, 3, 1), False, None, [1]) == (
        facts["name"], facts["country"], facts["seats"], facts["kickoff_held_on"], facts["dispute_open"],
        facts["next_goal"], facts["free"],
    )  # fmt: skip
    assert facts["id"].startswith("acc_")


def test_facts_that_need_little_reading_are_the_same_with_little(database: Database) -> None:
    hear(database, group("ann", "acme", {"name": "アクメ"}), track("ann", "report.exported"))
    ann = contact(database, "ann").id
    subject = Subject("contact", ann, account(database, "acme").id, ann, None)
    with database.reading() as session:
        everything = load_facts(session, Shared(), [subject], now=NOW)[subject]
        for names in (["account.name"], ["contact.roles", "today"], ["usage.contact_events"], ["contract.state"]):
            some = load_facts(session, Shared(), [subject], now=NOW, reading=read_for(names))[subject]
            for root in ("account", "handoff", "goal", "team", *(name.partition(".")[0] for name in names)):
                assert some[root] == everything[root]


def test_today_is_the_day_at_the_customer(database: Database) -> None:
    hear(database, group(None, "tokyo"), group(None, "boston", {"time_zone": "America/New_York"}))

    assert [date(2027, 4, 1), date(2027, 3, 31)] == [facts_of(database, name)["today"] for name in ("tokyo", "boston")]


def test_hand_off_and_goal_come_from_imported_traits(database: Database) -> None:
    hear(database, group(None, "acme", {
        "handoff_complete": "はい", "handoff_purpose": "月次集計", "handoff_facts": "課題：手作業; 期限：6月末",
        "handoff_missing": "決裁者、予算", "goal_text": "集計を3日早く", "goal_target": "3", "goal_actual": 1.5,
        "goal_as_of": "2027-03-01",
    }))  # fmt: skip

    facts = facts_of(database, "acme")

    assert facts["handoff"] == {
        "complete": True, "purpose": "月次集計", "missing": ["決裁者", "予算"], "count": 2,
        "facts": [{"label": "課題", "text": "手作業"}, {"label": "期限", "text": "6月末"}],
    }  # fmt: skip
    goal = facts["goal"]
    assert ("集計を3日早く", 3, 1.5, date(2027, 3, 1), None) == (
        goal["text"], goal["target"], goal["actual"], goal["as_of"], goal["previous"],
    )  # fmt: skip


def test_without_a_hand_off_nothing_is_claimed(database: Database) -> None:
    hear(database, group(None, "acme"))

    handoff = facts_of(database, "acme")["handoff"]
    assert (handoff["complete"], handoff["purpose"], handoff["facts"], handoff["count"]) == (False, None, [], 0)


def test_usage_counts_real_people_only(database: Database) -> None:
    recent, before = NOW - timedelta(days=3), NOW - timedelta(days=40)
    hear(
        database,
        *(group(name, "acme") for name in ("aiko", "ben", "own")),
        identify("own", {"is_staff": True}),
        at=NOW - timedelta(days=100),
    )
    hear(database, track("aiko"), track("aiko"), track("ben"), track("own"),
         track(None, group="acme"),
         track("aiko", "contract.updated"), identify("aiko"), {"type": "page", "userId": "aiko"},
         at=recent)  # fmt: skip
    hear(database, track("ben"), track("own"), at=before)
    hear(database, track("ben"), at=NOW + timedelta(days=1))

    usage = facts_of(database, "acme", user="aiko")["usage"]

    assert {
        "active_users": 2, "active_users_before": 1, "events": 3, "events_before": 1, "days": 30,
        "as_of": date(2027, 4, 1), "trend": "up", "first_used_at": before, "contact_events": 2,
        "since": None, "before_since": None, "before_until": None,
    } == usage  # fmt: skip


def test_a_report_counts_whole_days_of_its_period_in_the_accounts_zone(database: Database) -> None:
    hear(database, group("aiko", "acme", {"time_zone": "Asia/Tokyo"}), at=NOW - timedelta(days=200))
    days = ("2026-09-30T14:59:59Z", "2026-09-30T15:00:00Z", "2026-12-31T14:59:59Z", "2026-12-31T15:00:00Z",
            "2026-06-30T14:59:59Z", "2026-06-30T15:00:00Z")  # fmt: skip
    hear(database, *(track("aiko", timestamp=day) for day in days))
    quarter = Period(date(2026, 7, 1), date(2026, 10, 1), date(2026, 12, 31))
    with database.reading() as session:
        acme = session.scalars(select(Account)).one()
        asked = Subject("account", acme.id, acme.id, None, None)
        report = replace(asked, period=quarter)
        usage = load_facts(session, Shared(), [asked, report], now=NOW)[report]["usage"]

    assert (usage["events"], usage["events_before"], usage["days"]) == (2, 2, 92)
    assert (usage["since"], usage["as_of"]) == (date(2026, 10, 1), date(2026, 12, 31))
    assert (usage["before_since"], usage["before_until"]) == (date(2026, 7, 1), date(2026, 9, 30))


def test_weeks_are_counted_back_from_the_end_of_the_period_and_only_where_they_are_asked_for(
    database: Database,
) -> None:
    hear(database, group("aiko", "acme", {"time_zone": "Asia/Tokyo"}), at=NOW - timedelta(days=200))
    days = ("2026-12-31T14:59:59Z", "2026-12-24T15:00:00Z", "2026-12-24T14:59:59Z", "2026-10-08T15:00:00Z",
            "2026-10-08T14:59:59Z", "2026-12-31T15:00:00Z")  # fmt: skip
    hear(database, *(track("aiko", timestamp=day) for day in days))
    quarter = Period(date(2026, 7, 1), date(2026, 10, 1), date(2026, 12, 31))
    with database.reading() as session:
        acme = session.scalars(select(Account)).one()
        report = Subject("account", acme.id, acme.id, None, None, period=quarter)
        reading = read_for(["usage.weeks"])
        weeks = load_facts(session, Shared(), [report], now=NOW, reading=reading)[report]["usage"]["weeks"]
        plain = load_facts(session, Shared(), [report], now=NOW)[report]["usage"]

    assert [week["events"] for week in weeks] == [1, *[0] * 9, 1, 2]
    assert (weeks[0]["starts_on"], weeks[-1]["starts_on"]) == (date(2026, 10, 9), date(2026, 12, 25))
    assert "weeks" not in plain


def test_a_test_account_uses_nothing(database: Database) -> None:
    hear(database, group("aiko", "acme", {"is_test": True}), track("aiko"), at=NOW - timedelta(days=1))

    usage = facts_of(database, "acme")["usage"]
    assert (usage["events"], usage["trend"], usage["first_used_at"]) == (0, "none", None)


def test_the_current_contract_is_the_active_one_that_started_last(database: Database) -> None:
    with database.transaction() as session:
        acme = make_account(session)
        make_contract(session, acme, "old", starts_on=date(2025, 4, 1), ends_on=date(2026, 3, 31), state="renewed")
        make_contract(session, acme, "now", starts_on=date(2026, 4, 1), ends_on=date(2027, 3, 31), amount_minor=80,
                      currency="JPY", traits={"previous_amount_minor": 100, "previous_currency": "JPY",
                                              "previous_ends_on": "2026-03-31"})  # fmt: skip
        make_contract(session, acme, "gone", starts_on=date(2027, 1, 1), state="cancelled")
        old = Subject("contract", 1, acme.id, None, 1)
        facts = load_facts(session, Shared(), [old], now=NOW)[old]["contract"]

    current = facts_of(database, "acme")["contract"]
    assert ("now", 365, True, date(2026, 3, 31)) == (
        current["external_id"], current["term_days"], current["is_downgrade"], current["previous_ends_on"],
    )  # fmt: skip
    assert (facts["external_id"], facts["is_downgrade"]) == ("old", False)


def test_without_a_contract_there_is_none(database: Database) -> None:
    hear(database, group(None, "acme"))

    assert facts_of(database, "acme")["contract"] is None


def test_senders_are_the_owners_and_the_executives(database: Database) -> None:
    with database.transaction() as session:
        acme = make_account(session, locale="en")
        make_staff(session, "sato@x.example", owns=acme, title={"ja": "担当", "en": "CSM"}, names={"en": "Hana Sato"})
        make_staff(session, "ceo@x.example", position="ceo", role="leader")
        make_staff(session, "left@x.example", position="cs_head", role="leader", is_active=False)

    facts = facts_of(database, "acme")

    assert tuple(facts["csm"][name] for name in ("name", "title", "email")) == ("Hana Sato", "CSM", "sato@x.example")
    assert facts["sales"] is None
    assert {"ceo", "csm", "sales"} == set(facts["senders"])
    assert (facts["company"]["name"], facts["team"]["email"]) == ("Aoba", "cs@aoba.example")


def test_who_says_to_have_been_there_longest_is_not_chosen_before_those_we_knew(database: Database) -> None:
    hear(database, identify("boss", {"email": "boss@example.jp", "roles": ["champion"]}, group="acme"))
    backdated = {"timestamp": "1991-01-01T00:00:00Z"}
    late = identify("late", {"email": "late@example.jp", "roles": ["champion"]}, group="acme", **backdated)
    hear(database, late, at=START + timedelta(days=1))

    chosen = choose(["champion"], facts_of(database, "acme")["people"], None)
    assert chosen is not None
    assert chosen.facts["external_id"] == "boss"


def test_people_can_be_chosen_and_are_told_apart(database: Database) -> None:
    with database.transaction() as session:
        acme = make_account(session)
        make_contact(session, acme, "mute", roles=("champion",), email=None)
        ann = make_contact(session, acme, "ann", roles=("champion", "admin"), traits={"plan": "pro"})
        make_contact(session, acme, "own", roles=("sponsor",), is_staff=True)
        gone = make_contact(session, acme, "gone", roles=("decision_maker",), left_at=NOW)

    people = facts_of(database, "acme")["people"]

    assert ann.id == getattr(choose(["sponsor", "decision_maker", "champion"], people, None), "id", None)
    assert [person.facts["external_id"] for person in people] == ["ann", "own", "gone", "mute"]
    assert tuple(people[0].facts[n] for n in ("roles", "plan", "has_left")) == (["champion", "admin"], "pro", False)
    assert gone.id == people[2].id


def test_the_enrolled_contact_is_known_even_after_leaving(database: Database) -> None:
    hear(database, group("aiko", "acme"), track("aiko", "contact.left"))

    facts = facts_of(database, "acme", user="aiko")
    assert (facts["contact"]["external_id"], facts["contact"]["has_left"], facts["people"]) == ("aiko", True, ())


@pytest.mark.parametrize("count", [1, 40])
def test_statements_do_not_grow_with_the_subjects(database: Database, count: int) -> None:
    with database.transaction() as session:
        accounts = [make_account(session, f"a{number}") for number in range(count)]
        for one in accounts:
            make_contact(session, one, f"c-{one.external_id}")
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    subjects = [Subject("account", one.id, one.id, None, None) for one in accounts]
    sql_events.listen(database.engine, "before_cursor_execute", note)
    with database.reading() as session:
        found = load_facts(session, Shared(), [*subjects, Subject("account", 10**6, 10**6, None, None)], now=NOW)

    assert count == len(found)
    assert len([one for one in statements if one.startswith("SELECT")]) == 7


def test_events_are_counted_by_name_in_windows_that_end_now(database: Database) -> None:
    for name in ("aiko", "ben", "own"):
        hear(database, group(name, "acme"), at=NOW - timedelta(days=100))
    hear(database, identify("own", {"is_staff": True}), at=NOW - timedelta(days=100))
    edge, before = NOW - timedelta(days=14), NOW - timedelta(days=28)
    tick = timedelta(microseconds=1)
    hear(database, *(
        track(user, "report.created", timestamp=at.isoformat())
        for at in (NOW, edge, edge - tick, before, before - tick) for user in ("aiko", "own")
    ), at=NOW)  # fmt: skip
    late = (NOW - timedelta(days=3, hours=1)).isoformat()
    for name in ("report.created", "report.deleted"):
        hear(database, track("ben", name, timestamp=late), at=NOW)
    asked = (
        'count("report.created", days=14)',
        'count_before("report.created", days=14)',
        *(f'days_since_event("{name}")' for name in ("report.created", "report.deleted", "report.read")),
    )

    acme, ben, of_test = (heard(database, asked, **who) for who in ({}, {"user": "ben"}, {"is_test": True}))

    assert acme == [3, 2, 0, 3, None]
    assert ben == [1, 0, 3, 3, None]
    assert of_test == [0, 0, None, None, None]


def heard(database: Database, asked: tuple[str, ...], *, user: str | None = None, is_test: bool = False) -> list[Any]:
    account_id = account(database, "acme").id
    contact_id = contact(database, user).id if user else None
    subject = Subject("contact" if user else "account", contact_id or account_id, account_id, contact_id, None)
    with database.transaction() as session:
        session.get_one(Account, account_id).is_test = is_test
    with database.reading() as session:
        facts = load_facts(session, Shared(), [subject], now=NOW, reading=read_for(asked))[subject]
    return [facts["heard"][name] for name in asked]
