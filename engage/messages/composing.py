"""From facts to the inputs of one message: the reader's language, the signature, the salutation, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from engage.calendars.business_days import BusinessCalendar, calendar_of
from engage.calendars.windows import next_departure, window_of
from engage.calendars.zones import first_zone
from engage.customers.tables import Contact
from engage.errors import EngageError
from engage.language.customer_words import USE_CASE
from engage.language.questions import QUESTION, question_facts
from engage.language.vocabulary import Vocabulary
from engage.messages.contexts import find, greeting, missing, path_of, pruned
from engage.messages.following import UNFOLLOWED
from engage.messages.links import Links
from engage.messages.policy.past_partner import PARTNER
from engage.messages.rendering import TemplateText, compiled, fill_email, fill_in_app
from engage.messages.salutations import Addressee, salute
from engage.staff.people import name_of
from engage.staff.tables import StaffMember

FACTS_MISSING, RENDER_FAILED = "facts_missing", "render_failed"
LONGEST_REASON = 500
# What the envelope and the links need, whatever the words need.
_ADDRESSING = (
    frozenset((who, what) for who in ("sender", "team") for what in ("name", "email"))
    | UNFOLLOWED
    | {
        ("contact", "family_name"),
        ("contact", "given_name"),
        (QUESTION, "key"),
    }
)
# What counting again needs, whatever the template names: the days that the figures are about.
_PERIOD = frozenset(("occurrence", name) for name in ("previous_start", "period_start", "period_end"))
_PROBE = Links("only to see whether a mail can be made", "https://probe.invalid")


@dataclass(frozen=True, slots=True)
class Composer:
    """The shared vocabulary as messages need it; read once for many of them."""

    vocabulary: Vocabulary
    _companies: dict[str, dict[str, Any]] = field(default_factory=dict)
    _calendars: dict[str | None, BusinessCalendar] = field(default_factory=dict)

    def facts_in(
        self, locale: str, facts: Mapping[str, Any], *, sender: StaffMember | None, topic: str
    ) -> dict[str, Any]:
        """The facts with the company, the sender and the topic as the reader's language writes them."""
        if locale not in self._companies:
            self._companies[locale] = self.vocabulary.company.facts(locale)
        company = self._companies[locale]
        team = company.get("team", {})
        known = self.vocabulary.topics.get(topic)
        key = find(facts, (QUESTION, "key"))
        asked = {QUESTION: question_facts(self.vocabulary.questions, key, locale)} if key else {}
        if case := self.vocabulary.use_cases.facts(find(facts, (USE_CASE, "key")), locale):
            asked[USE_CASE] = case
        return {
            **facts,
            **asked,
            "company": company,
            "team": team,
            "sender": _signature(sender, locale) if sender else team,
            "unsubscribe_topic": known.title.for_locale(locale) if known else topic,
        }

    def departure(
        self, due: datetime, facts: Mapping[str, Any], *, channel: str, hours: str | None, key: str
    ) -> datetime:
        """When a message due then may leave; the gate judges again at that time."""
        if channel != "email":
            return due
        country = find(facts, ("account", "country"))
        if country not in self._calendars:
            self._calendars[country] = calendar_of(country, self.vocabulary.closures(country))
        calendar = self._calendars[country]
        return next_departure(due, window_of(hours), zone=first_zone(*_zones(facts)), calendar=calendar, key=key)


def company_of(facts: Mapping[str, Any]) -> str | None:
    """The company that stands above the reader's name; a partner's people do not work at the customer."""
    roles = find(facts, ("contact", "roles")) or ()
    found: str | None = None if PARTNER in roles else find(facts, ("account", "name"))
    return found


def salutation_of(contact: Contact, company: str | None, locale: str) -> dict[str, str]:
    """How a mail to this contact begins."""
    who = Addressee(
        company=company,
        department=contact.department,
        title=contact.title,
        family_name=contact.family_name,
        given_name=contact.given_name,
        full_name=contact.full_name,
        family_reading=contact.family_reading,
        given_reading=contact.given_reading,
        is_staff=contact.is_staff,
        is_shared_box=contact.is_shared_box,
    )
    return greeting(salute(who, locale))


def inputs_of(template: TemplateText, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the facts to render and address this message, now and again."""
    needs = tuple(template.meta.get("needs") or ())
    return pruned(facts, _wanted(compiled(template).paths, needs), zone=first_zone(*_zones(facts)))


@lru_cache(maxsize=1024)
def _wanted(paths: frozenset[tuple[str, ...]], needs: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Paths into a list stand for the whole list."""
    needed = {tuple(step for step in path_of(need) if not step.isdigit()) for need in needs}
    return paths | _ADDRESSING | _PERIOD | needed


def shows_weeks(template: TemplateText) -> bool:
    """Whether it shows what the customer did week by week, which is read for nobody else."""
    return any(path[:2] == ("usage", "weeks") for path in compiled(template).paths)


def why_held(template: TemplateText, inputs: Mapping[str, Any], *, purpose: str, render: bool) -> str | None:
    """Why a message cannot be made of these facts; None when it can."""
    lacking = missing(inputs, template.meta.get("needs") or ())
    if lacking:
        return f"{FACTS_MISSING}: {', '.join(lacking)}"
    if not render:
        return None
    try:
        if template.html:
            fill_email(template, inputs, links=_PROBE, message_id="probe", purpose=purpose)
        else:
            fill_in_app(template, inputs)
    except Exception as error:
        return failure(error)
    return None


def failure(error: Exception) -> str:
    """Why a message could not be made, whatever went wrong: it is held, and stops no other."""
    if isinstance(error, EngageError):
        code, said = error.code, error.message
    else:
        code, said = RENDER_FAILED, f"{type(error).__name__}: {error}"
    return (said if said.startswith(code) else f"{code}: {said}")[:LONGEST_REASON]


def _signature(sender: StaffMember, locale: str) -> dict[str, Any]:
    language = "ja" if locale.startswith("ja") else "en"
    said = {
        "name": name_of(sender, language),
        "family_name": sender.family_name,
        "title": sender.title.get(language),
        "department": sender.department.get(language),
        "email": sender.email,
        "phone": sender.phone,
        "hours": sender.hours.get(language),
    }
    return {name: value for name, value in said.items() if value}


def _zones(facts: Mapping[str, Any]) -> tuple[str | None, ...]:
    return find(facts, ("contact", "time_zone")), find(facts, ("account", "time_zone"))
