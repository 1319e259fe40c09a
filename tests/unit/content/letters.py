"""The shipped mails filled with the facts of one made-up customer, as publishing and drafting would fill them."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from engage.language.compiling import CompiledTemplate, compile_template
from engage.language.questions import question_facts
from engage.language.workspace import Workspace, load_workspace
from engage.messages.composing import why_held
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail, RenderedInApp, fill_email, fill_in_app
from engage.messages.salutations import Addressee, salute

ROOT = Path(__file__).parents[3]
LINKS = Links("a secret of the tests", "https://engage.example")
LOCALES = ("ja", "en")
EMAILS = (
    "kickoff/welcome",
    "kickoff/minutes",
    "first-use/admin",
    "first-use/end-user",
    "first-use/absence",
    "business-review/review",
    "renewal/value-so-far",
    "renewal/reminder",
    "renewal/for-approval",
    "renewal/decision-day",
    "renewal/for-partner",
    "renewal/last-month",
    "renewal-thanks/thanks",
    "questions/ask",
    "nps/question",
    "nps/detractor",
    "nps/promoter",
    "advocacy/ask",
    "expansion/capacity",
    "expansion/department",
    "churn-risk/how-can-we-help",
    "win-back/first",
    "win-back/last",
    "onboarding/celebrate",
    "onboarding/rescue",
    "feature-adoption/use-case",
    "seats-activation/invite",
    "usage-falling/how-is-work",
    "stakeholder-change/who-follows",
    "stakeholder-change/briefing",
)
OWN = ("consents/confirm",)  # what Engage sends by itself: no letter of a colleague
IN_APP = (
    "first-use/next-step-admin",
    "first-use/next-step-user",
    "renewal/notice",
    "business-review/arrived",
    "onboarding/reached",
    "feature-adoption/try-it",
    "seats-activation/invite-here",
)


@cache
def workspace() -> Workspace:
    """The shipped playbooks and templates."""
    return load_workspace(ROOT / "playbooks", ROOT / "email_templates")


@cache
def template(name: str, locale: str) -> CompiledTemplate:
    """One shipped template as a release would keep it."""
    found = workspace()
    return compile_template(found.templates[name], locale, found.layout)


def letter(name: str, locale: str, facts: dict[str, Any] | None = None) -> RenderedEmail:
    """One shipped mail."""
    source = template(name, locale)
    filled = full(locale) if facts is None else facts
    topic = workspace().vocabulary.topics[source.meta["topic"] or "contract"]
    filled = {**filled, "unsubscribe_topic": topic.title.for_locale(locale)}
    return fill_email(source, filled, links=LINKS, message_id="msg_1", purpose=source.meta["purpose"])


def note(name: str, locale: str, facts: dict[str, Any] | None = None) -> RenderedInApp:
    """One shipped in-app message."""
    return fill_in_app(template(name, locale), full(locale) if facts is None else facts)


def held(name: str, locale: str, facts: dict[str, Any]) -> str | None:
    """Why drafting would hold the mail."""
    source = template(name, locale)
    filled = {**facts, "unsubscribe_topic": "topic"}
    return why_held(source, filled, purpose=source.meta["purpose"], render=True)


def full(locale: str) -> dict[str, Any]:
    """Every fact that a mail may show."""
    company = workspace().vocabulary.company.facts(locale)
    team = company.pop("team")
    facts: dict[str, Any] = copy.deepcopy(_FACTS[locale]) | {"company": company, "team": team}
    who = {"ja": Addressee(company="みなと商事株式会社", department="経営企画部", title="部長", family_name="山田")}
    facts["question"] = question_facts(workspace().vocabulary.questions, "renewal_intent", locale)
    greeting = salute(who.get(locale, Addressee(family_name="Yamada", given_name="Hanako")), locale)
    return facts | {"salutation": greeting.full, "salutation_short": greeting.short}


def without(facts: dict[str, Any], *paths: str) -> dict[str, Any]:
    """The same facts, some of them missing."""
    rest = copy.deepcopy(facts)
    for path in paths:
        *way, last = path.split(".")
        inner: Any = rest
        for step in way:
            inner = inner.get(step, {}) if isinstance(inner, dict) else {}
        if isinstance(inner, dict):
            inner.pop(last, None)
    return rest


def changed(facts: dict[str, Any], **groups: dict[str, Any]) -> dict[str, Any]:
    """The same facts, some of them different."""
    rest = copy.deepcopy(facts)
    for group, values in groups.items():
        rest[group] = {**rest.get(group, {}), **values}
    return rest


def _person(name: str, family: str, department: str, title: str, hours: str) -> dict[str, str]:
    email, phone = "m.sato@aoba-works.example", "03-0000-0121"
    said = {"name": name, "family_name": family, "department": department, "title": title}
    return said | {"email": email, "phone": phone, "hours": hours}


def _facts(locale: str) -> dict[str, Any]:
    ja = locale == "ja"
    sato = (
        _person("佐藤 美咲", "佐藤", "カスタマーサクセス部", "担当マネージャー", "平日 9時から17時半")
        if ja
        else _person("Misaki Sato", "Sato", "Customer Success", "Customer Success Manager", "9:00 to 17:30 JST")
    )
    kimura = {"name": "木村 隆" if ja else "Takashi Kimura", "family_name": "木村" if ja else "Kimura"}
    return {
        "today": "2026-12-01",
        "account": {
            "name": "みなと商事株式会社" if ja else "Minato Trading Ltd.",
            "country": "JP",
            "seats": 30,
            "seats_used": 28,
            "new_department": "東北支社 購買課" if ja else "Purchasing, Sendai",
            "improved_since": "紙の請求書を写真から取り込めます。"
            if ja
            else "Paper invoices can be read from a photo.",
            "touch_model": "high",
            "next_goal": "請求処理も同じ流れに載せる" if ja else "bring invoicing into the same flow",
            "onboarding_due_on": "2026-06-30",
            "onboarding_met_on": "2026-06-12",
            "onboarding_success": "三拠点が同じ手順で締める" if ja else "three sites close the month the same way",
            "onboarding_open": ["勘定科目の取り込み", "大阪拠点の設定"]
            if ja
            else ["Import of accounts", "Set-up in Osaka"],
            "key_feature": "自動集計" if ja else "Auto totals",
            "key_feature_for": "三拠点の数字を集め直す手間をなくす"
            if ja
            else "No more collecting figures from three sites",
            "seats_needed": 48,
            "seats_as_of": "2026-11-30",
        },
        "contact": {"email": "yamada@minato.example", "known_days": 400},
        "contract": {
            "name": "あおばワークス スタンダード" if ja else "Aoba Works Standard",
            "starts_on": "2026-04-01",
            "ends_on": "2027-03-31",
            "notice_deadline": "2027-02-26",
            "auto_renew": True,
        },
        "csm": sato,
        "sales": kimura,
        "sender": dict(sato),
        "handoff": {
            "complete": True,
            "purpose": "月次締めにかかる日数を減らす" if ja else "Shorten the monthly closing",
            "facts": [
                {
                    "label": "現状" if ja else "Today",
                    "text": "三拠点が表計算で集計" if ja else "Three sites, spreadsheets",
                },
                {
                    "label": "時期" if ja else "Timing",
                    "text": "3月の決算まで" if ja else "Before the year end in March",
                },
            ],
        },
        "goal": {
            "text": "月次締めを5営業日で終える" if ja else "close the month in 5 business days",
            "metric": "月次締めの日数" if ja else "Days to close the month",
            "unit": "営業日" if ja else "business days",
            "target": 5,
            "actual": 7,
            "previous": 10,
            "as_of": "2026-11-30",
            "direction": "down",
        },
        "usage": {
            "active_users": 24,
            "active_users_before": 18,
            "events": 1240,
            "events_before": 980,
            "days": 30,
            "as_of": "2026-11-30",
            "trend": "up",
            "contact_events": 86,
            "first_used_at": "2026-04-07T10:00:00+09:00",
            "weeks": [{"starts_on": f"2026-09-{8 + week:02}", "events": 60 + 9 * week} for week in range(12)],
        },
        "use_case": {
            "title": "拠点の数字を毎朝並べて見る" if ja else "See all sites side by side",
            "text": "拠点ごとの表計算を、同じ定義で並べます。" if ja else "The sheets of each site stand side by side.",
        },
        "event": {"name": "contract.renewed", "properties": {}},
        "waited": {"happened": True, "event": "kickoff.minutes_recorded", "properties": _minutes(ja)},
        "occurrence": {"date": "2026-12-01", "period_start": "2026-09-01", "period_end": "2026-11-30"},
        "answers": {
            "renewal_intent": "deciding",
            "renewal_intent_date": "2027-01-15",
            "renewal_intent_at": "2026-12-01T10:00:00+09:00",
            "nps_at": "2026-11-28T10:00:00+09:00",
            "advocacy_permission_at": "2026-11-28T10:00:00+09:00",
        },
        "sent": {step: {"state": "accepted", "at": "2026-11-12T10:00:00+09:00"} for step in ("value", "ask", "first")},
    }


def _minutes(ja: bool) -> dict[str, Any]:
    return {
        "held_on": "2026-04-09",
        "decisions": ["5月の締めから切り替える", "拠点ごとに推進担当を置く"]
        if ja
        else ["Start in May", "One lead per site"],
        "actions": [
            {
                "owner": "山田様" if ja else "Ms Yamada",
                "side": "customer",
                "what": "推進担当を決める",
                "due": "2026-04-16",
            },
            {"owner": "佐藤" if ja else "Ms Sato", "side": "vendor", "what": "勘定科目を取り込む", "due": "2026-04-20"},
        ],
        "attachments": [{"name": "計画書" if ja else "Project plan", "url": "https://app.aoba-works.example/plan.pdf"}],
    }


_FACTS = {locale: _facts(locale) for locale in LOCALES}
