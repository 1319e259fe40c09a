"""Users, groups, aliases and contracts become contacts, accounts and terms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

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


def test_who_leaves_and_joins_again_at_the_same_instant_is_there(database: Database) -> None:
    at = {"timestamp": START.isoformat()}
    hear(database, group("aiko", "acme", **at), track("aiko", "contact.left", **at), group("aiko", "acme", **at))

    assert (members(database, "acme"), contact(database, "aiko").left_at) == ([("aiko", [], True)], None)


def test_of_several_accounts_the_newest_membership_counts(database: Database) -> None:
    hear(database, group("aiko", "acme"), track("aiko"), group("aiko", "beta"), track("aiko"))

    assert [
        {account(database, name).id: name for name in ("acme", "beta")}[event.account_id or 0]
        for event in events_of(database)
    ] == ["acme", "acme", "beta", "beta"]


def ago(days: int) -> datetime:
    return START - timedelta(days=days)


def test_a_newer_word_on_one_thing_makes_no_older_word_on_another_old(database: Database) -> None:
    hear(database, identify("aiko", {"email": "old@example.jp"}), at=ago(9))
    hear(database, identify("aiko", {"plan": "pro", "title": "部長"}), at=ago(1))
    hear(database, identify("aiko", {"email": "new@example.jp", "locale": "en", "plan": "old"}), at=ago(5))

    aiko = contact(database, "aiko")
    assert (aiko.email, aiko.address_key, aiko.locale) == ("new@example.jp", "new@example.jp", "en")
    assert ("部長", {"plan": "pro"}, ago(1)) == (aiko.title, aiko.traits, aiko.updated_at)


def test_what_was_taken_away_does_not_come_back_by_an_older_word(database: Database) -> None:
    hear(database, identify("aiko", {"email": "", "plan": None}), at=ago(1))
    hear(database, identify("aiko", {"email": "gone@example.jp", "plan": "pro"}), at=ago(30))

    aiko = contact(database, "aiko")
    assert (aiko.email, aiko.address_key, aiko.traits) == (None, None, {})


def test_a_no_is_a_word_not_a_gap(database: Database) -> None:
    hear(database, track(None, "contract.updated", group="acme", properties=said(auto_renew=False)), at=ago(1))
    hear(
        database, track(None, "contract.updated", group="acme", properties=said(auto_renew=True, name="P")), at=ago(30)
    )
    hear(database, group(None, "acme", {"is_test": False}), at=ago(1))
    hear(database, group(None, "acme", {"is_test": True, "csm_email": "nobody@example.jp"}), at=ago(30))

    c1 = contract(database, "c1")
    assert (c1.auto_renew, c1.name, account(database, "acme").is_test) == (False, "P", False)


def test_an_owner_named_before_does_not_replace_who_was_named_since(database: Database) -> None:
    sato, _ = add_staff(database, "sato@engage.example"), add_staff(database, "kato@engage.example")
    hear(database, group(None, "acme", {"csm_email": "sato@engage.example"}), at=ago(1))
    hear(database, group(None, "acme", {"csm_email": "kato@engage.example"}), at=ago(5))

    with database.reading() as session:
        assert [sato] == session.scalars(select(AccountOwner.staff_id).where(AccountOwner.until.is_(None))).all()


def test_a_merge_revives_no_address_that_was_removed(database: Database) -> None:
    hear(database, identify("old", {"email": "old@example.jp", "title": "部長"}), at=ago(9))
    hear(database, identify("new", {"email": ""}), at=ago(5))
    hear(database, alias("old", "new"), at=ago(1))

    new = contact(database, "new")
    assert (new.email, new.address_key, new.title) == (None, None, "部長")


def test_an_older_word_does_not_undo_a_cancellation(database: Database) -> None:
    cancelled = track(None, "contract.cancelled", group="acme", properties=said())
    hear(database, cancelled, at=ago(1))
    hear(database, track(None, "contract.created", group="acme", properties=said(state="pending")), at=ago(9))
    hear(database, track(None, "contract.renewed", group="acme", properties=said(ends_on="2028-03-31")), at=ago(5))

    c1 = contract(database, "c1")
    assert ("cancelled", date(2028, 3, 31)) == (c1.state, c1.ends_on)


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


def test_consents_come_from_traits_and_events_and_repeating_fills_no_ledger(database: Database) -> None:
    hear(
        database,
        identify("aiko", {"consents": {"onboarding": True, "contract": {"state": "granted", "basis": "relationship"}}}),
        *(identify("aiko", {"consents": {"onboarding": True}}) for _ in range(10)),
        *(track("aiko", "consent.withdrawn", properties={"topic": "onboarding"}) for _ in range(10)),
    )

    with database.reading() as session:
        kept = [
            (one.topic, one.state, one.basis, (one.at - START).seconds // 60)
            for one in session.scalars(select(Consent).order_by(Consent.topic, Consent.at))
        ]
    assert kept == [
        ("contract", "granted", "relationship", 0),
        ("onboarding", "granted", "consent", 0),
        ("onboarding", "granted", "consent", 10),
        ("onboarding", "withdrawn", "unsubscribe", 11),
        ("onboarding", "withdrawn", "unsubscribe", 20),
    ]


@pytest.mark.parametrize("learned", list(permutations((1, 2, 3))))
def test_a_refusal_that_was_repeated_stands_after_a_yes_learned_late(
    database: Database, learned: tuple[int, ...]
) -> None:
    words_said = {1: "consent.withdrawn", 2: "consent.granted", 3: "consent.withdrawn"}
    for day in learned:
        said_at = (START + timedelta(days=day)).isoformat()
        hear(
            database,
            track("aiko", words_said[day], properties={"topic": "news"}, timestamp=said_at),
            at=START + timedelta(days=5),
        )
    assert words(database)[-1] == ("news", "withdrawn", "aiko")


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


def test_an_older_word_on_mail_learned_late_does_not_undo_the_newer_one(database: Database) -> None:
    granted = track("aiko", "consent.granted", properties={"topic": "news"}, timestamp="2027-03-01T10:00:00Z")
    refused = track("aiko", "consent.withdrawn", properties={"topic": "news"}, timestamp="2027-03-01T09:00:00Z")
    hear(database, granted)
    hear(database, refused)
    hear(database, granted)
    assert words(database) == [("news", "withdrawn", "aiko"), ("news", "granted", "aiko")]


def test_who_is_merged_keeps_what_he_refused(database: Database) -> None:
    hear(database, identify("old"), track("old", "unsubscribed", properties={"topic": "news"}), identify("new"))
    hear(database, alias("old", "new"))
    assert words(database) == [("news", "withdrawn", "new")]


def test_a_refusal_by_somebody_not_yet_known_counts_once_he_is(database: Database) -> None:
    hear(database, track(None, "consent.withdrawn", anonymousId="browser", properties={"topic": "news"}))
    hear(database, identify("aiko", anonymousId="browser"))
    digest(database)
    assert words(database) == [("news", "withdrawn", "aiko")]


def words(database: Database) -> list[tuple[str, str, str | None]]:
    """Every word on consent, the one that holds last."""
    with database.reading() as session:
        rows = session.execute(
            select(Consent.topic, Consent.state, Contact.external_id)
            .join(Contact, Contact.id == Consent.contact_id)
            .order_by(Consent.at, Consent.id)
        )
        return [(row.topic, row.state, row.external_id) for row in rows]
