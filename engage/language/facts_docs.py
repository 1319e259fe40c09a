"""The page docs/reference/facts.md: every fact that conditions and templates may name, its type and what it means."""

from __future__ import annotations

from engage.language.catalogue import BUILT_IN

INTRODUCTION = """\
# Facts

Generated from the code (`python -m engage.language.docs`); do not edit by hand.

Conditions (`audience: account.phase == "adoption"`) and templates (`{{ account.name }}`) see the same facts under the
same names. A fact that is not known is missing: every comparison with it is false, `is missing` asks for it, and a
template never prints it as nothing. A team declares its own in `_shared/facts.yaml`; `engage customers show ACCOUNT`
shows what is known of a customer.
"""
KINDS = """\
## Types

| type | what it is | how it is compared |
|---|---|---|
| text | a word or a sentence | `==`, `!=`, `in ["a", "b"]`; text has no order |
| number | up to 15 digits | all comparisons, `+ - * /` |
| bool | true or false | by itself, or `== true` |
| date | a day, without a time | all comparisons; written as `"2027-03-31"`; `days_until`, `days_since` |
| instant | a moment, with its zone | the same; a day's difference is 24 hours |
| list | several values | `"admin" in contact.roles` |
"""
GROUPS = {
    "account": "The customer, as a company.",
    "contact": "The person: in a run per contact, and in templates the reader.",
    "contract": "In a run per contract that contract; else the account's current one, the latest that has begun.",
    "csm": "The colleague who takes care of the account; missing where nobody does.",
    "sales": "The colleague in sales; missing where there is none.",
    "sender": "Who signs this mail: the first of `from` that exists. Known in templates.",
    "team": "From `_shared/company.yaml`.",
    "company": "From `_shared/company.yaml`.",
    "handoff": "What sales handed over, imported with the account (`handoff_…`).",
    "goal": "What the customer wants to reach, imported with the account (`goal_…`).",
    "usage": "Counted from events of the customer's own people; tests and colleagues left out.",
    "use_case": "The case of `_shared/use_cases.yaml` that fits the customer best.",
    "question": "In the template of an `ask` step: the question that it asks.",
    "event": "In a playbook with an event trigger: the event that began the run.",
    "waited": "What the last wait for an event came to.",
    "occurrence": "In a playbook that begins at dates: the one of this run.",
    "": "The customer's own day, and this moment.",
}
_PERSON = {
    "name": "the full name",
    "family_name": "the family name",
    "title": "the title, such as head of CS",
    "department": "the department",
    "email": "the address",
    "phone": "the telephone number",
    "hours": "when they can be reached",
}
_MEANINGS: dict[str, dict[str, str]] = {
    "account": {
        "id": "Engage's own name for it, which says nothing",
        "external_id": "your name for it: the `groupId`",
        "name": "the company's name",
        "country": "two letters, such as JP; says which holidays count",
        "region": "a part of the country, such as a prefecture",
        "locale": "the language of its people, where they say none",
        "time_zone": "such as Asia/Tokyo",
        "segment": "one of `_shared/segments.yaml`",
        "touch_model": "high, mid, low or tech: who agrees to what is sent",
        "phase": "one of `_shared/phases.yaml`",
        "fiscal_year_end_month": "1 to 12: the month in which its fiscal year ends",
        "is_test": "no customer but a test; always known",
        "no_tracking": "nobody may know which links its people follow",
    },
    "contact": {
        "id": "Engage's own name, which says nothing",
        "external_id": "your name: the `userId`",
        "email": "the address",
        "family_name": "the family name",
        "given_name": "the given name",
        "family_reading": "how the family name is read",
        "given_reading": "how the given name is read",
        "department": "the department",
        "title": "the title",
        "locale": "the language they read",
        "time_zone": "where they are, if elsewhere than the account",
        "roles": "champion, decision_maker, sponsor, admin, end_user, billing, partner",
        "known_days": "for how many days they have belonged to the account",
        "is_staff": "one of our own; always known",
        "has_left": "has left the company; always known",
        "no_tracking": "nobody may know which links they follow",
    },
    "contract": {
        "id": "Engage's own name for it, which says nothing",
        "external_id": "your name for it",
        "name": "what was bought",
        "currency": "three letters, such as JPY",
        "sold_by": "the partner that sold it",
        "contact_policy": "direct, copy_partner or partner_only",
        "state": "pending, active, renewed, ended or cancelled",
        "starts_on": "the first day of the term",
        "ends_on": "the last day of the term",
        "notice_deadline": "the last day to give notice",
        "previous_ends_on": "the last day of the term before; missing in the first",
        "amount_minor": "the price in the smallest unit of the currency",
        "term_days": "how many days the term has",
        "auto_renew": "goes on by itself when nobody gives notice",
        "is_downgrade": "worth less than the term before",
    },
    "csm": _PERSON,
    "sales": _PERSON,
    "sender": _PERSON,
    "team": {key: _PERSON[key] for key in ("name", "email", "phone", "hours")},
    "company": {
        "name": "the company that writes",
        "product": "what the product is called",
        "postal_address": "where it can be reached by post",
        "url": "the product's address",
        "planning_url": "where a meeting can be booked",
        "help_url": "where help is found",
    },
    "handoff": {
        "complete": "everything was handed over",
        "count": "how many facts were handed over",
        "facts": "what was handed over: each with `label` and `text`",
        "missing": "what is still to be handed over",
        "purpose": "why they bought",
    },
    "goal": {
        "text": "the goal in words",
        "metric": "what is measured",
        "unit": "in which unit",
        "direction": "up or down: which way is better",
        "owner": "who is responsible for it",
        "target": "what is to be reached",
        "actual": "what was reached",
        "previous": "what it was before",
        "as_of": "on which day the actual value was taken",
        "due": "by when it is to be reached",
    },
    "usage": {
        "active_users": "how many people used the product in the last 30 days, or in the period of the run",
        "active_users_before": "the same in the time before",
        "events": "how often it was used in that time",
        "events_before": "the same in the time before",
        "days": "how many days that time has",
        "contact_events": "how often the contact used it",
        "as_of": "the last day counted",
        "since": "the first day counted",
        "before_since": "the first day of the time before",
        "before_until": "the last day of the time before",
        "trend": "up, flat, down (by more than a tenth), or none where there is nothing to compare",
        "first_used_at": "when somebody first used it",
        "weeks": "the last twelve weeks, oldest first, each with `starts_on` and `events`; missing without use",
    },
    "use_case": {
        "key": "its name in the file",
        "title": "what it is, as the customer reads it",
        "text": "how it is done",
        "url": "where it is explained",
        "feature": "the feature that it takes, by its name",
        "feature_title": "the feature, as people call it",
    },
    "question": {
        "key": "its name in the file",
        "text": "the question, as the customer reads it",
        "note": "what an answer does and does not mean",
        "choices": "the answers that may be given, each with its link",
    },
    "event": {
        "name": "its name",
        "occurred_at": "when it happened",
        "roles": "the roles of the person who did it",
    },
    "waited": {
        "happened": "whether the event came in time; missing only where nobody may know of a click",
        "event": "which of the events came",
        "occurred_at": "when it happened",
    },
    "occurrence": {
        "date": "the date itself, before it was moved to an open day",
        "previous_start": "the first day of the period before that of the run",
        "period_start": "the first day of the period that has just ended",
        "period_end": "the last day of that period",
    },
    "": {"today": "the day where the customer is", "now": "this moment"},
}
MEANINGS = {f"{group}.{name}".lstrip("."): said for group, names in _MEANINGS.items() for name, said in names.items()}
OPEN = """\
## Facts with names of your own

| fact | type | what it means |
|---|---|---|
| `account.…`, `contact.…`, `contract.…` | as declared | what `_shared/facts.yaml` declares |
| `event.properties.…` | as declared with the event | what the event that began the run said |
| `waited.properties.…` | any | what the event that was waited for said |
| `answers.<question>` | text | the choice in the newest answer |
| `answers.<question>_date` | date | the date that was given with it |
| `answers.<question>_at` | instant | when it came |
| `answers.<question>_score` | number | its number on a scale |
| `sent.<step>.state` | text | ordered, accepted, shown (only in the product), skipped, rejected, cancelled or nobody |
| `sent.<step>.at` | instant | when that became so |
| `sent.<step>.clicks` | number | how many links of the mail a person has followed; missing where nobody may know |
| `form.<step>.filled`, `form.<step>.<field>` | bool, as declared | what a colleague filled in |
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, KINDS]
    for group, kinds in BUILT_IN.items():
        parts.append(f"## {f'`{group}`' if group else 'Time'}\n\n{GROUPS.get(group, '')}\n")
        parts.append("| fact | type | what it means |\n|---|---|---|")
        for kind, names in kinds.items():
            paths = (f"{group}.{name}".lstrip(".") for name in names.split())
            parts += [f"| `{path}` | {kind} | {MEANINGS.get(path, '')} |" for path in paths]
        parts.append("")
    return "\n".join([*parts, OPEN])
