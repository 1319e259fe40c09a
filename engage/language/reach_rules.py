"""Rules over what can never happen: ways never taken, conditions that never hold, runs that end as they begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from engage.errors import Problem
from engage.language.context import Conditions, all_of, of_trigger, on_entering, steps_at_once
from engage.language.expressions import Expression
from engage.language.fact_rules import at
from engage.language.guessing import way_out
from engage.language.holding import can_hold, implies
from engage.language.places import Path as YamlPath
from engage.language.places import expressions_with_paths, steps_with_paths
from engage.language.spec import AnyStep, ChooseStep, EventTrigger, SplitStep, StopStep, WaitStep
from engage.language.tree import Compare, Fact, Items, Literal_, Node, Not, parts_of
from engage.language.triggers import BecomesTrigger
from engage.language.vocabulary import TouchModelName
from engage.language.words import Recipient
from engage.language.workspace import PlaybookFile, Workspace

Values = Mapping[str, tuple[str, ...]]
SENT_STATES = ("ordered", "accepted", "skipped", "rejected", "cancelled", "nobody")
KNOWN_VALUES: Values = {
    "account.touch_model": get_args(TouchModelName),
    "contract.contact_policy": ("direct", "copy_partner", "partner_only"),
    "contract.state": ("pending", "active", "renewed", "ended", "cancelled"),
    "usage.trend": ("up", "flat", "down", "none"),
    "contact.roles": tuple(role for role in get_args(Recipient) if role != "contact"),
}


def values_exist(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A fact is compared with a value that it never has.

    Code: impossible-value
    Why: a misspelt value is equal to nothing, and the condition never holds.
    Way out: take one of the values that the fact may have, or declare the segment, phase or use case in `_shared/`.
    Wrong:
        audience: contract.state == "actve"
    Right:
        audience: contract.state == "active"
    Wrong:
        audience: account.segment == "long_tial"
        # file: playbooks/_shared/segments.yaml
        long_tail: {title: {ja: その他, en: Long tail}}
    Right:
        audience: account.segment == "long_tail"
        # file: playbooks/_shared/segments.yaml
        long_tail: {title: {ja: その他, en: Long tail}}
    """
    known = _known(file) | workspace.vocabulary.words_of_facts()
    for expression, path in expressions_with_paths(file.playbook):
        for part in parts_of(expression.tree):
            for fact, literal in compared(part):
                values = known.get(fact.path)
                if values and literal.value not in values:
                    hint = way_out(str(literal.value), values)
                    message = f'{fact.path} is never "{literal.value}"'
                    yield at(file, path, literal, "impossible-value", message, hint)


def somebody_can_enter(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """Nobody can ever enter: trigger and audience never hold together.

    Code: nobody-enters
    Why: the playbook would be live and do nothing.
    Way out: look at the parts of the condition that exclude each other.
    Wrong:
        audience: account.phase == "adoption" and account.phase == "renewal"
    Right:
        audience: account.phase in ["adoption", "renewal"]
    Wrong:
        trigger: {becomes: usage.trend == "down"}
        audience: usage.trend == "up"
    Right:
        trigger: {becomes: usage.trend == "down"}
        audience: account.is_test == false
    """
    playbook = file.playbook
    begins = of_trigger(playbook)
    if not can_hold(*begins):
        word = "becomes" if isinstance(playbook.trigger, BecomesTrigger) else "if"
        yield file.document.problem(["trigger", word], "nobody-enters", "this never holds")
    elif playbook.audience and not can_hold(playbook.audience.tree):
        yield file.document.problem(["audience"], "nobody-enters", "this never holds")
    elif not can_hold(*on_entering(playbook)):
        message = "trigger and audience never hold together"
        yield file.document.problem(["audience"], "nobody-enters", message)


def runs_can_begin(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A run ends in the moment it begins.

    Code: ends-at-once
    Why: whoever may enter already fulfils the goal or the exit, so no step is ever done.
    Way out: ask in the goal or exit for something that entering does not need.
    Wrong:
        audience: account.plan is set and account.is_test == false
        goal: {if: account.plan is set}
    Right:
        audience: account.plan is missing and account.is_test == false
        goal: {if: account.plan is set}
    Wrong:
        trigger: {becomes: usage.trend == "down"}
        exit: [{if: usage.trend == "down"}]
    Right:
        trigger: {becomes: usage.trend == "down"}
        exit: [{if: usage.trend == "up"}]
    """
    held = on_entering(file.playbook)
    ends: list[tuple[Expression | None, YamlPath]] = []
    ends += [(file.playbook.goal.if_, ["goal", "if"])] if file.playbook.goal else []
    ends += [(rule.if_, ["exit", number, "if"]) for number, rule in enumerate(file.playbook.exit)]
    for end, path in ends:
        if end is not None and held and can_hold(*held) and implies(all_of(held), end.tree):
            message = "whoever may enter fulfils this already, so the run ends before its first step"
            yield file.document.problem(path, "ends-at-once", message)


def branches_are_reachable(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A step or a way can never be taken.

    Code: unreachable
    Why: its condition never holds, or a way before it always comes first; what was planned there never happens.
    Way out: mend the condition, put the narrower way first, or leave it out.
    Wrong:
        steps:
          - choose:
              - {if: usage.events > 3, steps: [{email: welcome/hello}]}
              - {if: usage.events > 10, steps: [{in_app: welcome/tip}]}
    Right:
        steps:
          - choose:
              - {if: usage.events > 10, steps: [{in_app: welcome/tip}]}
              - {if: usage.events > 3, steps: [{email: welcome/hello}]}
    Wrong:
        steps:
          - choose:
              - {if: account.plan is set, steps: [{email: welcome/hello}]}
              - {if: account.plan is missing, steps: [{in_app: welcome/tip}]}
              - {else: [{stop: not interested}]}
    Right:
        steps:
          - choose:
              - {if: account.plan is set, steps: [{email: welcome/hello}]}
              - {else: [{in_app: welcome/tip}]}
    Wrong:
        steps:
          - choose:
              - {if: account.plan == "gold", steps: [{email: welcome/hello, if: account.plan == "closed"}]}
    Right:
        steps:
          - choose:
              - {if: account.plan == "gold", steps: [{email: welcome/hello}]}
    """
    for step, path, held in steps_at_once(file.playbook):
        held = held if can_hold(*held) else ()  # what never holds is complained of where it stands
        own = (step.if_.tree,) if step.if_ is not None else ()
        if own and not can_hold(*held, *own):
            message = "this never holds" if not can_hold(*own) else "this never holds here: the way to it excludes it"
            yield file.document.problem([*path, "if"], "unreachable", message)
        elif isinstance(step, ChooseStep):
            yield from _dead_ways(file, step, [*path, "choose"], (*held, *own))


def nothing_follows_the_end(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A step stands behind the end of the run.

    Code: unreachable
    Why: a stop without a condition, or a choice of which every way stops, ends the run before it.
    Way out: give the stop a condition, or leave the steps behind it out.
    Wrong:
        steps: [{stop: enough}, {email: welcome/hello}]
    Right:
        steps: [{email: welcome/hello}, {stop: enough}]
    """
    places = {tuple(path): path for _, path in steps_with_paths(file.playbook.steps, ["steps"])}
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        following = places.get((*path[:-1], int(path[-1]) + 1))
        if following is not None and _ends(step):
            yield file.document.problem(following, "unreachable", "the run has stopped before this step")


def _dead_ways(file: PlaybookFile, step: ChooseStep, path: YamlPath, held: Conditions) -> Iterator[Problem]:
    before: list[Node] = []
    for number, way in enumerate(step.choose):
        condition = way.if_.tree if way.if_ else Literal_("bool", 0, True)
        is_taken = any(implies(condition, earlier) for earlier in before)
        if is_taken or not can_hold(*held, *(Not("bool", 0, earlier) for earlier in before), condition):
            text = "else" if way.if_ is None else str(way.if_)
            yield file.document.problem([*path, number], "unreachable", f"this way is never taken: {text}")
        before.append(condition)


def _ends(step: AnyStep) -> bool:
    """Whether no run gets past the step."""
    if step.if_ is not None:
        return False
    if isinstance(step, ChooseStep):
        ways = [way.steps or way.else_ or () for way in step.choose]
        return step.choose[-1].else_ is not None and all(any(map(_ends, way)) for way in ways)
    if isinstance(step, SplitStep):
        return all(any(map(_ends, way)) for way in step.ways.values())
    return isinstance(step, StopStep)


def _known(file: PlaybookFile) -> dict[str, tuple[str, ...]]:
    """The values that facts may have in this playbook."""
    steps = [step for step, _ in steps_with_paths(file.playbook.steps, [])]
    events = tuple(dict.fromkeys(name for step in steps if isinstance(step, WaitStep) for name in step.for_))
    sent = {f"sent.{step.id.replace('-', '_')}.state": SENT_STATES for step in steps}
    trigger = file.playbook.trigger
    named = {"event.name": (trigger.event,)} if isinstance(trigger, EventTrigger) else {}
    return {**KNOWN_VALUES, **sent, **named, **({"waited.event": events} if events else {})}


def compared(part: Node) -> Iterator[tuple[Fact, Literal_]]:
    """Each fact and word that this part compares."""
    if not isinstance(part, Compare):
        return
    for fact, other in ((part.left, part.right), (part.right, part.left)):
        if isinstance(fact, Fact):
            items = other.items if isinstance(other, Items) else (other,)
            yield from ((fact, item) for item in items if isinstance(item, Literal_) and isinstance(item.value, str))


REACH_RULES = (
    values_exist,
    somebody_can_enter,
    runs_can_begin,
    branches_are_reachable,
    nothing_follows_the_end,
)
