"""Examples told to people: what was expected, what came instead, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from engage.language.examples import Expected
from engage.rollout.proving.examples import ExampleResult
from engage.rollout.proving.judging import Unmet, shortcomings
from engage.rollout.proving.outcomes import Came

_KINDS = {
    "email": ("メール", "email"),
    "in_app": ("アプリ内メッセージ", "in-app message"),
    "task": ("タスク", "task"),
    "held": ("保留", "held"),
    "skipped": ("送信なし", "skipped"),
    "ends": ("適用の終了", "the run ends:"),
    "nothing": ("次のものがない", "nothing:"),
}
_SHORT = {
    "to": ("宛先が異なります", "to somebody else"),
    "from": ("差出人が異なります", "signed by somebody else"),
    "says": ("書かれているはずの言葉がありません", "without the words that it should say"),
    "because": ("理由が異なります", "for another reason"),
}


def _in(locale: str, words: tuple[str, str]) -> str:
    return words[0] if locale == "ja" else words[1]


def tell_failure(result: ExampleResult, locale: str) -> Iterator[str]:
    """What is wrong with an example, line by line; nothing where it holds."""
    if result.problem is not None:
        yield _in(locale, ("最後まで進められません: ", "It cannot be played: ")) + result.problem
    if result.played is None or result.verdict is None or result.passed:
        return
    zone = result.played.zone
    for unmet in result.verdict.unmet:
        yield from _tell_unmet(unmet, zone, locale)
    for came in result.verdict.unexpected:
        yield _in(locale, ("expect にないものが届きました: ", "Not among what is expected: ")) + tell_came(
            came, zone, locale
        )
    yield _in(locale, ("起きたこと:", "What happened:"))
    for came in result.played.came:
        yield "  " + tell_came(came, zone, locale)
    if not result.played.came:
        yield "  " + _in(locale, ("何も起きませんでした", "nothing at all"))


def _tell_unmet(unmet: Unmet, zone: tzinfo, locale: str) -> Iterator[str]:
    expected = f"{unmet.number}. {tell_expected(unmet.row, locale)}"
    if unmet.row.nothing is not None:
        yield (
            _in(locale, ("次の期間に、ないはずのものがありました: ", "There was something where nothing was to be: "))
            + expected
        )
    else:
        yield _in(locale, ("ありませんでした: ", "It did not come: ")) + expected
    for came in unmet.instead:
        wrong = [_in(locale, _SHORT[word]) for word in shortcomings(unmet.row, came)] if not unmet.row.nothing else []
        why = f" ({', '.join(wrong)})" if wrong else ""
        yield "   " + _in(locale, ("実際: ", "but: ")) + tell_came(came, zone, locale) + why


def tell_expected(row: Expected, locale: str) -> str:
    """A row of `expect` in one line."""
    said = f"{_in(locale, _KINDS[row.what])} {getattr(row, row.what)}"
    said += f" → {row.to}" if row.to else ""
    said += f" ({_in(locale, ('差出人', 'from'))} {row.from_})" if row.from_ else ""
    said += f" {' / '.join(repr(words) for words in row.says)}" if row.says else ""
    return f"{row.at} {said}" if row.at else said


def tell_came(came: Came, zone: tzinfo, locale: str) -> str:
    """One thing that came, in one line, by the customer's clock."""
    said = f"{moment(came.at, zone)} {_in(locale, _KINDS[came.kind])} {came.what}"
    if came.who:
        roles = [role for role in came.roles if role != came.who]
        said += f" → {came.who}" + (f" ({', '.join(roles)})" if roles else "")
    said += f" ({_in(locale, ('差出人', 'from'))} {came.sender})" if came.kind == "email" else ""
    said += f": {came.reason}" if came.reason and came.kind != "task" else ""
    return said


def moment(at: datetime, zone: tzinfo) -> str:
    """The moment as clocks there show it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
