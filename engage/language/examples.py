"""`tests:` of a playbook: what is known, what happens then, and what a customer is to get of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from engage.language.catalogue import Catalogue
from engage.language.guessing import way_out
from engage.language.time_frames import At
from engage.language.words import Key, Recipient, StaffRole, TemplateName, Text, Words, _catalogue

Who = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
Fragment = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
HELD_BACK = "holdout"  # beside the splits in `ways`
_READ_ONLY = frozenset({"id", "known_days", "has_left", "term_days", "is_downgrade", "previous_ends_on", "count"})
_ALSO = {"contact": ("full_name", "is_shared_box", "phone"), "contract": ("new_contract_id",), "account": ("region",)}


def _facts_of(group: str) -> PlainValidator:
    def read(value: Any, info: ValidationInfo) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise PydanticCustomError("dict_type", "a mapping (key: value) is needed here")
        known = _known(group, _catalogue(info))
        errors = [_unknown(group, name, known, value) for name in value if name not in known]
        if errors:
            raise ValidationError.from_exception_data(group, errors)
        return dict(value)

    return PlainValidator(read)


def _known(group: str, catalogue: Catalogue) -> set[str]:
    named = {path.partition(".")[2] for path in catalogue.kinds if path.startswith(f"{group}.")}
    return (named - _READ_ONLY) | set(_ALSO.get(group, ()))


def _unknown(group: str, name: Any, known: set[str], value: Any) -> InitErrorDetails:
    said = {"path": f"{group}.{name}", "hint": way_out(str(name), known, "declare it in _shared/facts.yaml")}
    error = PydanticCustomError("unknown-fact", "nobody can tell the fact {path} here", said)
    return InitErrorDetails(type=error, loc=(name,), input=value)


_OBJECT = WithJsonSchema({"type": "object", "description": "facts by name; null for one that is not known"})
_PLAIN = PlainSerializer(lambda facts: facts)
AccountFacts = Annotated[dict[str, Any], _facts_of("account"), _PLAIN, _OBJECT]
ContactFacts = Annotated[dict[str, Any], _facts_of("contact"), _PLAIN, _OBJECT]
ContractFacts = Annotated[dict[str, Any], _facts_of("contract"), _PLAIN, _OBJECT]
GoalFacts = Annotated[dict[str, Any], _facts_of("goal"), _PLAIN, _OBJECT]
HandoffFacts = Annotated[dict[str, Any], _facts_of("handoff"), _PLAIN, _OBJECT]


def _both(value: Any) -> Any:
    return {"ja": value, "en": value} if isinstance(value, str) else value


_EITHER = {"type": ["string", "object"], "description": "a text, or {ja, en}"}


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class GivenPerson(Words):
    """Somebody at the customer."""

    id: Who | None = Field(default=None, description="how the example calls the person; the first role by default")
    roles: tuple[Recipient, ...] = Field(default=(), description="the person's roles; all asked for where none is said")
    facts: ContactFacts = Field(default={}, description="facts of the person; they may stand beside id and roles, too")

    @model_validator(mode="before")
    @classmethod
    def _facts_beside(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        own = {name: value for name, value in data.items() if name in ("id", "roles", "facts")}
        beside = {name: value for name, value in data.items() if name not in own}
        return {**own, "facts": {**own.get("facts", {}), **beside}} if beside else own

    @field_validator("roles", mode="before")
    @classmethod
    def _one_role(cls, data: Any) -> Any:
        return _one_or_more(data)


class Given(Words):
    """What is known from the start; what is not said has a sensible default, or is missing."""

    account: AccountFacts = Field(default={}, description="facts of the account, such as `{touch_model: high}`")
    contact: GivenPerson | None = Field(
        default=None, description="the only person there: `{roles: [admin], locale: en}`"
    )
    contacts: tuple[GivenPerson, ...] = Field(
        default=(), description="several people; one for each role that the playbook asks for where nobody is said"
    )
    contract: ContractFacts | None = Field(
        default={}, description="facts of the contract, such as `{ends_on: 2027-03-31}`; null: there is none"
    )
    goal: GoalFacts = Field(default={}, description="facts of the customer's goal")
    handoff: HandoffFacts = Field(default={}, description="what sales handed over")
    without: tuple[Literal["ceo", "cs_head", "csm", "sales"], ...] = Field(
        default=(), description="colleagues whom there are not: csm, sales, cs_head, ceo"
    )

    @field_validator("without", mode="before")
    @classmethod
    def _one_colleague(cls, data: Any) -> Any:
        return _one_or_more(data)

    @model_validator(mode="after")
    def _one_way(self) -> Given:
        if self.contact is not None and self.contacts:
            raise PydanticCustomError("contact-or-contacts", "write 'contact' or 'contacts', not both")
        return self


_HAPPENINGS = (
    "event", "account", "contact", "contract", "goal", "handoff", "answer", "fill", "start", "clicks", "bounces",
    "unsubscribes", "sees",
)  # fmt: skip


class Happening(Words):
    """What happens at a time; each row says one thing."""

    at: At = Field(description="when; a day alone means ten o'clock")
    by: Who | None = Field(default=None, description="who: the role or the id of a contact; the first one by default")
    event: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="an event comes; `contract.…` names the contract by itself"
    )
    properties: dict[str, Any] = Field(default={}, description="the event's properties")
    times: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, description="how often, spread evenly over `at`")
    account: AccountFacts | None = Field(default=None, description="facts of the account change")
    contact: ContactFacts | None = Field(
        default=None, description="facts of a person change; a new `by` is a new person, whom later rows may name"
    )
    roles: tuple[Recipient, ...] | None = Field(
        default=None, description="the person's roles from then on (with `contact`)"
    )
    contract: ContractFacts | None = Field(default=None, description="facts of the contract change")
    goal: GoalFacts | None = Field(default=None, description="facts of the goal change")
    handoff: HandoffFacts | None = Field(default=None, description="sales hands something over")
    answer: dict[str, Any] | None = Field(
        default=None, description="the answer to a question: `{renewal_intent: deciding, date: 2027-01-20, comment: …}`"
    )
    fill: dict[Key, dict[str, Any]] | None = Field(
        default=None, description="a colleague fills in the form of a step: `{minutes: {held_on: 2026-12-01}}`"
    )
    start: Literal[True] | None = Field(default=None, description="a colleague starts it (trigger: manual)")
    clicks: Literal[True] | None = Field(default=None, description="the person follows a link of the last mail to them")
    bounces: Literal[True] | None = Field(default=None, description="the last mail to that person comes back")
    unsubscribes: Key | None = Field(default=None, description="the person opts out of this topic")
    sees: Literal[True] | None = Field(default=None, description="that person sees the last message in the product")

    @model_validator(mode="after")
    def _one_thing(self) -> Happening:
        said = [name for name in _HAPPENINGS if getattr(self, name) is not None]
        if len(said) != 1:
            raise PydanticCustomError(
                "one-thing", "a row of 'then' says one of: {words}", {"words": ", ".join(_HAPPENINGS)}
            )
        return self

    @property
    def what(self) -> str:
        """The word that says what happens."""
        return next(name for name in _HAPPENINGS if getattr(self, name) is not None)


_OUTCOMES = ("email", "in_app", "task", "held", "skipped", "nothing", "ends")


class Expected(Words):
    """What is to come of it; each row says one thing."""

    at: At | None = Field(default=None, description="when; any time until the end of the example where it is not said")
    email: TemplateName | None = Field(default=None, description="a mail of this template is handed over")
    in_app: TemplateName | None = Field(default=None, description="a message of this template is shown in the product")
    task: Fragment | None = Field(
        default=None, description="a colleague gets work: a part of its title, or the step's id"
    )
    held: TemplateName | None = Field(default=None, description="a message is made and waits")
    skipped: TemplateName | None = Field(default=None, description="a message is made and will not go")
    nothing: Literal["message", "task", "anything"] | None = Field(
        default=None, description="none of that in this time"
    )
    ends: Literal["goal", "exit", "finished", "stopped"] | None = Field(default=None, description="the run ends so")
    to: Who | None = Field(
        default=None, description="the role or the id of the contact; of a task: the colleague's role"
    )
    from_: StaffRole | None = Field(default=None, alias="from", description="who signs the mail")
    says: tuple[Fragment, ...] = Field(default=(), description="words that stand in its subject or text")
    because: Fragment | None = Field(default=None, description="a part of the reason: of held, skipped, ends")

    @field_validator("says", mode="before")
    @classmethod
    def _one_or_several(cls, data: Any) -> Any:
        return _one_or_more(data)

    @model_validator(mode="after")
    def _one_outcome(self) -> Expected:
        said = [name for name in _OUTCOMES if getattr(self, name) is not None]
        if len(said) != 1:
            raise PydanticCustomError(
                "one-thing", "a row of 'expect' says one of: {words}", {"words": ", ".join(_OUTCOMES)}
            )
        fitting = {
            "to": ("email", "in_app", "task", "held", "skipped"),
            "from": ("email",),
            "says": ("email", "in_app"),
            "because": ("held", "skipped", "ends"),
        }
        for word, kinds in fitting.items():
            if getattr(self, "from_" if word == "from" else word) and said[0] not in kinds:
                raise PydanticCustomError(
                    "one-thing", "'{word}' does not belong to '{kind}'", {"word": word, "kind": said[0]}
                )
        if self.nothing and self.at is None:
            raise PydanticCustomError("missing-key", "say with 'at' when nothing is to come")
        return self

    @property
    def what(self) -> str:
        """The word that says what is expected."""
        return next(name for name in _OUTCOMES if getattr(self, name) is not None)


class Example(Words):
    """One example: the real engine plays it, and every message to the customer must be among what is expected."""

    name: Annotated[Text, BeforeValidator(_both), WithJsonSchema(_EITHER)] | None = Field(
        default=None, description="what it shows"
    )
    given: Given = Field(default=Given(), description="what is known from the start")
    then: tuple[Happening, ...] = Field(default=(), description="what happens later")
    expect: tuple[Expected, ...] = Field(min_length=1, description="what is to come of it")
    since: date | None = Field(
        default=None, description="when all that is given is learned; 30 days before the rest by default"
    )
    until: date | None = Field(default=None, description="the last day; the last one that `expect` names by default")
    approvals: Literal["agree", "ignore"] = Field(default="agree", description="what colleagues do who are asked")
    ways: dict[Key, Key] = Field(
        default={},
        description="which way of a split the account goes, by the split's id; `holdout: held_out`: it is left alone",
    )
    with_: tuple[Key, ...] = Field(default=(), alias="with", description="other playbooks that are live, too")

    @field_validator("since", "until", mode="before")
    @classmethod
    def _day(cls, data: Any) -> Any:
        if data is None or isinstance(data, date):
            return data
        try:
            return date.fromisoformat(str(data))
        except ValueError:
            raise PydanticCustomError("impossible-date", "{value} is no date", {"value": str(data)}) from None

    @field_validator("with_", mode="before")
    @classmethod
    def _one_playbook(cls, data: Any) -> Any:
        return _one_or_more(data)

    @model_validator(mode="after")
    def _has_an_end(self) -> Example:
        if self.until is None and all(row.at is None for row in self.expect):
            raise PydanticCustomError("no-end", "say 'at' in a row of 'expect', or 'until', so that the example ends")
        return self
