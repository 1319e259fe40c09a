"""Users, groups, aliases and contracts become contacts, accounts and terms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from engage.customers.resolving import project_ahead
from engage.customers.tables import Consent, Contact
from engage.db.session import Database
from engage.events.timeline import unresolved
from engage.staff.tables import AccountOwner
from tests.integration.customers.telling import (
    START,
    account,
    add_staff,
    alias,
    contact,
    contract,
    digest,
    events_of,
    group,
    hear,
    identify,
    members,
    tell,
    track,
)


def test_a_person_and_a_company_get_their_traits(database: Database) -> None:
    person = {
        "email": "Aiko@Example.JP", "family_name": "山田", "given_name": "愛子", "family_reading": "ヤマダ",
        "department": "情報システム部", "title": "部長", "language": "ja-JP", "timezone": "Asia/Tokyo",
        "roles": ["champion", "管理者"], "seats_used": 3,
    }  # fmt: skip
    company = {
        "name": "株式会社アクメ", "country": "日本", "touch_model": "High", "phase": "onboarding",
        "segment": "long_tail", "fiscal_year_end_month": "3月", "handoff_purpose": "月次集計",
    }  # fmt: skip
    hear(database, identify("aiko", person), group("aiko", "acme", company))

    aiko, acme = contact(database, "aiko"), account(database, "acme")
    assert (aiko.email, aiko.address_key) == ("Aiko@example.jp", "aiko@example.jp")
    assert (
        aiko.family_name, aiko.given_name, aiko.family_reading, aiko.given_reading,
    ) == ("山田", "愛子", "ヤマダ", None)  # fmt: skip
    assert (
        aiko.department, aiko.title, aiko.locale, aiko.time_zone,
    ) == ("情報システム部", "部長", "ja", "Asia/Tokyo")  # fmt: skip
    assert aiko.traits == {"seats_used": 3, "roles": ["champion", "admin"]}
    assert (
        acme.name, acme.country, acme.touch_model, acme.phase, acme.fiscal_year_end_month,
    ) == ("株式会社アクメ", "JP", "high", "onboarding", 3)  # fmt: skip
    assert acme.traits == {"handoff_purpose": "月次集計"}
    assert members(database, "acme") == [("aiko", ["champion", "admin"], True)]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("山田 太郎", ("山田", "太郎", None)),
        ("山田　太郎", ("山田", "太郎", None)),
        ("Ben Carter", ("Carter", "Ben", None)),
        ("山田太郎", (None, None, "山田太郎")),
        ("Anna Maria van Dyk", (None, None, "Anna Maria van Dyk")),
    ],
)
def test_a_name_is_split_only_where_it_is_certain(database: Database, name: str, parts: tuple[str | None, ...]) -> None:
    hear(database, identify("x", {"name": name}))

    found = contact(database, "x")
    assert parts == (found.family_name, found.given_name, found.full_name)


def test_a_track_event_names_its_account_by_context_or_by_membership(database: Database) -> None:
    hear(database, group("aiko", "acme"), track("aiko"), track("ben", group="beta"), track("ben"))

    acme, beta = account(database, "acme").id, account(database, "beta").id
    assert [acme, acme, beta, None] == [event.account_id for event in events_of(database)]
    assert members(database, "beta") == []


def test_events_before_a_late_group_find_their_account_and_come_up_again(database: Database) -> None:
    hear(database, track("aiko"), track("aiko"))
    tell(database, track("aiko"), group("aiko", "acme"), track("aiko"), at=START + timedelta(hours=1))

    assert digest(database) == 2
    assert {account(database, "acme").id} == {event.account_id for event in events_of(database)}
    with database.reading() as session:
        assert unresolved(session, limit=10) == []


def test_what_was_done_anonymously_becomes_known(database: Database) -> None:
    hear(database, track(None, anonymousId="browser"), group(None, "acme", anonymousId="browser"))
    assert [event.contact_id for event in events_of(database)] == [None, None]

    hear(database, identify("aiko", anonymousId="browser"), track(None, anonymousId="browser"))

    assert {contact(database, "aiko").id} == {event.contact_id for event in events_of(database)}


def test_an_anonymous_id_stays_with_the_first_person(database: Database) -> None:
    hear(database, identify("aiko", anonymousId="shared"), identify("ben", anonymousId="shared"))
    hear(database, track(None, anonymousId="shared"), at=START + timedelta(hours=1))

    assert contact(database, "aiko").id == events_of(database)[-1].contact_id


def test_an_alias_joins_two_contacts_into_one(database: Database) -> None:
    hear(
        database,
        identify("old", {"email": "aiko@example.jp", "family_name": "山田", "plan": "pro"}),
        group("old", "acme"),
        track("old"),
        identify("new", {"given_name": "愛子"}),
        alias("old", "new"),
        track("old"),
        track("new"),
    )

    aiko = contact(database, "new")
    assert (
        aiko.family_name, aiko.given_name, aiko.email, aiko.traits,
    ) == ("山田", "愛子", "aiko@example.jp", {"plan": "pro"})  # fmt: skip
    assert members(database, "acme") == [("new", [], True)]
    assert {aiko.id} == {event.contact_id for event in events_of(database)}
    with database.reading() as session:
        (merged,) = session.scalars(select(Contact).where(Contact.external_id.is_(None)))
    assert (None, {"merged_into": aiko.public_id}) == (merged.address_key, merged.traits)


def test_an_alias_of_an_anonymous_id_is_enough(database: Database) -> None:
    hear(database, track(None, anonymousId="browser"))
    hear(database, alias("browser", "aiko"), track(None, anonymousId="browser"), at=START + timedelta(hours=1))

    assert {contact(database, "aiko").id} == {event.contact_id for event in events_of(database)}


def test_who_leaves_stays_in_the_history_and_may_come_back(database: Database) -> None:
    hear(database, group("aiko", "acme"), track("aiko", "contact.left", group="acme"), track("aiko"))
    left = contact(database, "aiko").left_at
    assert members(database, "acme") == [("aiko", [], False)]

    hear(database, group("aiko", "acme"), at=START + timedelta(days=30))

    assert left == START + timedelta(minutes=1)
    assert contact(database, "aiko").left_at is None
    assert members(database, "acme") == [("aiko", [], False), ("aiko", [], True)]


def test_of_several_accounts_the_newest_membership_counts(database: Database) -> None:
    hear(database, group("aiko", "acme"), track("aiko"), group("aiko", "beta"), track("aiko"))

    assert [
        {account(database, name).id: name for name in ("acme", "beta")}[event.account_id or 0]
        for event in events_of(database)
    ] == ["acme", "acme", "beta", "beta"]


def test_a_word_from_before_fills_gaps_only(database: Database) -> None:
    hear(database, identify("aiko", {"title": "部長", "plan": "pro"}), at=START)
    hear(database, identify("aiko", {"title": "課長", "department": "総務部", "plan": "old", "since": 2019}),
         at=START - timedelta(days=365))  # fmt: skip

    aiko = contact(database, "aiko")
    assert (aiko.title, aiko.department, aiko.traits) == ("部長", "総務部", {"plan": "pro", "since": 2019})


def test_an_unreadable_value_stays_a_plain_trait(database: Database) -> None:
    hear(database, group(None, "acme", {"fiscal_year_end_month": 13, "touch_model": "huge", "name": "Acme"}))

    acme = account(database, "acme")
    assert (acme.fiscal_year_end_month, acme.touch_model, acme.name) == (None, None, "Acme")
    assert acme.traits == {"fiscal_year_end_month": 13, "touch_model": "huge"}


def test_roles_said_for_an_account_stay_there(database: Database) -> None:
    hear(
        database,
        group("aiko", "acme"),
        group("aiko", "beta"),
        identify("aiko", {"roles": ["sponsor"]}),
        identify("aiko", {"roles": "champion, decision maker"}, group="acme"),
    )

    assert members(database, "acme") == [("aiko", ["champion", "decision_maker"], True)]
    assert members(database, "beta") == [("aiko", ["sponsor"], True)]


def test_own_staff_is_known_by_trait_or_by_address(database: Database) -> None:
    add_staff(database, "sato@engage.example")
    hear(database, identify("a", {"is_staff": True}), identify("b", {"email": "Sato@engage.example"}), identify("c"))

    assert [contact(database, name).is_staff for name in ("a", "b", "c")] == [True, True, False]


def test_owners_follow_what_the_account_says(database: Database) -> None:
    sato, kato = add_staff(database, "sato@engage.example"), add_staff(database, "kato@engage.example")
    hear(database, group(None, "acme", {"csm_email": "Sato@engage.example", "sales_email": "kato@engage.example"}))
    hear(database, group(None, "acme", {"csm_email": "kato@engage.example"}), at=START + timedelta(days=1))
    hear(database, group(None, "acme", {"csm_email": "nobody@engage.example"}), at=START + timedelta(days=2))

    with database.reading() as session:
        owners = [
            (one.role, one.staff_id, one.until is None)
            for one in session.scalars(select(AccountOwner).order_by(AccountOwner.id))
        ]
    assert sorted([("csm", sato, False), ("sales", kato, True), ("csm", kato, True)]) == sorted(owners)


def test_consents_come_from_traits_and_events_and_only_news_counts(database: Database) -> None:
    hear(
        database,
        identify("aiko", {"consents": {"onboarding": True, "contract": {"state": "granted", "basis": "relationship"}}}),
        identify("aiko", {"consents": {"onboarding": True}}),
        track("aiko", "consent.withdrawn", properties={"topic": "onboarding"}),
        track("aiko", "consent.withdrawn", properties={"topic": "onboarding"}),
    )

    with database.reading() as session:
        kept = [(one.topic, one.state, one.basis) for one in session.scalars(select(Consent).order_by(Consent.id))]
    assert kept == [
        ("contract", "granted", "relationship"),
        ("onboarding", "granted", "consent"),
        ("onboarding", "withdrawn", "unsubscribe"),
    ]


def said(**properties: object) -> dict[str, object]:
    return {"contract_id": "c1", **properties}


def test_a_contract_is_told_by_events(database: Database) -> None:
    terms = said(
        name="年間契約", starts_on="2027/4/1", ends_on="2028年3月31日", notice_deadline="2027-12-31",
        amount="1,200,000", currency="JPY", auto_renew="はい", sold_by="partner-1",
        contact_policy="copy_partner", seats=20,
    )  # fmt: skip
    hear(database, track(None, "contract.created", group="acme", properties=terms))
    hear(
        database, track(None, "contract.updated", group="acme", properties=said(seats=30)), at=START + timedelta(days=1)
    )

    kept = contract(database, "c1")
    assert (date(2027, 4, 1), date(2028, 3, 31), date(2027, 12, 31)) == (
        kept.starts_on, kept.ends_on, kept.notice_deadline,
    )  # fmt: skip
    assert (
        kept.amount_minor, kept.currency, kept.auto_renew, kept.sold_by, kept.contact_policy, kept.state, kept.traits,
    ) == (1_200_000, "JPY", True, "partner-1", "copy_partner", "active", {"seats": 30})  # fmt: skip


def test_a_renewal_of_the_same_contract_keeps_the_last_term_in_sight(database: Database) -> None:
    hear(database, track(None, "contract.created", group="acme", properties=said(
        starts_on="2026-04-01", ends_on="2027-03-31", amount_minor=100, currency="USD")))  # fmt: skip
    hear(database, track(None, "contract.renewed", group="acme", properties=said(
        starts_on="2027-04-01", ends_on="2028-03-31", amount_minor=80)), at=START + timedelta(days=1))  # fmt: skip

    kept = contract(database, "c1")
    assert (date(2028, 3, 31), 80, "active") == (kept.ends_on, kept.amount_minor, kept.state)
    assert kept.traits == {"previous_ends_on": "2027-03-31", "previous_amount_minor": 100, "previous_currency": "USD"}


def test_a_renewal_by_a_new_contract_closes_the_old_one(database: Database) -> None:
    hear(database, track(None, "contract.created", group="acme", properties=said(ends_on="2027-03-31")))
    renewal = said(new_contract_id="c2", starts_on="2027-04-01", ends_on="2028-03-31")
    hear(database, track(None, "contract.renewed", group="acme", properties=renewal), at=START + timedelta(days=1))

    old, new = contract(database, "c1"), contract(database, "c2")
    assert ("renewed", "active", date(2027, 3, 31), date(2028, 3, 31)) == (
        old.state, new.state, old.ends_on, new.ends_on,
    )  # fmt: skip
    assert new.traits["previous_ends_on"] == "2027-03-31"


@pytest.mark.parametrize(("name", "state"), [("contract.cancelled", "cancelled"), ("contract.ended", "ended")])
def test_a_contract_ends(database: Database, name: str, state: str) -> None:
    hear(database, track(None, "contract.created", group="acme", properties=said()), track(
        None, name, group="acme", properties=said()))  # fmt: skip

    assert state == contract(database, "c1").state


def test_what_an_import_projected_ahead_is_digested_once_more_without_effect(database: Database) -> None:
    tell(database, identify("aiko", {"family_name": "山田"}), group("aiko", "acme"), track("aiko"))
    with database.transaction() as session:
        project_ahead(session, unresolved(session, limit=10))
    with database.reading() as session:
        waiting = unresolved(session, limit=10)

    assert len(waiting) == 3
    assert account(database, "acme").id == waiting[2].account_id
    assert digest(database) == 1
    assert members(database, "acme") == [("aiko", [], True)]


def test_when_true_and_when_learned_are_both_kept(database: Database) -> None:
    hear(database, group("aiko", "acme"), at=datetime(2027, 1, 1, tzinfo=UTC))

    found = contact(database, "aiko")
    assert (datetime(2027, 1, 2, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)) == (found.created_at, found.updated_at)
