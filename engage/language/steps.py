"""What a playbook does, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from engage.calendars.wall_times import WallTime
from engage.language.addressees import To, as_list, templates_of
from engage.language.durations import Duration
from engage.language.expressions import Expression
from engage.language.message_words import Approve, CcRule
from engage.language.outside_steps import NotifyStep, WebhookStep
from engage.language.plain_step import Step
from engage.language.questions import ANSWERED, QuestionKey
from engage.language.shares import EVERYTHING, Share
from engage.language.showing import Showing
from engage.language.turning_steps import SetStep, StartStep, StopStep
from engage.language.until import Until
from engage.language.words import (
    Condition,
    Hours,
    Key,
    Length,
    Names,
    Sender,
    TemplateName,
    Words,
)
from engage.language.work_steps import FormStep, LeadStep, TaskStep


class MessageStep(Step):
    """What every message to a customer may carry; what is absent is the playbook's."""

    to: To | None = Field(
        default=None, description="by role; the first that exists gets it, or everybody: `{all: [role, …], max: n}`"
    )
    topic: Key | None = Field(default=None, description="consent topic")
    hours: Hours | None = Field(default=None, description="send window in the recipient's zone")
    approve: Approve | None = Field(
        default=None, description="never, always, or {by, within}; by the touch model where absent"
    )

    @field_validator("to", mode="before")
    @classmethod
    def _one_or_many(cls, data: Any) -> Any:
        return as_list(data)


class EmailStep(MessageStep):
    """Send an email to one person."""

    template: TemplateName = Field(alias="email", description="the template, such as kickoff/welcome")
    from_: tuple[Sender, ...] | None = Field(
        default=None, alias="from", description="the first of these that exists signs it"
    )
    cc: tuple[CcRule, ...] | None = Field(default=None, description="who gets a copy")
    without_permission: TemplateName | None = Field(
        default=None,
        description="the in-app template for whoever never permitted such mail; without one it is a task for the CSM",
    )

    @field_validator("from_", "cc", mode="before")
    @classmethod
    def _one_or_several(cls, data: Any) -> Any:
        return _as_list(data)

    @property
    def shown_instead(self) -> InAppStep | None:
        """What whoever never permitted such mail is shown in the product, as a step; a refusal is never got around."""
        if self.without_permission is None:
            return None
        said: dict[str, Any] = {"to": _without_words(self.to), "topic": self.topic, "hours": self.hours}
        said |= {"template": self.without_permission, "approve": self.approve}
        return InAppStep.model_construct(id=self.id, if_=self.if_, **said)


class InAppStep(Showing, MessageStep):
    """Show a message inside the product; whoever does not see it in time may get a mail."""

    template: TemplateName = Field(alias="in_app", description="the template, such as renewal/plan_next_term")

    @property
    def mail(self) -> EmailStep | None:
        """The mail to whoever has not seen it in time, as a step of its own; it differs in what `unless_seen` says."""
        if self.unless_seen is None:
            return None
        return EmailStep.model_construct(
            id=f"{self.id}{MAIL}",
            template=self.unless_seen.email,
            from_=self.unless_seen.from_,
            to=_without_words(self.to),
            topic=self.topic,
            hours=self.hours,
            approve=self.approve,
        )


class AskStep(EmailStep):
    """Ask a question in a mail of its own and in the inbox of the product; the answer becomes a fact and an event."""

    question: QuestionKey = Field(alias="ask", description="the question, from `_shared/questions.yaml`")
    template: TemplateName = Field(
        default="questions/ask", description="the template; this one carries any question in the words of its file"
    )


MAIL = ":email"
"""How the name of the mail ends that goes to whoever has not seen a message in the product; no step has such a name."""


def messages_in(step: AnyStep) -> tuple[EmailStep | InAppStep, ...]:
    """What a step may send: its message, and the one of the other kind to whom that may not reach, or did not."""
    if isinstance(step, InAppStep):
        return (step, step.mail) if step.mail else (step,)
    if isinstance(step, EmailStep):
        return (step, step.shown_instead) if step.shown_instead else (step,)
    return ()


def templates_sent(step: EmailStep | InAppStep) -> tuple[str, ...]:
    """Every template that the message may have: its own first, then those of its fallbacks."""
    return tuple(dict.fromkeys((step.template, *templates_of(step.to))))


def _without_words(to: To | None) -> To | None:
    """The same readers, without the templates that are meant for another kind of message."""
    if not isinstance(to, tuple):
        return to
    return tuple(one.model_copy(update={"template": None}) for one in to)


class Wait(Words):
    """What a wait waits for: a time, a date, or an event until a time-out or a date, whichever comes first."""

    time: Length | None = Field(default=None, description="a length of time")
    until: Until | None = Field(
        default=None,
        description="a date fact, or the next `10:00`, `tuesday 10:00`, `open day 10:00` where the customer is",
    )
    for_: Names | None = Field(default=None, alias="for", description="one of these events")
    where: Condition | None = Field(default=None, description="a condition over the event that came")
    of: QuestionKey | None = Field(default=None, description="for `answered`: the question that is meant")
    up_to: Length | None = Field(default=None, description="how long we wait for the event")

    @model_validator(mode="before")
    @classmethod
    def _from_time(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return data | {"for": _as_list(data["for"])} if "for" in data else data
        return {"time": data}

    @model_validator(mode="after")
    def _one_way(self) -> Wait:
        ends = [way for way in (self.time, self.until, self.up_to) if way is not None]
        if not ends and self.for_ is not None:
            raise PydanticCustomError("wait-without-end", "say with 'up_to' or 'until' how long to wait for the event")
        if len(ends) != 1:
            raise PydanticCustomError(
                "one-wait", "a wait ends by one of: a length of time, 'until', 'for' with 'up_to'"
            )
        if (self.up_to and not self.for_) or (self.time and self.for_):
            raise PydanticCustomError("one-wait", "'for' and 'up_to' belong together")
        if self.where is not None and self.for_ is None:
            raise PydanticCustomError("one-wait", "'where' belongs to a wait 'for' an event")
        if self.of is not None and self.for_ != (ANSWERED,):
            raise PydanticCustomError("one-wait", "'of' belongs to a wait 'for: answered'")
        return self


class WaitStep(Step):
    """Wait for a time, a date, or an event."""

    wait: Wait = Field(description="a length of time, {until: date or time of day}, or {for: event, up_to: time}")

    @property
    def time(self) -> Duration | None:
        return self.wait.time

    @property
    def until(self) -> Expression | WallTime | None:
        return self.wait.until

    @property
    def for_(self) -> tuple[str, ...]:
        return self.wait.for_ or ()

    @property
    def where(self) -> Expression | None:
        return self.wait.where

    @property
    def of(self) -> str | None:
        return self.wait.of

    @property
    def up_to(self) -> Duration | None:
        return self.wait.up_to


class Branch(Words):
    """One way of a choose: {if: …, steps: […]}, or {else: […]}."""

    if_: Condition | None = Field(default=None, alias="if", description="take this way when it holds")
    steps: tuple[AnyStep, ...] | None = Field(default=None, description="what to do then")
    else_: tuple[AnyStep, ...] | None = Field(
        default=None, alias="else", description="what to do when no way before held"
    )

    @model_validator(mode="after")
    def _either(self) -> Branch:
        if (self.else_ is None) == (self.if_ is None) or (self.if_ is None) != (self.steps is None):
            raise PydanticCustomError(
                "bad-branch", "a branch is {shape}", {"shape": "{if: …, steps: […]} or {else: […]}"}
            )
        return self


class ChooseStep(Step):
    """Take the first branch whose condition holds."""

    choose: tuple[Branch, ...] = Field(min_length=1, description="the ways, tried in order; else comes last")

    @field_validator("choose")
    @classmethod
    def _else_is_last(cls, ways: tuple[Branch, ...]) -> tuple[Branch, ...]:
        if any(way.else_ is not None for way in ways[:-1]):
            raise PydanticCustomError("bad-branch", "'else' comes once and last")
        return ways

    @property
    def branches(self) -> tuple[tuple[Expression, tuple[AnyStep, ...]], ...]:
        """The ways with a condition, in order."""
        return tuple((way.if_, way.steps or ()) for way in self.choose if way.if_ is not None)


class SplitStep(Step):
    """Try several ways side by side: an account always gets the same one, and who got which is kept."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, tuple[AnyStep, ...]] = Field(init=False)

    split: dict[Key, Share] = Field(
        min_length=2, description="each way's share of the accounts, 100% together; its steps stand beside: `a: […]`"
    )

    @field_validator("split")
    @classmethod
    def _shares_are_everything(cls, shares: dict[str, Decimal]) -> dict[str, Decimal]:
        together = sum(shares.values(), Decimal(0))
        if together != EVERYTHING:
            total = f"{together}%"
            raise PydanticCustomError("bad-split", "the shares make {total}, not 100%", {"total": total})
        return shares

    @model_validator(mode="after")
    def _each_way_has_steps(self) -> SplitStep:
        said, wanted = set(self.__pydantic_extra__), set(self.split)
        if unknown := sorted(said - wanted):
            raise PydanticCustomError("bad-split", "{word} is no way of this split", {"word": unknown[0]})
        if silent := sorted(wanted - said):
            example = "write {silent}: [] if nothing is to happen"
            raise PydanticCustomError("bad-split", "the way {silent} has no steps; " + example, {"silent": silent[0]})
        return self

    @property
    def ways(self) -> dict[str, tuple[AnyStep, ...]]:
        """The steps of each way, in the order of the shares."""
        return {way: self.__pydantic_extra__[way] for way in self.split}


class Repeat(Words):
    """Steps that are done again, how often, how far apart, and what makes them end."""

    steps: tuple[AnyStep, ...] = Field(min_length=1, description="what each round does")
    at_most: Annotated[int, Field(ge=2, le=50)] = Field(description="how many rounds there are at most")
    every: Length = Field(description="the time from the start of one round to the start of the next")
    until: Condition | None = Field(default=None, description="asked before each round: when it holds, no more come")

    @field_validator("steps")
    @classmethod
    def _one_loop(cls, steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
        if any(isinstance(step, RepeatStep) for step in walk(steps)):
            raise PydanticCustomError("one-loop", "a repeat holds no other repeat")
        return steps


class RepeatStep(Step):
    """Do some steps in rounds, a given time apart, until a condition holds or there were enough."""

    repeat: Repeat = Field(description="`{steps, at_most, every, until}`")

    @property
    def until(self) -> Expression | None:
        return self.repeat.until


def _as_list(data: Any) -> Any:
    return [data] if isinstance(data, str) else data


STEPS: dict[str, type[Step]] = {
    "ask": AskStep,  # before what it is a kind of
    "email": EmailStep,
    "in_app": InAppStep,
    "wait": WaitStep,
    "choose": ChooseStep,
    "task": TaskStep,
    "form": FormStep,
    "lead": LeadStep,
    "split": SplitStep,
    "repeat": RepeatStep,
    "notify": NotifyStep,
    "webhook": WebhookStep,
    "set": SetStep,
    "start": StartStep,
    "stop": StopStep,
}


def kind_of(step: AnyStep) -> str:
    """The word that an author writes for this kind of step."""
    return next(kind for kind, model in STEPS.items() if isinstance(step, model))


def walk(steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    """Every step in the order written, those inside branches too."""
    for step in steps:
        yield step
        for _, inner in inside(step):
            yield from walk(inner)


def inside(step: AnyStep) -> Iterator[tuple[tuple[str | int, ...], tuple[AnyStep, ...]]]:
    """The lists of steps that a step holds, each with the path to it."""
    if isinstance(step, ChooseStep):
        for number, way in enumerate(step.choose):
            word = "else" if way.else_ is not None else "steps"
            yield ("choose", number, word), (way.else_ if way.else_ is not None else way.steps) or ()
    if isinstance(step, SplitStep):
        for name, steps in step.ways.items():
            yield (name,), steps
    if isinstance(step, RepeatStep):
        yield ("repeat", "steps"), step.repeat.steps


def rebuilt(step: AnyStep, change: Callable[[AnyStep], AnyStep]) -> AnyStep:
    """The same step with every step right inside it changed."""
    match step:
        case ChooseStep():
            return step.model_copy(update={"choose": tuple(_rebuilt_way(way, change) for way in step.choose)})
        case SplitStep():
            return step.model_copy(update={name: tuple(map(change, inner)) for name, inner in step.ways.items()})
        case RepeatStep(repeat=repeat):
            steps = tuple(map(change, repeat.steps))
            return step.model_copy(update={"repeat": repeat.model_copy(update={"steps": steps})})
    return step


def _rebuilt_way(way: Branch, change: Callable[[AnyStep], AnyStep]) -> Branch:
    held = {"steps": way.steps, "else_": way.else_}
    return way.model_copy(update={name: tuple(map(change, held_)) for name, held_ in held.items() if held_ is not None})


def _tag_of_step(data: Any) -> str | None:
    for kind, model in STEPS.items():
        if isinstance(data, model) or (isinstance(data, dict) and kind in data):
            return f"step:{kind}"
    return None


AnyStep = Annotated[
    Annotated[AskStep, Tag("step:ask")]
    | Annotated[EmailStep, Tag("step:email")]
    | Annotated[InAppStep, Tag("step:in_app")]
    | Annotated[WaitStep, Tag("step:wait")]
    | Annotated[ChooseStep, Tag("step:choose")]
    | Annotated[TaskStep, Tag("step:task")]
    | Annotated[FormStep, Tag("step:form")]
    | Annotated[LeadStep, Tag("step:lead")]
    | Annotated[SplitStep, Tag("step:split")]
    | Annotated[RepeatStep, Tag("step:repeat")]
    | Annotated[NotifyStep, Tag("step:notify")]
    | Annotated[WebhookStep, Tag("step:webhook")]
    | Annotated[SetStep, Tag("step:set")]
    | Annotated[StartStep, Tag("step:start")]
    | Annotated[StopStep, Tag("step:stop")],
    Discriminator(_tag_of_step, custom_error_type="no-kind", custom_error_message="no kind of step"),
]
