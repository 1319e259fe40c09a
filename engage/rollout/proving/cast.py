"""Who is there when an example begins: what its author said, and a sensible default for what a playbook asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Account
from engage.ids import new_id
from engage.language.addressees import roles_of
from engage.language.examples import Example, GivenPerson
from engage.language.places import expressions_with_paths
from engage.language.spec import EmailStep, EventTrigger, MessageStep, Playbook, walk
from engage.language.vocabulary import Vocabulary
from engage.language.words import Recipient
from engage.language.workspace import Workspace
from engage.messages.samples import sample_facts
from engage.rollout.apply import used_templates
from engage.staff.tables import AccountOwner, StaffMember

ACCOUNT, CONTRACT = "customer", "contract-1"
NOBODY = "engage-examples"  # whom a CRM's calls come from
COLLEAGUES = ("csm", "sales", "cs_head", "ceo")
_OF_THE_TERM = ("starts_on", "ends_on", "notice_deadline", "previous_ends_on", "term_days", "state")
_ONE_YEAR = timedelta(days=365)
_BEGAN = timedelta(days=60)
_NAMES = (
    ("日向", "Hinata"),
    ("青木", "Aoki"),
    ("石田", "Ishida"),
    ("上野", "Ueno"),
    ("江川", "Egawa"),
    ("小林", "Kobayashi"),
)
_STAFF = {"cs_head": ("田中", "浩", "Hiroshi Tanaka"), "ceo": ("山本", "恵", "Megumi Yamamoto"),
          "csm": ("佐藤", "花子", "Hanako Sato"), "sales": ("鈴木", "一郎", "Ichiro Suzuki")}  # fmt: skip
Call = dict[str, Any]


@dataclass(frozen=True)
class Actor:
    """Somebody at the customer."""

    id: str
    roles: tuple[str, ...]
    facts: Mapping[str, Any]

    def call(self) -> Call:
        """What the customer's product says of the person."""
        email = f"{self.id.replace('_', '-')}@customer.example"
        traits = {"email": email, **self.facts, "roles": list(self.roles)}
        return {"type": "identify", "userId": self.id, "traits": traits, "context": {"groupId": ACCOUNT}}


@dataclass(frozen=True)
class Cast:
    """Everybody and everything that is known from the start."""

    account: Mapping[str, Any]
    people: tuple[Actor, ...]
    contract: Mapping[str, Any] | None
    colleagues: tuple[str, ...]

    def calls(self) -> Iterator[Call]:
        """What the customer's systems say at the start."""
        yield account_call(self.account)
        for person in self.people:
            yield person.call()
            yield {"type": "group", "userId": person.id, "groupId": ACCOUNT, "traits": {}}
        if self.contract is not None:
            yield event_call("contract.created", self.contract)

    def person(self, said: str | None) -> Actor | None:
        """Whom an author means: an id or a role; the first person where nobody is said."""
        if said is None:
            return self.people[0] if self.people else None
        named = (person for person in self.people if person.id == said)
        return next(named, None) or next((person for person in self.people if said in person.roles), None)


def account_call(traits: Mapping[str, Any]) -> Call:
    """Facts of the account, as a CRM says them."""
    return {"type": "group", "anonymousId": NOBODY, "groupId": ACCOUNT, "traits": dict(traits)}


def event_call(name: str, properties: Mapping[str, Any], by: str | None = None) -> Call:
    """Something that happened; news of a contract name it."""
    said = {"contract_id": CONTRACT, **properties} if name.startswith("contract.") else dict(properties)
    who = {"userId": by} if by else {"anonymousId": NOBODY}
    return {"type": "track", "event": name, "properties": said, "context": {"groupId": ACCOUNT}, **who}


def cast_of(example: Example, playbook: Playbook, workspace: Workspace, vocabulary: Vocabulary, since: date) -> Cast:
    """What the example gives, filled up."""
    given = example.given
    needs = set(_needs(playbook, workspace))
    locale = str(given.account.get("locale") or vocabulary.defaults.locale)
    samples = sample_facts(vocabulary, locale)
    account = {"name": samples["account"]["name"], "country": "JP", "locale": locale}
    account |= {"time_zone": vocabulary.defaults.time_zone, "touch_model": "tech", "is_test": False}
    account |= _needed("account", needs, samples) | given.account
    account |= _group("goal", needs, {**samples["goal"], "as_of": since.isoformat()}, given.goal)
    account |= _group("handoff", needs, samples["handoff"], given.handoff)
    contract = None
    if given.contract is not None and (given.contract or _is_about_contracts(playbook, needs)):
        contract = _contract(given.contract, _needed("contract", needs, samples), samples, since)
    people = _people(example, playbook, _needed("contact", needs, samples), samples, locale)
    colleagues = tuple(role for role in COLLEAGUES if role not in given.without)
    return Cast(account, people, contract, colleagues)


def hire(session: Session, cast: Cast, key: str, *, now: datetime) -> None:
    """The colleagues, and whose customer the account is."""
    account = session.scalars(select(Account.id).where(Account.external_id == key)).one()
    for role in cast.colleagues:
        family, given, english = _STAFF[role]
        member = StaffMember(
            public_id=new_id("stf"),
            email=f"{role.replace('_', '-')}@vendor.example",
            role="leader" if role in ("cs_head", "ceo") else "csm",
            position=role,
            family_name=family,
            given_name=given,
            names={"en": english},
            title={"ja": "責任者", "en": "Lead"},
            department={"ja": "カスタマーサクセス部", "en": "Customer Success"},
            phone="03-0000-0000",
            hours={"ja": "平日 9時から17時半", "en": "weekdays 9:00-17:30"},
            created_at=now,
        )
        session.add(member)
        session.flush()
        if role in ("csm", "sales"):
            owner = AccountOwner(account_id=account, staff_id=member.id, role=role, since=now, until=None)
            session.add(owner)


def roles_asked(playbook: Playbook) -> tuple[Recipient, ...]:
    """The roles that the playbook writes or copies to, in the order in which they are named."""
    named = [*roles_of(playbook.to), *(rule.role for rule in playbook.cc)]
    for step in walk(playbook.steps):
        named += roles_of(step.to) if isinstance(step, MessageStep) and step.to else ()
        named += [rule.role for rule in step.cc or ()] if isinstance(step, EmailStep) else []
    return tuple(dict.fromkeys(role for role in named if role != "contact")) or ("end_user",)


def filled_in(playbook: Playbook, workspace: Workspace) -> dict[str, Any]:
    """The facts that a customer has though nobody said them, by path: what templates cannot do without."""
    needs = set(_needs(playbook, workspace))
    samples = sample_facts(workspace.vocabulary, workspace.vocabulary.defaults.locale)
    groups = {group: _needed(group, needs, samples) for group in ("account", "contract", "goal", "handoff")}
    groups["contract"] = {name: value for name, value in groups["contract"].items() if name not in _OF_THE_TERM}
    return {f"{group}.{name}": value for group, facts in groups.items() for name, value in facts.items()}


def _needs(playbook: Playbook, workspace: Workspace) -> Iterator[str]:
    for name in used_templates(playbook):
        template = workspace.templates.get(name)
        yield from (need.partition("[")[0] for need in template.meta.needs) if template else ()


def _needed(group: str, needs: Iterable[str], samples: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a group that templates cannot do without, as in the samples."""
    names = {name for path in needs for head, _, name in [path.partition(".")] if head == group}
    return {name: samples[group][name] for name in sorted(names) if name in samples.get(group, {})}


def _group(group: str, needs: set[str], sample: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Facts that stand among the account's traits under a prefix: all of the sample where one is needed."""
    asked = any(path.startswith(f"{group}.") for path in needs)
    facts = {**(sample if asked else {}), **said}
    return {f"{group}_{name}": value for name, value in facts.items() if name != "count"}


def _is_about_contracts(playbook: Playbook, needs: set[str]) -> bool:
    names = {name for expression, _ in expressions_with_paths(playbook) for name in expression.names} | needs
    trigger = playbook.trigger
    starts = trigger.event if isinstance(trigger, EventTrigger) else ""
    return playbook.subject == "contract" or any(name.startswith("contract.") for name in (*names, starts))


def _contract(
    said: Mapping[str, Any], needed: Mapping[str, Any], samples: Mapping[str, Any], since: date
) -> dict[str, Any]:
    plain = {name: samples["contract"][name] for name in ("name", "amount_minor", "currency")}
    more = {name: value for name, value in needed.items() if name not in _OF_THE_TERM}
    return plain | more | _term(said, since) | dict(said)


def _term(said: Mapping[str, Any], since: date) -> dict[str, Any]:
    """A year: up to the day on which it ends, from the day on which it starts, or from some time ago."""
    try:
        if "starts_on" not in said and said.get("ends_on"):
            starts_on = date.fromisoformat(str(said["ends_on"])) - _ONE_YEAR + timedelta(days=1)
            return {"starts_on": starts_on.isoformat()}
        starts_on = date.fromisoformat(str(said["starts_on"])) if said.get("starts_on") else since - _BEGAN
    except ValueError:
        return {}
    ends_on = starts_on + _ONE_YEAR - timedelta(days=1)
    return {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}


def _people(
    example: Example, playbook: Playbook, needed: Mapping[str, Any], samples: Mapping[str, Any], locale: str
) -> tuple[Actor, ...]:
    given = example.given
    asked = roles_asked(playbook)
    said = given.contacts or tuple(GivenPerson(id=role, roles=(role,)) for role in asked)
    if given.contact is not None:
        said = (given.contact.model_copy(update={"roles": given.contact.roles or asked}),)
    named = samples["contact"]
    plain = {name: named[name] for name in ("given_name", "title", "department") if name in named} | dict(needed)
    return tuple(
        Actor(
            person.id or (person.roles[0] if person.roles else f"person-{number + 1}"),
            person.roles,
            {"family_name": _NAMES[number % len(_NAMES)][locale != "ja"], **plain, **person.facts},
        )
        for number, person in enumerate(said)
    )
