"""What a playbook is to move, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from engage.language.durations import Duration
from engage.language.expecting import Expect
from engage.language.spec import Playbook
from engage.language.telling_words import UNITS

_WHAT = {
    "goal": {"ja": "達成した顧客企業の割合", "en": "the share of the accounts that reach the goal"},
    "renewal_rate": {"ja": "契約更新率", "en": "the share of the contracts that are renewed"},
    "event": {"ja": "{event} があった顧客企業の割合", "en": "the share of the accounts at which {event} comes"},
}
_LOOK = {
    "ja": "期待する効果: {what}が{points}ポイント以上高まる。適用から{time}後に判定",
    "en": "Is to raise {what} by {points} points or more; judged {time} after each came in",
}
_SINCE = {"ja": "({since}以降の適用が対象)", "en": ", counting who came in from {since}"}
_STOPS = {
    "ja": "効果が認められなければ一時停止し、タスクで知らせる",
    "en": "Pauses, with a task that says so, if no effect is found",
}
_UNDECIDED = {
    "ja": "(比較する対照群がないため、自動では止まらない)",
    "en": " (nothing is decided: it has no holdout to compare with)",
}


def measure_said(expect: Expect, locale: str) -> str:
    """What is measured."""
    return _WHAT[expect.metric or "event"][locale].format(event=expect.event)


def tell_expect(playbook: Playbook, locale: str) -> Iterator[str]:
    """A line for what is expected, one for what follows if it does not come."""
    expect = playbook.expect
    if expect is None:
        return
    said = {"what": measure_said(expect, locale), "points": expect.at_least, "time": _time(expect.look_after, locale)}
    yield _LOOK[locale].format(**said) + (_SINCE[locale].format(since=expect.since) if expect.since else "")
    if expect.stop_if is not None:
        yield _STOPS[locale] + ("" if playbook.holdout is not None else _UNDECIDED[locale])


def _time(length: Duration, locale: str) -> str:
    return str(length) if locale == "en" else f"{length.amount}{UNITS[length.unit]}"
