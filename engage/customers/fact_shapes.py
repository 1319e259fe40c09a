"""How rows become the facts that conditions and templates name; pure. A fact that is not known is None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from engage.customers.trait_values import listed, typed

Facts = dict[str, Any]
Declared = Mapping[str, Mapping[str, str]]  # account | contact | contract → trait → type

ACCOUNT_FACTS = (
    "external_id", "name", "country", "region", "locale", "time_zone", "segment", "touch_model", "phase",
    "fiscal_year_end_month", "is_test",
)  # fmt: skip
CONTACT_FACTS = (
    "external_id", "email", "family_name", "given_name", "full_name", "family_reading", "given_reading", "department",
    "title", "locale", "time_zone", "is_staff", "is_shared_box",
)  # fmt: skip
CONTRACT_FACTS = (
    "external_id", "name", "starts_on", "ends_on", "notice_deadline", "amount_minor", "currency", "auto_renew",
    "sold_by", "contact_policy", "state",
)  # fmt: skip
NO_TRACKING = "no_tracking"  # the trait of those whose clicks nobody may follow
_account, _contact, _contract = attrgetter(*ACCOUNT_FACTS), attrgetter(*CONTACT_FACTS), attrgetter(*CONTRACT_FACTS)
_GOAL_TEXTS = ("text", "metric", "unit", "direction", "owner")
_GOAL_NUMBERS = ("target", "actual", "previous")
_GOAL_DATES = ("as_of", "due")
_PAIR = re.compile(r"\s*([^:：]{1,60})[:：]\s*(.+)", re.DOTALL)


def by_kind(types: Mapping[str, str]) -> Declared:
    """Declared types by path (`account.seats`), as rows are read with them."""
    kinds: dict[str, dict[str, str]] = {"account": {}, "contact": {}, "contract": {}}
    for path, type_ in types.items():
        kind, _, name = path.partition(".")
        kinds.setdefault(kind, {})[name] = type_
    return kinds


def account_facts(row: Any, declared: Declared) -> Facts:
    """`account.…`: columns, and every trait with the type it was declared with."""
    return {
        **trait_facts(row.traits, declared["account"]),
        **dict(zip(ACCOUNT_FACTS, _account(row), strict=True)),
        "id": row.public_id,
        NO_TRACKING: typed("bool", row.traits.get(NO_TRACKING)),
    }


def contact_facts(row: Any, declared: Declared, *, roles: list[str], since: datetime | None, today: date) -> Facts:
    """`contact.…`; `known_days` counts from the day the person joined the account."""
    return {
        **trait_facts(row.traits, declared["contact"]),
        "known_days": (today - since.date()).days if since else None,
        **dict(zip(CONTACT_FACTS, _contact(row), strict=True)),
        "id": row.public_id,
        NO_TRACKING: typed("bool", row.traits.get(NO_TRACKING)),
        "roles": roles,
        "has_left": row.left_at is not None,
    }


def contract_facts(row: Any, declared: Declared) -> Facts:
    """`contract.…`, with the length of its term and what it was before the renewal."""
    traits = row.traits
    known = row.starts_on is not None and row.ends_on is not None
    return {
        **trait_facts(traits, declared["contract"]),
        **dict(zip(CONTRACT_FACTS, _contract(row), strict=True)),
        "id": row.public_id,
        "term_days": (row.ends_on - row.starts_on).days + 1 if known else None,
        "previous_ends_on": typed("date", traits.get("previous_ends_on")),
        "is_downgrade": _is_downgrade(row, traits),
    }


def _is_downgrade(row: Any, traits: Mapping[str, Any]) -> bool:
    """Whether less was agreed than for the term before, in the same money."""
    if "is_downgrade" in traits:
        return bool(typed("bool", traits["is_downgrade"]))
    before, same_money = traits.get("previous_amount_minor"), traits.get("previous_currency") == row.currency
    return isinstance(before, int) and same_money and row.amount_minor is not None and row.amount_minor < before


def handoff_facts(traits: Mapping[str, Any]) -> Facts:
    """`handoff.…`: what sales handed over, from the account's traits `handoff_…`."""
    facts = _labelled(traits.get("handoff_facts"))
    missing = listed(traits.get("handoff_missing"))
    return {
        "complete": typed("bool", traits.get("handoff_complete")) is True,
        "purpose": typed("text", traits.get("handoff_purpose")),
        "facts": facts,
        "count": len(facts),
        "missing": missing,
    }


def goal_facts(traits: Mapping[str, Any]) -> Facts:
    """`goal.…`: what the customer wants to reach and how far they are, from the traits `goal_…`."""
    kinds = {"text": _GOAL_TEXTS, "number": _GOAL_NUMBERS, "date": _GOAL_DATES}
    return {name: typed(kind, traits.get(f"goal_{name}")) for kind, names in kinds.items() for name in names}


def _labelled(said: Any) -> list[dict[str, str]]:
    """Label and text of each fact; also from one text such as `課題：月次集計; 目標：3日短縮`."""
    if isinstance(said, str):
        pairs = (_PAIR.fullmatch(part) for part in re.split(r"[;；\n]", said))
        return [{"label": pair[1].strip(), "text": pair[2].strip()} for pair in pairs if pair]
    if not isinstance(said, list):
        return []
    return [
        {"label": str(one["label"]), "text": str(one["text"])}
        for one in said
        if isinstance(one, Mapping) and one.get("label") and one.get("text")
    ]


def trait_facts(traits: Mapping[str, Any], declared: Mapping[str, str]) -> Facts:
    """Traits as they were said; those that were declared have their type, or are missing."""
    return {**dict.fromkeys(declared), **{name: typed(declared.get(name), value) for name, value in traits.items()}}
