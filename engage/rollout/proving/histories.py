"""Invents histories of a playbook, for Hypothesis to vary and to shrink: each is an example without expectations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st

from engage.language.examples import Example
from engage.language.spec import AbsentTrigger, ManualTrigger, OnceTrigger, Playbook, SplitStep, walk
from engage.language.vocabulary import CLICKED
from engage.rollout.proving.cast import roles_asked
from engage.rollout.proving.ingredients import Ingredients
from engage.rollout.proving.steering import BEFORE, Ago, Turn, Use
from engage.rollout.proving.stores import ScratchStores

# An ordinary Monday, the days before year-end, Golden Week, the end of February.
BEGINS = (date(2026, 11, 16), date(2026, 12, 21), date(2027, 4, 26), date(2027, 2, 26))
_HOURS = ("10:00", "09:00", "17:20", "23:40", "03:10")
_ROWS = (4, 7)
_SOON = 12  # days after the begin in which half of all happens, as most playbooks speak soon
_COMMON_EVENTS = ("replied", "contact.left")
Rows = st.SearchStrategy[dict[str, Any]]


def histories(stores: ScratchStores, playbook: Playbook, made_of: Ingredients) -> st.SearchStrategy[Example]:
    """Histories near what the playbook looks at: its dates, its events, the facts of its conditions, what people do."""
    context = {"catalogue": stores.workspace.catalogue}
    return _plain(playbook, made_of).map(lambda said: Example.model_validate(said, context=context))


@st.composite
def _plain(draw: st.DrawFn, playbook: Playbook, made_of: Ingredients) -> dict[str, Any]:
    trigger = playbook.trigger
    began = trigger.once.day if isinstance(trigger, OnceTrigger) else draw(st.sampled_from(BEGINS))
    roles = roles_asked(playbook)
    chosen = draw(st.lists(st.sampled_from(roles), unique=True, max_size=len(roles))) or list(roles)
    turn = draw(st.sampled_from(made_of.turns)) if made_of.turns else None
    known = dict(turn.known if turn is not None else made_of.fitting)
    settled = {*turn.known, *turn.told} if turn is not None else set()
    known |= {path: value for path, value in draw(_odd_facts(made_of)).items() if path not in settled}
    known |= {path: draw(_near(began, made_of.ahead)) for path in made_of.dates}
    given: dict[str, Any] = _by_group(known)
    given.setdefault("account", {}).setdefault("touch_model", draw(st.sampled_from(["tech", "high"])))
    given["contacts"] = [{"id": role, "roles": [role]} for role in chosen]
    # Rows that may be none: most histories are rich, and yet each shrinks to the few rows that matter.
    more = draw(st.lists(st.none() | _row(made_of, tuple(chosen), began), min_size=_ROWS[0], max_size=_ROWS[1]))
    first = _first(playbook, made_of, began) if turn is None else _turning(turn, began)
    agreed = [(topic, by) for topic in made_of.needing_consent for by in chosen if draw(st.sampled_from((1, 1, 0)))]
    rows = [*(_agrees(topic, by, began) for topic, by in agreed), *first, *filter(None, more)]
    last = began + timedelta(days=made_of.days)
    said = {
        "given": given,
        "then": rows,
        "expect": [{"at": f"{began}", "nothing": "task"}],  # nothing is judged by it
        "since": (began - timedelta(days=BEFORE)).isoformat(),
        "until": last.isoformat(),
        "approvals": draw(st.sampled_from(["agree", "ignore"])),
    }
    splits = [step for step in walk(playbook.steps) if isinstance(step, SplitStep)]
    if splits:
        said["ways"] = {str(step.id): draw(st.sampled_from(sorted(step.split))) for step in splits}
    dated: dict[str, Any] = _dated(said, began)
    return dated


def _odd_facts(made_of: Ingredients) -> st.SearchStrategy[dict[str, Any]]:
    """Now and then one fact that is not as the audience likes it, or that an invariant speaks of."""
    some = [path for path, values in made_of.facts.items() if values]
    pressing = [path for path in some if path in made_of.pressing]
    kinds = [st.just({}), st.just({}), *(_one_fact(paths, made_of) for paths in (some, pressing, pressing) if paths)]
    return st.one_of(kinds)


def _one_fact(paths: list[str], made_of: Ingredients) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(paths).flatmap(
        lambda path: st.sampled_from(made_of.facts[path]).map(lambda value: {path: value})
    )


def _near(began: date, ahead: int) -> st.SearchStrategy[str]:
    """A date for which a run begins about then."""
    return st.integers(-3, 15).map(lambda days: (began + timedelta(days=ahead + days)).isoformat())


def _first(playbook: Playbook, made_of: Ingredients, began: date) -> list[dict[str, Any]]:
    """What starts the playbook, where no date does."""
    at = f"{began} 10:00"
    if made_of.starts is not None:
        name, properties = made_of.starts
        return [{"at": at, "event": name, "properties": dict(properties)}]
    trigger = playbook.trigger
    if isinstance(trigger, ManualTrigger):
        return [{"at": at, "start": True}]
    if isinstance(trigger, AbsentTrigger) and isinstance(trigger.since, str):
        return [{"at": at, "event": trigger.since}]
    return []


def _agrees(topic: str, by: str, began: date) -> dict[str, Any]:
    """Somebody says yes to mails about it, before anything begins."""
    at = f"{began - timedelta(days=BEFORE)} 10:00"
    return {"at": at, "event": "consent.granted", "properties": {"topic": topic}, "by": by}


def _turning(turn: Turn, began: date) -> list[dict[str, Any]]:
    """What makes a condition true on that day."""
    told = [{"at": f"{began} 10:00", group: facts} for group, facts in _by_group(turn.told).items()]
    return [*(_use(use, began) for use in turn.uses), *told]


def _use(use: Use, began: date) -> dict[str, Any]:
    first, last = (began + timedelta(days=days) for days in (use.first, use.last))
    at = f"{began} 10:00" if first == last else f"{first} 12:00..{last} 12:00"
    return {"at": at, "event": use.event, "times": use.times}


def _dated(said: Any, began: date) -> Any:
    """With the dates that are counted from the day."""
    if isinstance(said, dict):
        return {name: _dated(value, began) for name, value in said.items()}
    if isinstance(said, list):
        return [_dated(value, began) for value in said]
    return said.on(began) if isinstance(said, Ago) else said


def _row(made_of: Ingredients, roles: tuple[str, ...], began: date) -> Rows:
    who = st.sampled_from(roles)
    kinds: list[Rows] = [
        st.builds(_event, st.sampled_from(_events(made_of)), who),
        st.builds(lambda by: {"bounces": True, "by": by}, who),
    ]
    if made_of.topics:
        topics = st.sampled_from(made_of.topics)
        kinds.append(st.builds(lambda topic, by: {"unsubscribes": topic, "by": by}, topics, who))
    changing = [path for path, values in made_of.facts.items() if values]
    if changing:
        kinds.append(st.sampled_from(changing).flatmap(lambda path: _change(path, made_of)))
    if CLICKED in made_of.events:
        kinds.append(who.map(_click))
    for name in made_of.pressing:
        kinds.append(_change(name, made_of) if name in made_of.facts else who.map(partial(_event, name)))
    if made_of.dates:
        moved = st.builds(_moved, st.sampled_from(made_of.dates), _near(began, made_of.ahead + 20))
        kinds.append(moved)
    for question, choices in made_of.questions.items():
        kinds.append(st.sampled_from([{"answer": {question: choice}} for choice in choices]))
    for step, values in made_of.forms.items():
        kinds.append(st.just({"fill": {step: dict(values)}}))
    days = st.integers(0, min(_SOON, made_of.days - 1)) | st.integers(0, made_of.days - 1)
    return st.builds(
        lambda said, day, hour: {"at": f"{began + timedelta(days=day)} {hour}", **said},
        st.one_of(kinds), days, st.sampled_from(_HOURS),
    )  # fmt: skip


def _event(name: str, by: str) -> dict[str, Any]:
    return _click(by) if name == CLICKED else {"event": name, "by": by}


def _click(by: str) -> dict[str, Any]:
    return {"clicks": True, "by": by}


def _events(made_of: Ingredients) -> list[str]:
    """What anybody may send; answers and clicks come of a mail alone."""
    sent = (name for name in made_of.events if name not in ("answered", CLICKED))
    return list(dict.fromkeys([*sent, *_COMMON_EVENTS]))


def _change(path: str, made_of: Ingredients) -> Rows:
    group, _, name = path.partition(".")
    return st.sampled_from(made_of.facts[path]).map(lambda value: {group: {name: value}})


def _moved(path: str, day: str) -> dict[str, Any]:
    group, _, name = path.partition(".")
    return {group: {name: day}}


def _by_group(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`account.phase: x` as `account: {phase: x}`."""
    grouped: dict[str, dict[str, Any]] = {}
    for path, value in facts.items():
        group, _, name = path.partition(".")
        if group in ("account", "contract", "goal", "handoff"):
            grouped.setdefault(group, {})[name] = value
    return grouped
