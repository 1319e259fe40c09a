"""A counter-example told as a story: who was there, what happened, what went out, and which lines are to blame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any

from engage.language.examples import Happening
from engage.language.places import steps_with_paths
from engage.language.telling_never import tell_never
from engage.language.workspace import PlaybookFile
from engage.rollout.proving.attacking import CounterExample, InvariantResult
from engage.rollout.proving.outcomes import Came
from engage.rollout.proving.stores import ScratchStores
from engage.rollout.proving.telling import moment, tell_came

_GIVEN = ("account", "contract", "goal", "handoff")
_EVENT = {"ja": "イベント {0} が届く", "en": "the event {0} comes"}
_HAPPENS: Mapping[str, Mapping[str, str]] = {
    "answer": {"ja": "質問への回答: {0}", "en": "the question is answered: {0}"},
    "fill": {"ja": "担当者がフォームに記入する: {0}", "en": "a colleague fills in a form: {0}"},
    "start": {"ja": "担当者が手動で開始する", "en": "a colleague starts it by hand"},
    "clicks": {"ja": "直前のメールのリンクを開く", "en": "a link of the last mail is followed"},
    "bounces": {"ja": "直前のメールが戻ってくる", "en": "the last mail comes back"},
    "sees": {"ja": "直前のアプリ内メッセージが見られる", "en": "the last message in the product is seen"},
    "unsubscribes": {"ja": "{0} の配信を停止する", "en": "{0} is unsubscribed from"},
}
_BECOMES = {"ja": "{0} が {1} になる", "en": "{0} becomes {1}"}
_TIMES = {"ja": "{0} から {1} までに{2}回", "en": "{0} – {1}, {2} times:"}
_BY = {"ja": "({0})", "en": " ({0})"}
_START = {"ja": "{0} の時点: {1}", "en": "On {0}: {1}"}
_PEOPLE = {"ja": "お客様担当者 {0}", "en": "contacts {0}"}
_IGNORED = {"ja": "社内の承認者は誰も応じない", "en": "nobody reacts who is asked for approval"}
_WAY = {"ja": "分岐 {0} は {1}", "en": "the split {0} goes {1}"}
_BLAME = {"ja": "原因の行: {0}", "en": "To blame: {0}"}
_STEP = {"ja": "{place} のステップ {step}", "en": "the step {step} at {place}"}
_BROKEN = {
    "ja": "{place} の「{text}」は、次の経過で破られます({tried}通りを試行):",
    "en": "{place}: “{text}” is broken by this history ({tried} were tried):",
}
_TRIED = {"ja": "{tried}通り(うち適用あり{began})", "en": "{tried} tried, begun in {began}"}
_TRIED_ONLY = {"ja": "{tried}通りのみ試行(うち適用あり{began})", "en": "tried only {tried}, begun in {began}"}
_TOO_FEW = {
    "ja": "{playbook}: 適用が始まった履歴が{began}通りしかなく、「破られない」とはまだ言えません。"
    "--seconds と --examples を増やしてください({tried}通りを試行)。",
    "en": "{playbook}: it began in only {began} of the {tried} histories tried, too few to mean that nothing breaks "
    "it; give it more with --seconds and --examples.",
}


def tell_effort(result: InvariantResult, locale: str) -> str:
    """How many histories were tried; plainly where they were too few."""
    said = _TRIED_ONLY if result.says_little else _TRIED
    return said["ja" if locale == "ja" else "en"].format(tried=result.tried, began=result.began)


def tell_too_few(results: Sequence[InvariantResult], locale: str) -> list[str]:
    """A line for each playbook of which too few histories were tried to mean anything."""
    said = _TOO_FEW["ja" if locale == "ja" else "en"]
    poor = [one for one in results if one.says_little]
    return list(dict.fromkeys(said.format(playbook=one.playbook, tried=one.tried, began=one.began) for one in poor))


def tell_story(stores: ScratchStores, result: InvariantResult, locale: str) -> Iterator[str]:
    """The story of an invariant that was broken, line by line; nothing where it holds."""
    if result.counter is None:
        return
    language = "ja" if locale == "ja" else "en"
    file = next(file for file in stores.workspace.playbooks if file.playbook.key == result.playbook)
    place = _line(file, ["never", result.number - 1])
    yield _BROKEN[language].format(place=place, text=tell_never(result.invariant, language), tried=result.tried)
    yield "  " + _opening(result.counter, language)
    for line in _timeline(result.counter, language):
        yield f"  {line}"
    blamed = [_blamed(file, came, language) for came in result.counter.broken if came.step]
    if blamed:
        yield "  " + _BLAME[language].format(", ".join(dict.fromkeys(blamed)))


def _line(file: PlaybookFile, path: list[str | int]) -> str:
    return f"{file.document.file}:{file.document.at(path)[0]}"


def _blamed(file: PlaybookFile, came: Came, language: str) -> str:
    paths = {str(step.id): path for step, path in steps_with_paths(file.playbook.steps, ["steps"])}
    if came.playbook != file.playbook.key or came.step not in paths:
        return f"{came.playbook}: {came.step}"
    return _STEP[language].format(place=_line(file, paths[came.step]), step=came.step)


def _opening(counter: CounterExample, language: str) -> str:
    given = counter.played.example.given
    said = [
        f"{group}.{name} = {_value(value)}" for group in _GIVEN for name, value in (getattr(given, group) or {}).items()
    ]
    said.append(_PEOPLE[language].format(", ".join(person.id for person in counter.played.cast.people)))
    example = counter.played.example
    said += [_WAY[language].format(split, way) for split, way in example.ways.items()]
    said += [_IGNORED[language]] if example.approvals == "ignore" else []
    day = f"{counter.played.since.astimezone(counter.played.zone):%Y-%m-%d}"
    return _START[language].format(day, ", ".join(said))


def _timeline(counter: CounterExample, language: str) -> Iterator[str]:
    """Up to the last thing that broke it, in the order of time."""
    zone, broken = counter.played.zone, counter.broken
    last = max((came.at for came in broken), default=counter.played.until)
    rows: list[tuple[datetime, int, str]] = [
        (at[-1], 0, f"{_span(at, zone, language)} {tell_happening(row, language)}")
        for at, row in _together(counter.played.happened)
    ]
    for came in counter.played.came:
        mark = "  ←" if came in broken else ""
        rows.append((came.at, 1, tell_came(came, zone, language) + mark))
    return (text for at, _, text in sorted(rows, key=lambda row: row[:2]) if at <= last)


def _together(happened: Iterable[tuple[datetime, Happening]]) -> Iterator[tuple[list[datetime], Happening]]:
    """What came one after the other by the same row, as one."""
    for _, several in groupby(happened, key=lambda one: id(one[1])):
        rows = list(several)
        yield [at for at, _ in rows], rows[0][1]


def _span(at: Sequence[datetime], zone: tzinfo, language: str) -> str:
    if len(at) == 1:
        return moment(at[0], zone)
    return _TIMES[language].format(moment(at[0], zone), moment(at[-1], zone), len(at))


def tell_happening(row: Happening, language: str) -> str:
    """What happens, in one line without its time."""
    said: Any = getattr(row, row.what)
    if row.what == "event":
        text = _EVENT[language].format(said) + (f" {_pairs(row.properties)}" if row.properties else "")
    elif row.what in _HAPPENS:
        text = _HAPPENS[row.what][language].format(_pairs(said) if isinstance(said, dict) else said)
    else:
        changes = (_BECOMES[language].format(f"{row.what}.{name}", _value(value)) for name, value in said.items())
        text = ", ".join(changes)
    return text + (_BY[language].format(row.by) if row.by else "")


def _pairs(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_value(value)}" for name, value in said.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + _pairs(value) + "}"
    return "-" if value is None else str(value)
