from __future__ import annotations

import re
import unicodedata

import pytest

from engage.language.check import check_workspace
from engage.messages.rendering import RenderError, compiled
from tests.unit.content.letters import (
    EMAILS,
    IN_APP,
    LOCALES,
    OWN,
    ROOT,
    full,
    held,
    letter,
    note,
    template,
    without,
    workspace,
)

every_letter = pytest.mark.parametrize(("name", "locale"), [(name, locale) for name in EMAILS for locale in LOCALES])
HOLE = re.compile(r"None|\{\{|\{%|「」|“”|\(\)|、、|。。|\. \.|\.\.| ,| \.(?=\s|$)|undefined", re.MULTILINE)
INTERNAL = (
    "health", "churn", "risk", "segment", "playbook", "touch model", "red flag", "at-risk", "upsell",
    "ヘルス", "解約リスク", "チャーン", "セグメント", "タッチ", "プレイブック", "炎上", "要注意", "肌感", "アップセル",
)  # fmt: skip


def wide(text: str) -> float:
    """The length in full-width characters."""
    return sum(1 if unicodedata.east_asian_width(letter) in "FWA" else 0.5 for letter in text)


def test_the_shipped_workspace_has_no_problem() -> None:
    assert [str(problem) for problem in check_workspace(workspace())] == []


def test_every_shipped_template_is_tested_here() -> None:
    assert sorted(workspace().templates) == sorted((*EMAILS, *OWN, *IN_APP))


@every_letter
def test_a_letter_has_no_hole(name: str, locale: str) -> None:
    mail = letter(name, locale)
    assert not HOLE.search(f"{mail.subject}\n{mail.text}")


@every_letter
def test_a_subject_is_short_enough_to_be_read_whole(name: str, locale: str) -> None:
    assert wide(letter(name, locale).subject) <= 30


@every_letter
def test_both_parts_name_sender_team_phone_hours_and_where_a_reply_goes(name: str, locale: str) -> None:
    facts, mail = full(locale), letter(name, locale)
    reply = {"ja": "ご返信", "en": "reply"}[locale]
    sender, team, company = facts["sender"], facts["team"], facts["company"]
    for said in (sender["name"], sender["phone"], sender["hours"], sender["email"], team["name"], reply):
        assert said in mail.text
        assert said in mail.html
    assert company["postal_address"] in mail.text


@every_letter
def test_a_letter_shows_three_facts_of_this_customer(name: str, locale: str) -> None:
    facts, text = full(locale), letter(name, locale).text
    contract, goal, usage = facts["contract"], facts["goal"], facts["usage"]
    known = [
        facts["account"]["name"],
        contract["name"],
        goal["text"],
        goal["metric"],
        facts["handoff"]["facts"][0]["text"],
    ]
    known += [str(usage["active_users"]), f"{usage['events']:,}", str(usage["contact_events"])]
    account = facts["account"]
    known += [account["onboarding_success"], account["key_feature"], f"{account['seats_used']}"]
    known += [_date(contract["ends_on"], locale), _date(contract["starts_on"], locale), _date("2026-04-09", locale)]
    body = text.split(facts["sender"]["email"])[0]
    assert sum(fact in body for fact in known) >= 3


@every_letter
def test_no_internal_word_reaches_a_customer(name: str, locale: str) -> None:
    mail = letter(name, locale)
    said = f"{mail.subject} {mail.text}".lower()
    assert [word for word in INTERNAL if word in said] == []


@every_letter
def test_html_says_its_language_has_a_preheader_and_fits_dark_mode(name: str, locale: str) -> None:
    html = letter(name, locale).html
    assert f'<html lang="{locale}"' in html
    assert "color-scheme" in html
    assert "prefers-color-scheme: dark" in html
    assert re.search(r"display:none[^>]*>[^<]{10,}", html)
    assert "fonts.googleapis" not in html
    assert len(html.encode()) < 60_000


@every_letter
def test_an_unsubscribe_is_offered_where_the_purpose_asks_and_names_its_topic(name: str, locale: str) -> None:
    source, mail = template(name, locale), letter(name, locale)
    topic = workspace().vocabulary.topics[source.meta["topic"] or "contract"].title.for_locale(locale)
    offered = "https://engage.example/unsubscribe/" in mail.text
    assert offered == (source.meta["purpose"] != "transactional")
    assert offered == ("https://engage.example/preferences/" in mail.text)
    if offered:
        assert topic in mail.text
        assert {"ja": "ほかのご連絡には影響しません", "en": "other messages are not affected"}[locale] in mail.text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", OWN)
def test_a_mail_that_engage_sends_by_itself_is_complete_in_each_language(name: str, locale: str) -> None:
    facts = full(locale)
    facts |= {"sender": dict(facts["team"])}
    for known in (facts, {one: facts[one] for one in ("contact", "sender", "team", "company", "salutation")}):
        mail = letter(name, locale, known)
        assert not HOLE.search(f"{mail.subject}\n{mail.text}")
        for said in (facts["company"]["name"], facts["company"]["postal_address"], facts["team"]["email"]):
            assert said in mail.text and said in mail.html
        assert "https://engage.example/confirm/" in mail.text and wide(mail.subject) <= 30
        assert f'<html lang="{locale}"' in mail.html and "prefers-color-scheme: dark" in mail.html


@every_letter
def test_what_a_letter_needs_holds_it_when_missing(name: str, locale: str) -> None:
    for need in template(name, locale).meta["needs"]:
        facts = full(locale)
        if "[" in need:
            facts["handoff"]["facts"] = facts["handoff"]["facts"][:1]
            assert held(name, locale, facts) is not None or need.endswith("[0]")
        else:
            assert held(name, locale, without(facts, need)) is not None, need


@every_letter
def test_a_goal_that_is_counted_without_a_unit_holds_no_letter(name: str, locale: str) -> None:
    assert held(name, locale, without(full(locale), "goal.unit")) is None


@every_letter
def test_any_missing_fact_changes_the_wording_or_holds_the_mail(name: str, locale: str) -> None:
    facts = full(locale)
    for path in sorted(compiled(template(name, locale)).paths):
        lacking = without(facts, ".".join(path))
        try:
            mail = letter(name, locale, lacking)
        except RenderError:
            assert held(name, locale, lacking) is not None
            continue
        hole = HOLE.search(f"{mail.subject}\n{mail.text}")
        assert hole is None, (path, hole)


@every_letter
def test_the_team_signs_where_there_is_no_person(name: str, locale: str) -> None:
    facts = full(locale)
    facts["sender"] = dict(facts["team"])
    for person in ("csm", "sales"):
        facts.pop(person)
    if name == "kickoff/welcome":
        assert "sender.title" in str(held(name, locale, facts))
        return
    mail = letter(name, locale, facts)
    assert not HOLE.search(mail.text)
    assert mail.text.count(facts["team"]["name"]) >= 2
    assert {"ja": "本人", "en": "Misaki"}[locale] not in mail.text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", IN_APP)
def test_an_in_app_message_is_short_and_links_into_the_product(name: str, locale: str) -> None:
    facts = full(locale)
    shown = note(name, locale, facts)
    assert not HOLE.search(f"{shown.title}\n{shown.body}")
    assert wide(shown.title) <= 24 if locale == "ja" else len(shown.title) <= 48
    assert len(shown.body) <= 260
    assert shown.link and shown.link.startswith(facts["company"]["url"])


@pytest.mark.parametrize("locale", LOCALES)
def test_a_contract_mail_about_money_shows_no_price(locale: str) -> None:
    for name in ("renewal/value-so-far", "renewal/reminder", "renewal/for-partner", "renewal-thanks/thanks"):
        source = "".join(path.read_text() for path in (ROOT / "email_templates" / name / locale).iterdir())
        assert "amount" not in source
        assert "money" not in source


def _date(day: str, locale: str) -> str:
    year, month, number = (int(part) for part in day.split("-"))
    names = ["", "January", "February", "March", "April"]
    return f"{year}年{month}月{number}日" if locale == "ja" else f"{names[month]} {number}"
