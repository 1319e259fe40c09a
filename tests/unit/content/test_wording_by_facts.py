"""Sentences that come and go with the facts."""

from __future__ import annotations

import pytest

from engage.messages.salutations import Addressee, salute
from tests.unit.content.letters import LINKS, LOCALES, changed, full, letter, without, workspace


def greeted(who: Addressee, locale: str) -> str:
    """The welcome to somebody, as plain text."""
    greeting = salute(who, locale)
    facts = full(locale) | {"salutation": greeting.full, "salutation_short": greeting.short}
    return letter("kickoff/welcome", locale, facts).text


MINATO = "みなと商事株式会社"
GOLDEN = {
    "full": (
        Addressee(
            company="みなと商事株式会社", department="経営企画部", title="部長", family_name="山田", given_name="花子"
        ),
        "みなと商事株式会社\n経営企画部\n部長 山田花子様\n",
    ),
    "title": (
        Addressee(company="みなと商事株式会社", title="部長", family_name="山田"),
        "みなと商事株式会社\n部長 山田様\n",
    ),
    "no name": (Addressee(company="みなと商事株式会社"), "みなと商事株式会社\nご担当者様\n"),
    "shared box": (
        Addressee(company="みなと商事株式会社", department="経理部", is_shared_box=True),
        "みなと商事株式会社\n経理部 御中\n",
    ),
    "no department": (
        Addressee(company="みなと商事株式会社", family_name="山田", given_name="花子"),
        "みなと商事株式会社\n山田花子様\n",
    ),
    "foreign name": (
        Addressee(company="みなと商事株式会社", family_name="Miller", given_name="Ann"),
        "みなと商事株式会社\nAnn Miller 様\n",
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_a_japanese_welcome_opens_with_the_right_salutation(case: str) -> None:
    who, lines = GOLDEN[case]
    assert lines in greeted(who, "ja")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_complete_hand_off_spares_the_customer_explaining_again(locale: str) -> None:
    promise = {"ja": "初めからご説明いただくことはありません", "en": "need not explain it again"}[locale]
    assert promise in letter("kickoff/welcome", locale).text
    assert promise not in letter("kickoff/welcome", locale, changed(full(locale), handoff={"complete": False})).text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_welcome_shows_what_sales_handed_over(locale: str) -> None:
    text = letter("kickoff/welcome", locale).text
    for fact in full(locale)["handoff"]["facts"]:
        assert fact["text"] in text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_welcome_names_who_writes_next_and_why(locale: str) -> None:
    named, why = {"ja": ("佐藤 美咲", "受け持つため"), "en": ("Misaki Sato", "one person who stays")}[locale]
    text = letter("kickoff/welcome", locale).text.split(full(locale)["sender"]["email"])[0]
    assert named in text
    assert why in text
    alone = letter("kickoff/welcome", locale, without(full(locale), "csm")).text
    assert full(locale)["team"]["name"] in alone
    assert "\n\n\n" not in alone


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ["renewal/value-so-far", "renewal/reminder", "renewal/decision-day"])
def test_the_renewal_question_has_four_answers_and_is_no_contract_act(name: str, locale: str) -> None:
    mail = letter(name, locale)
    for key, choice in workspace().vocabulary.questions["renewal_intent"].choices.items():
        url = LINKS.answer_url("msg_1", "renewal_intent", key)
        assert f"{choice.text.for_locale(locale)}: {url}" in mail.text.splitlines()
        assert mail.html.count(f'href="{url}"') == 1
    assert {"ja": "お手続きにはあたりません", "en": "neither renews nor ends the contract"}[locale] in mail.text
    assert {"ja": "このメールへの返信でも", "en": "a reply to this mail does as well"}[locale] in mail.text


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_to_forward_names_contract_results_and_deadline_and_carries_no_link(locale: str) -> None:
    mail = letter("renewal/for-approval", locale)
    told = {
        "ja": ("2027年2月26日(金)", "お手続きがない場合", "月次締めを5営業日で終える", "7営業日", "2027年1月15日(金)"),
        "en": ("February 26, 2027", "If nothing is done", "close the month in 5 business days", "January 15, 2027"),
    }[locale]
    assert [said for said in told if said not in mail.text] == []
    assert [link for link in ("href=", "/survey/", "/unsubscribe/", "/click/") if link in mail.html] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_to_forward_shows_a_price_only_where_it_is_known_and_ours(locale: str) -> None:
    priced = {"amount_minor": 1_200_000, "currency": "JPY", "contact_policy": "direct"}
    price = {"ja": "1,200,000円", "en": "¥1,200,000"}[locale]

    def shown(**said: object) -> bool:
        return price in letter("renewal/for-approval", locale, changed(full(locale), contract=said)).text

    assert shown(**priced)
    assert not shown(**priced | {"contact_policy": "copy_partner"})
    assert not shown(**priced | {"sold_by": "nishi"})
    assert not shown(contact_policy="direct")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_renewal_says_what_happens_if_nothing_is_done(locale: str) -> None:
    automatic = letter("renewal/value-so-far", locale).text
    assert {"ja": "2027年2月26日までにお申し出がなければ", "en": "Without notice by February 26, 2027"}[
        locale
    ] in automatic
    ends = letter("renewal/value-so-far", locale, changed(full(locale), contract={"auto_renew": False})).text
    assert {"ja": "2027年3月31日で契約が終わり", "en": "ends on March 31, 2027 and access stops"}[locale] in ends


@pytest.mark.parametrize("locale", LOCALES)
def test_weak_use_is_asked_what_is_hard(locale: str) -> None:
    hard = {"ja": "難しいと感じていらっしゃること", "en": "what is hard for you"}[locale]
    weak = changed(full(locale), usage={"active_users": 5, "events": 100, "trend": "down"})
    assert hard in letter("renewal/value-so-far", locale, weak).text
    assert hard not in letter("renewal/value-so-far", locale).text


@pytest.mark.parametrize("locale", LOCALES)
def test_absence_offers_help_without_blame(locale: str) -> None:
    text = letter("first-use/absence", locale).text
    blame = {
        "ja": ("まだ", "されていません", "ご利用いただけていない"),
        "en": ("still not", "have not used", "failed", "yet"),
    }
    body = text.split(full(locale)["sender"]["email"])[0]
    assert [word for word in blame[locale] if word in body] == []
    for key, choice in workspace().vocabulary.questions["getting_started"].choices.items():
        url = LINKS.answer_url("msg_1", "getting_started", key)
        assert f"{choice.text.for_locale(locale)}: {url}" in text.splitlines()


@pytest.mark.parametrize("locale", LOCALES)
def test_a_new_contact_is_not_thanked_for_last_year(locale: str) -> None:
    shared = {"ja": "続けてくださった結果", "en": "you and your colleagues have built"}[locale]
    assert shared in letter("renewal-thanks/thanks", locale).text
    for facts in (changed(full(locale), contact={"known_days": 20}), without(full(locale), "contact.known_days")):
        assert shared not in letter("renewal-thanks/thanks", locale, facts).text


@pytest.mark.parametrize("locale", LOCALES)
def test_thanks_name_the_new_term_one_result_and_the_goal_ahead(locale: str) -> None:
    text = letter("renewal-thanks/thanks", locale).text
    assert {"ja": "2027年3月31日(水)まで", "en": "to March 31, 2027"}[locale] in text
    assert {"ja": "10営業日から7営業日", "en": "from 10 to 7 business days"}[locale] in text
    assert full(locale)["account"]["next_goal"] in text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("touch", ["high", "tech"])
def test_thanks_ask_for_one_planning_talk(touch: str, locale: str) -> None:
    mail = letter("renewal-thanks/thanks", locale, changed(full(locale), account={"touch_model": touch}))
    group, own = {"ja": ("合同の説明会", "日時を二つ"), "en": ("planning sessions", "two times")}[locale]
    assert (group in mail.text) == (touch == "tech")
    assert (own in mail.text) == (touch == "high")


@pytest.mark.parametrize("locale", LOCALES)
def test_falling_use_is_asked_about_without_a_count_or_a_reproach(locale: str) -> None:
    mail = letter("usage-falling/how-is-work", locale)
    usage = full(locale)["usage"]
    watched = {"ja": ("ご利用が", "操作", "ログイン", "減"), "en": ("noticed", "usage", "log in", "fewer", "less")}[
        locale
    ]
    figures = (str(usage["active_users"]), f"{usage['events']:,}")
    body = mail.text.split(full(locale)["sender"]["email"])[0]
    assert [said for said in (*watched, *figures) if said in body] == []
    for key, choice in workspace().vocabulary.questions["work_now"].choices.items():
        url = LINKS.answer_url("msg_1", "work_now", key)
        assert f"{choice.text.for_locale(locale)}: {url}" in mail.text.splitlines()


@pytest.mark.parametrize("locale", LOCALES)
def test_seats_are_counted_against_those_who_need_them(locale: str) -> None:
    needed, bought = {"ja": ("48名のうち28名", "30名分のうち28名"), "en": ("28 of the 48", "28 of the 30")}[locale]
    assert needed in letter("seats-activation/invite", locale).text
    lacking = without(full(locale), "account.seats_needed")
    assert bought in letter("seats-activation/invite", locale, lacking).text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_rescue_names_what_is_left_and_blames_nobody(locale: str) -> None:
    text = letter("onboarding/rescue", locale).text
    assert [item for item in full(locale)["account"]["onboarding_open"] if item not in text] == []
    blame = {"ja": ("遅れ", "できていない", "未達"), "en": ("late", "behind", "failed", "missed")}[locale]
    assert [word for word in blame if word in text.split(full(locale)["sender"]["email"])[0]] == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("touch", ["high", "tech"])
def test_who_takes_over_is_asked_for_one_thing_that_fits_their_touch(touch: str, locale: str) -> None:
    text = letter("stakeholder-change/briefing", locale, changed(full(locale), account={"touch_model": touch})).text
    meeting, word = {"ja": ("日時を二つ", "一言で結構"), "en": ("two times", "the one thing")}[locale]
    assert ((meeting in text), (word in text)) == ((touch == "high"), (touch == "tech"))
