"""A plan as plain data, kept in a file, and whether it is still true when it is to be carried out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.errors import ConflictError, InputError
from engage.rollout.apply import newest_release, one_at_a_time
from engage.rollout.outlook import Entry, Load
from engage.rollout.planning import RULE, Plan
from engage.rollout.simulation import Told

FORMAT = 1
# How much the people in a plan may differ from those shown: whoever is larger counts.
SHARE, LEAST = 0.05, 3
_NAMED = 5
_LOOK_AGAIN = "look at it again: engage playbooks plan --out FILE"


@dataclass(frozen=True)
class Promise:
    """What was shown: what goes live, onto what, until when, and to whom it makes a difference."""

    made_at: datetime
    until: datetime
    release: int | None
    files: str
    touched: Mapping[str, datetime]  # account and when last something differs for it
    new_things: int


def as_json(plan: Plan, locale: str) -> dict[str, Any]:
    """The whole plan as plain values, in a fixed order."""
    names = plan.names
    told = plan.told
    return {
        "format": FORMAT,
        "made_at": plan.made_at.isoformat(),
        "until": plan.until.isoformat(),
        "release": plan.release,
        "files": plan.files,
        "rule": RULE["ja" if locale.startswith("ja") else "en"],
        "changes": [asdict(change) for change in plan.changes],
        "inside": dict(plan.inside),
        "texts_reach": dict(plan.texts_reach),
        "touched": {key: {"name": names.get(key, ""), "until": at.isoformat()} for key, at in _touched(plan).items()},
        "enters": [_entry(one, names) for one in plan.enters],
        "leaves": [_entry(one, names) for one in plan.leaves],
        "retimed": [{"before": _entry(old, names), "after": _entry(new, names)} for old, new in plan.retimed],
        "told": {
            "new": [_told(one, names) for one in told.new],
            "gone": [_told(one, names) for one in told.gone],
            "moved": [{"before": _told(old, names), "after": _told(new, names)} for old, new in told.moved],
        },
        "mailed": [_told(one, names) for one in plan.after.messages()],
        "held": [{**asdict(one), "at": one.at.isoformat(), "until": _iso(one.until)} for one in plan.after.held],
        "days": _loads(plan.after.days, plan.before_days),
        "csms": {name: asdict(load) for name, load in plan.after.csms.items()},
    }


def read_promise(text: str, file: str) -> Promise:
    """The promise in a plan's file; InputError where it is none."""
    try:
        said = json.loads(text)
        if said["format"] != FORMAT:
            raise ValueError
        return Promise(
            datetime.fromisoformat(said["made_at"]),
            datetime.fromisoformat(said["until"]),
            said["release"],
            said["files"],
            {key: datetime.fromisoformat(one["until"]) for key, one in said["touched"].items()},
            len(said["told"]["new"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        hint = "make one: engage playbooks plan --out FILE"
        raise InputError("this is no plan of this version", where=file, hint=hint) from None


def keep(promise: Promise, fresh: Plan) -> None:
    """Raises ConflictError where the plan shown is no longer true; `fresh` was made now, until the same moment.

    The rule: the files say the same, the same release is live, and of the accounts and of what is new at most
    5 % of those shown, or 3, differ. Whom the plan shown touched before now may be done with.
    """
    hint = _LOOK_AGAIN
    if fresh.files != promise.files:
        raise ConflictError("the files have changed since this plan was made", code="plan_files", hint=hint)
    if fresh.release != promise.release:
        raise _published_since(promise.release, fresh.release)
    allowed = max(LEAST, math.floor(len(promise.touched) * SHARE))
    ahead = {key for key, until in promise.touched.items() if until >= fresh.made_at}
    other = sorted((fresh.touched - promise.touched.keys()) | (ahead - fresh.touched))
    if len(other) > allowed:
        named = ", ".join(_name(fresh, key) for key in other[:_NAMED]) + (" …" if len(other) > _NAMED else "")
        said = (
            f"{len(other)} customers are touched now and were not, or the other way round ({named}); allowed: {allowed}"
        )
        raise ConflictError(said, code="plan_people", hint=hint)
    more = len(fresh.told.new) - promise.new_things
    if more > max(LEAST, math.floor(promise.new_things * SHARE)):
        said = f"{more} more messages and tasks would come than the plan showed"
        raise ConflictError(said, code="plan_more", hint=hint)


def still_on(session: Session, release: int | None) -> None:
    """From here to the commit this release stays the live one; ConflictError where another one is already."""
    one_at_a_time(session)
    live = newest_release(session)
    if (live.id if live else None) != release:
        raise _published_since(release, live.id if live else None)


def _published_since(release: int | None, live: int | None) -> ConflictError:
    said = f"release {live or 'none'} is live, the plan was made for {release or 'none'}: somebody published since"
    return ConflictError(said, code="plan_release", hint=_LOOK_AGAIN)


def _name(plan: Plan, key: str) -> str:
    return f"{plan.names.get(key) or key} ({key})"


def _touched(plan: Plan) -> dict[str, datetime]:
    entries: Iterable[Entry] = (*plan.enters, *plan.leaves, *(after for _, after in plan.retimed))
    things: Iterable[Told] = (*plan.told.new, *plan.told.gone, *(after for _, after in plan.told.moved))
    found: dict[str, datetime] = {}
    for account, at in [*((one.account, one.at) for one in entries), *((one.account, one.at) for one in things)]:
        if account:
            found[account] = max(at, found.get(account, at))
    return {key: found[key] for key in sorted(found)}


def _entry(one: Entry, names: Mapping[str, str]) -> dict[str, str]:
    return {
        "at": one.at.isoformat(), "account": one.account, "name": names.get(one.account, ""), "playbook": one.playbook,
    }  # fmt: skip


def _told(one: Told, names: Mapping[str, str]) -> dict[str, str]:
    return {**asdict(one), "at": one.at.isoformat(), "name": names.get(one.account, "")}


def _loads(after: Mapping[date, Load], before: Mapping[date, Load]) -> dict[str, Any]:
    days = sorted({*after, *before})
    return {
        day.isoformat(): {**asdict(after.get(day, Load())), "messages_before": before.get(day, Load()).messages}
        for day in days
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
