"""What all playbooks share: the company, topics, touch models, declared facts and events, closed days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    RootModel,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from engage.errors import PlaybookError, Problem
from engage.language.budgets import Budgets
from engage.language.catalogue import Catalogue, Kind
from engage.language.customer_words import FITS_BY, Phases, Segments, UseCases
from engage.language.defaults import Defaults
from engage.language.experiments import Experiments
from engage.language.expressions import Expression, parse_expression
from engage.language.gates import Gates, ReadGate, read_gates
from engage.language.guessing import nearest
from engage.language.parse import validated
from engage.language.questions import Questions, answer_facts
from engage.language.selecting import Purpose
from engage.language.words import Key, Length, StaffRole, Text, Words
from engage.language.yaml_reading import Document

TouchModelName = Literal["high", "mid", "low", "tech"]
Said = TypeVar("Said")
FactPath = Annotated[str, StringConstraints(pattern=r"^(account|contact|contract)\.[a-z][a-z0-9_]*$")]
FactKind = Literal["text", "number", "bool", "date", "instant", "list"]


def _both(value: Any) -> Any:
    return {"ja": value, "en": value} if isinstance(value, str) else value


_EITHER = {
    "description": "a text, or {ja, en}",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"ja": {"type": "string"}, "en": {"type": "string"}},
            "required": ["ja", "en"],
        },
    ],
}
Localized = Annotated[Text, BeforeValidator(_both), WithJsonSchema(_EITHER)]

# What Engage writes or reads a meaning from; anything else is the team's to declare, so that no typo waits for ever.
_KNOWN_TO_ENGAGE = {
    "contract": "created updated started renewed cancelled ended",
    "contact": "left away",
    "consent": "granted withdrawn",
    "message": "accepted rejected skipped cancelled delivered bounced dropped complained unsubscribed clicked",
    "in_app": "seen read clicked dismissed archived expired",
    "playbook": "started form_filled",
    "approval": "approved rejected expired",
}
FORM_FILLED = "playbook.form_filled"
PLAYBOOK_STARTED = "playbook.started"
CLICKED = "message.clicked"  # a person followed a link of a mail
BUILT_IN_EVENTS = frozenset({"replied", "answered"}).union(
    f"{noun}.{verb}" for noun, verbs in _KNOWN_TO_ENGAGE.items() for verb in verbs.split()
)
# Nobody else knows these: an event of such a name from any other source is that source's own business.
ENGAGE_ALONE_SAYS = frozenset(
    name for name in BUILT_IN_EVENTS if name.startswith(("message.", "in_app.", "playbook.", "approval."))
)


class Team(Words):
    """The team that signs where no person does, and answers what is sent back."""

    name: Localized | None = None
    email: str = ""
    phone: Localized | None = None
    hours: Localized | None = None


class Company(Words):
    """The company that writes."""

    name: Localized | None = None
    product: Localized | None = None
    postal_address: Localized | None = None
    url: Localized | None = None
    planning_url: Localized | None = None
    help_url: Localized | None = None
    team: Team = Team()

    def facts(self, locale: str) -> dict[str, Any]:
        """The company and its team in one language; what was left empty is missing."""
        said = _in_language(self, locale)
        return said | {"team": _in_language(self.team, locale)}


class Topic(Words):
    """What a customer may agree to or opt out of."""

    title: Text
    about: Text | None = Field(default=None, description="what such mail brings, for the page of preferences")
    purpose: Purpose = "relationship"
    to_former: bool = Field(default=False, description="may reach a customer who has gone, too")
    in_doubt: Literal["hold", "resend"] = Field(
        default="hold",
        description="what becomes of a mail that may or may not have left: held until somebody knows, or sent again "
        "because it must arrive, even twice",
    )
    double_opt_in: bool = Field(
        default=False, description="a yes counts once the person has confirmed it by the mail that we send them"
    )

    @property
    def may_be_stopped(self) -> bool:
        """Whether the customer may stop it; what the contract requires goes all the same."""
        return self.purpose != "transactional"


class TouchModel(Words):
    """How much of a human hand a customer gets: who approves what is sent to them."""

    approve: Literal["always", "never", "by_exception"] = Field(
        default="never",
        description="never: goes out unasked; always: somebody says yes first; by_exception: only where the words are "
        "new, a fact is missing or the account is not in good standing",
    )
    by: StaffRole = Field(default="csm", description="who decides")
    within: Length | None = Field(default=None, description="how long they have")
    escalate_to: StaffRole | None = Field(default=None, description="who is asked after that")
    good_standing: str | None = Field(
        default=None, description="condition over the customer: in order, so that approved words may go again unasked"
    )

    @model_validator(mode="after")
    def _says_what_is_in_order(self) -> TouchModel:
        if self.approve == "by_exception" and self.good_standing is None:
            raise PydanticCustomError("no-standing", "say which accounts are in order: good_standing: …")
        return self


class FactDeclaration(Words):
    """A fact of the team's own."""

    type: FactKind
    title: Text | None = None
    example: Any = Field(default=None, description="what it may be, for previews: a value, or {ja, en}")

    @model_validator(mode="before")
    @classmethod
    def _from_type(cls, data: Any) -> Any:
        return {"type": data} if isinstance(data, str) else data


class EventDeclaration(Words):
    """An event that the product or a colleague sends."""

    title: Text | None = None
    properties: dict[str, FactKind] = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _from_title(cls, data: Any) -> Any:
        if isinstance(data, dict) and set(data) == {"ja", "en"}:
            return {"title": data}
        return {} if data is None else data


class Closure(Words):
    """Closed days: one, or from the first to the last."""

    first: date
    last: date

    def days(self) -> Iterator[date]:
        """Every day of it."""
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    @classmethod
    def parse(cls, value: Any) -> Closure:
        """Reads 2027-08-13 or 2027-08-13..2027-08-16."""
        if isinstance(value, Closure):
            return value
        first, _, last = str(value).partition("..")
        try:
            found = cls(first=date.fromisoformat(first.strip()), last=date.fromisoformat((last or first).strip()))
        except ValueError:
            shape = "write a date, or two: 2027-08-13..2027-08-16"
            raise PydanticCustomError(
                "impossible-date", "{value} is no date; " + shape, {"value": str(value)}
            ) from None
        if not timedelta(0) <= found.last - found.first < timedelta(days=366):
            raise PydanticCustomError("impossible-date", "{value} does not go forward", {"value": str(value)})
        return found

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


ClosedDays = Annotated[Closure, PlainValidator(Closure.parse), PlainSerializer(str), WithJsonSchema({"type": "string"})]
Country = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|all)$")]

Topics = dict[Key, Topic]
TouchModels = dict[TouchModelName, TouchModel]
Facts = dict[FactPath, FactDeclaration]
Events = dict[str, EventDeclaration]
Calendars = dict[Country, tuple[ClosedDays, ...]]


class Vocabulary(Words):
    """Everything in `_shared/`, live for every playbook version."""

    company: Company = Company()
    topics: Topics = Field(default={})
    touch_models: TouchModels = Field(default={})
    facts: Facts = Field(default={})
    events: Events = Field(default={})
    calendars: Calendars = Field(default={})
    questions: Questions = Field(default={})
    segments: Segments = Field(default={})
    phases: Phases = Field(default={})
    use_cases: UseCases = UseCases()
    gates: Gates = Field(default={})
    budgets: Budgets = Budgets()
    experiments: Experiments = Experiments()
    defaults: Defaults = Field(default=Defaults(), exclude=True)

    def catalogue(self) -> Catalogue:
        """Built-in facts and the team's own."""
        declared: dict[str, Kind] = {path: fact.type for path, fact in self.facts.items()}
        return Catalogue.builtin().with_facts(declared | answer_facts(self.questions))

    @cached_property
    def read_gates(self) -> tuple[ReadGate, ...]:
        """The gates, ready to be asked."""
        return read_gates(self.gates, self.catalogue())

    @cached_property
    def critical_topics(self) -> frozenset[str]:
        """The topics whose mails are sent again while it is in doubt whether they left."""
        return frozenset(key for key, topic in self.topics.items() if topic.in_doubt == "resend")

    def words_of_facts(self) -> dict[str, tuple[str, ...]]:
        """The words that facts about customers may be, where somebody declared them."""
        return {fact: tuple(words) for fact, words in self.titles_of_facts().items()}

    def titles_of_facts(self) -> dict[str, dict[str, Text]]:
        """The same words, and what people call each."""
        cases = self.use_cases
        declared: dict[str, Mapping[str, Any]] = {
            "account.segment": self.segments,
            "account.phase": self.phases,
            "use_case.key": cases.cases,
            "use_case.feature": cases.features,
            **{fact: getattr(cases, words) for words, fact in FITS_BY.items()},
        }
        return {
            fact: {word: said if isinstance(said, Text) else said.title for word, said in words.items()}
            for fact, words in declared.items()
            if words
        }

    @cached_property
    def good_standings(self) -> dict[str, Expression]:
        """By touch model: when an account is in order, so that approved words may go again unasked."""
        said = {str(name): model.good_standing for name, model in self.touch_models.items() if model.good_standing}
        return {name: parse_expression(text, self.catalogue(), wanted=("bool", "any")) for name, text in said.items()}

    def touch_model(self, name: str | None) -> TouchModel:
        """The touch model of that name; customers without one are nobody's to approve."""
        return {str(key): model for key, model in self.touch_models.items()}.get(name or "", TouchModel())

    def closures(self, country: str | None) -> frozenset[date]:
        """The closed days declared for a country and for all."""
        chosen = [*self.calendars.get("all", ()), *self.calendars.get((country or "").upper(), ())]
        return frozenset(day for closure in chosen for day in closure.days())

    def knows_event(self, name: str) -> bool:
        """Whether somebody declared the event, or Engage itself writes it."""
        return name in self.events or name in BUILT_IN_EVENTS


class _Section(RootModel[Said]):
    """A file that is one mapping; built when one is read."""

    model_config = ConfigDict(defer_build=True)


class _Topics(_Section[Topics]):
    pass


class _TouchModels(_Section[TouchModels]):
    pass


class _Facts(_Section[Facts]):
    pass


class _Events(_Section[Events]):
    pass


class _Calendars(_Section[Calendars]):
    pass


class _Questions(_Section[Questions]):
    pass


class _Segments(_Section[Segments]):
    pass


class _Phases(_Section[Phases]):
    pass


class _Gates(_Section[Gates]):
    pass


SECTIONS: dict[str, type[Words] | type[RootModel[Any]]] = {
    "company": Company,
    "topics": _Topics,
    "touch_models": _TouchModels,
    "facts": _Facts,
    "events": _Events,
    "calendars": _Calendars,
    "questions": _Questions,
    "segments": _Segments,
    "phases": _Phases,
    "use_cases": UseCases,
    "gates": _Gates,
    "budgets": Budgets,
    "experiments": Experiments,
}


def read_section(document: Document) -> tuple[str, Any]:
    """One file of `_shared/` as its name and value; raises PlaybookError with places."""
    name = Path(document.file).stem
    if name not in SECTIONS:
        close = nearest(name, SECTIONS)
        hint = f"did you mean {close}.yaml?" if close else f"there are: {', '.join(SECTIONS)}"
        raise PlaybookError([Problem(document.file, 1, 1, "unknown-file", f"_shared has no {name}.yaml", hint)])
    if document.data is None:
        return name, {}
    section = validated(document, SECTIONS[name])
    return name, section.root if isinstance(section, RootModel) else section


def _in_language(words: Words, locale: str) -> dict[str, Any]:
    said = {name: getattr(words, name) for name in type(words).model_fields if name != "team"}
    return {
        name: value.for_locale(locale) if isinstance(value, Text) else value for name, value in said.items() if value
    }
