"""An invented customer, so that a template can be read before any customer gets it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from engage.language.contracts import in_language
from engage.language.customer_words import USE_CASE
from engage.language.questions import AT, DATE, QUESTION, SCORE, question_facts
from engage.language.vocabulary import Vocabulary
from engage.messages.contexts import greeting
from engage.messages.formats import language_of
from engage.messages.rendering import TemplateText, compiled
from engage.messages.salutations import Addressee, salute

MESSAGE_ID = "sample"
_TODAY = "2027-01-13"
_SENT_AT = "2026-12-15T10:00:00+09:00"
_BY_TYPE: dict[str, dict[str, Any]] = {
    "ja": {"text": "(見本の文)", "number": 12, "bool": True, "date": "2027-02-10", "list": ["見本"]},
    "en": {"text": "(sample text)", "number": 12, "bool": True, "date": "2027-02-10", "list": ["sample"]},
}
_FIRST_WEEK = date(2026, 10, 21)
_WEEKS = [
    {"starts_on": (_FIRST_WEEK + timedelta(weeks=week)).isoformat(), "events": events}
    for week, events in enumerate((62, 70, 75, 71, 88, 96, 104, 99, 118, 131, 142, 184))
]
_COMMON: dict[str, dict[str, Any]] = {
    "account": {"country": "JP", "time_zone": "Asia/Tokyo", "touch_model": "mid", "phase": "adoption"},
    "contact": {"email": "mari.hinata@customer.example", "time_zone": "Asia/Tokyo", "known_days": 240},
    "contract": {
        "starts_on": "2026-04-01",
        "ends_on": "2027-03-31",
        "previous_ends_on": "2026-03-31",
        "notice_deadline": "2027-02-28",
        "amount_minor": 1_200_000,
        "currency": "JPY",
        "auto_renew": True,
        "state": "active",
        "term_days": 365,
    },
    "goal": {"target": 5, "actual": 7, "previous": 10, "as_of": "2027-01-12", "due": "2027-03-31", "direction": "down"},
    "usage": {
        "active_users": 24,
        "active_users_before": 18,
        "events": 1_240,
        "events_before": 980,
        "contact_events": 86,
        "days": 30,
        "as_of": "2027-01-12",
        "trend": "up",
        "first_used_at": "2026-04-07T10:00:00+09:00",
        "weeks": _WEEKS,
    },
    "event": {"name": "contract.renewed", "occurred_at": "2027-01-12T10:00:00+09:00", "properties": {}},
    "occurrence": {
        "date": _TODAY,
        "previous_start": "2026-07-01",
        "period_start": "2026-10-01",
        "period_end": "2026-12-31",
    },
}
_WORDS: dict[str, dict[str, dict[str, Any]]] = {
    "ja": {
        "account": {"name": "ひなた食品株式会社", "locale": "ja"},
        "contact": {
            "family_name": "日向",
            "given_name": "真理",
            "department": "経営管理部",
            "title": "部長",
            "locale": "ja",
        },
        "contract": {"name": "スタンダードプラン"},
        "goal": {
            "text": "月次の締めを5営業日で終える",
            "metric": "締めにかかる日数",
            "unit": "営業日",
            "owner": "日向様",
        },
        "handoff": {
            "complete": True,
            "purpose": "月次の締めを早くする",
            "count": 2,
            "facts": [
                {"label": "現状", "text": "3拠点が表計算で集計している"},
                {"label": "時期", "text": "3月の決算に間に合わせたい"},
            ],
        },
    },
    "en": {
        "account": {"name": "Hinata Foods Ltd.", "locale": "en"},
        "contact": {"family_name": "Hinata", "given_name": "Mari", "title": "Controller", "locale": "en"},
        "contract": {"name": "Standard plan"},
        "goal": {"text": "close the month in 5 days", "metric": "Days to close", "unit": "days", "owner": "Ms. Hinata"},
        "handoff": {
            "complete": True,
            "purpose": "Close the month sooner",
            "count": 2,
            "facts": [
                {"label": "Today", "text": "three sites collect figures in spreadsheets"},
                {"label": "Timing", "text": "ready for the year end in March"},
            ],
        },
    },
}
_PEOPLE: dict[str, dict[str, dict[str, str]]] = {
    "ja": {
        "csm": {"name": "佐藤 花子", "family_name": "佐藤", "title": "主任", "hours": "平日 9:00-17:30"},
        "sales": {"name": "鈴木 一郎", "family_name": "鈴木", "title": "課長", "hours": "平日 9:00-17:30"},
    },
    "en": {
        "csm": {"name": "Hanako Sato", "family_name": "Sato", "title": "Manager", "hours": "weekdays 9:00-17:30 JST"},
        "sales": {
            "name": "Ichiro Suzuki",
            "family_name": "Suzuki",
            "title": "Lead",
            "hours": "weekdays 9:00-17:30 JST",
        },
    },
}


def sample_facts(
    vocabulary: Vocabulary, locale: str, *, topic: str | None = None, sent: Iterable[str] = ()
) -> dict[str, Any]:
    """Facts for every built-in name and every declared one, and the steps `sent` before, in the locale's language."""
    language = language_of(locale)
    words = _WORDS[language]
    facts: dict[str, Any] = {
        group: {**_COMMON.get(group, {}), **words.get(group, {})} for group in sorted({*_COMMON, *words})
    }
    _declare(facts, vocabulary, language)
    company = vocabulary.company.facts(language)
    topic = topic or next(iter(vocabulary.topics), None)
    known = vocabulary.topics.get(topic or "")
    people = {
        role: {**person, "email": f"{role}@vendor.example", "phone": "03-0000-0000", "department": "CS"}
        for role, person in _PEOPLE[language].items()
    }
    contact = facts["contact"]
    who = Addressee(
        company=facts["account"]["name"],
        department=contact.get("department"),
        title=contact.get("title"),
        family_name=contact["family_name"],
        given_name=contact["given_name"],
    )
    return {
        **facts,
        **people,
        **greeting(salute(who, language)),
        "sender": people["csm"],
        "team": company.pop("team", {}),
        "company": company,
        "waited": {"happened": True, "event": "", "properties": {}},
        "answers": _answers(vocabulary),
        USE_CASE: vocabulary.use_cases.facts(next(iter(vocabulary.use_cases.cases), None), language) or {},
        QUESTION: question_facts(vocabulary.questions, next(iter(vocabulary.questions), ""), language),
        "sent": {step: {"state": "accepted", "at": _SENT_AT} for step in sent},
        "unsubscribe_topic": known.title.for_locale(language) if known else topic or "",
        "today": _TODAY,
        "now": f"{_TODAY}T10:00:00+09:00",
    }


def contract_facts(template: TemplateText, vocabulary: Vocabulary) -> dict[str, Any]:
    """Facts from which a template can be filled in by its contract alone, in its locale's language."""
    topic = template.meta.get("topic")
    sent = {path[1] for path in compiled(template).paths if path[0] == "sent" and len(path) > 1}
    facts = sample_facts(vocabulary, template.locale, topic=topic, sent=sent)
    for path, value in (template.meta.get("sample") or {}).items():
        facts = overlaid(facts, _nested(path.split("."), in_language(value, template.locale)))
    return facts


def _nested(path: list[str], value: Any) -> dict[str, Any]:
    return {path[0]: value if len(path) == 1 else _nested(path[1:], value)}


def _answers(vocabulary: Vocabulary) -> dict[str, Any]:
    """An answer to every question, where possible one that came with a date."""
    said: dict[str, Any] = {}
    for key, question in vocabulary.questions.items():
        dated = [choice for choice, offered in question.choices.items() if offered.date]
        said |= {key: [*dated, *question.choices][0], f"{key}{AT}": _SENT_AT}
        said |= {f"{key}{DATE}": _BY_TYPE["en"]["date"]} if dated else {}
        said |= {f"{key}{SCORE}": int(said[key])} if question.scale else {}
    return said


def overlaid(facts: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with some said otherwise; null takes a fact away."""
    changed = dict(facts)
    for name, value in said.items():
        below = changed.get(name)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        changed[name] = overlaid(below, value) if both else value  # type: ignore[arg-type]
    return changed


def _declare(facts: dict[str, Any], vocabulary: Vocabulary, language: str) -> None:
    for path, fact in vocabulary.facts.items():
        group, _, name = path.partition(".")
        value = in_language(fact.example, language)
        if value is None:
            value = f"{_TODAY}T10:00:00+09:00" if fact.type == "instant" else _BY_TYPE[language][fact.type]
        facts.setdefault(group, {}).setdefault(name, value)
