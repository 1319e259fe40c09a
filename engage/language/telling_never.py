"""Invariants in plain Japanese; in English they are written as people say them."""

from __future__ import annotations

from typing import assert_never

from engage.language.durations import Duration
from engage.language.invariants import (
    AtWrongHour,
    Invariant,
    OnWrongSide,
    Rule,
    RunTooLong,
    SameAgain,
    TooManyPerRun,
    TooManyWithin,
    Unwanted,
    What,
    WithoutFormer,
)

_WHAT: dict[What, str] = {
    "messages": "お客様へのメッセージ",
    "emails": "メール",
    "in_app": "アプリ内メッセージ",
    "tasks": "タスク",
}
_PER = {"account": "一つの顧客企業", "contact": "お一人"}
_UNITS = {"minutes": "分", "hours": "時間", "days": "日", "business days": "営業日", "weeks": "週間", "months": "か月"}


def tell_never(invariant: Invariant, locale: str) -> str:
    """What must not happen, in the reader's language."""
    return _in_japanese(invariant.rule) if locale == "ja" else invariant.text


def _in_japanese(rule: Rule) -> str:
    match rule:
        case TooManyWithin():
            return f"{_PER[rule.per]}に{_length(rule.within)}以内に{rule.count}件の{_WHAT[rule.what]}"
        case TooManyPerRun():
            return f"一回の適用で{rule.most}件を超える{_WHAT[rule.what]}"
        case OnWrongSide():
            return f"{rule.event} {'の後' if rule.side == 'after' else 'より前'}の{_WHAT[rule.what]}"
        case Unwanted():
            role = f"{rule.role} への" if rule.role else ""
            return (f"{rule.condition} の間の" if rule.condition else "") + role + _WHAT[rule.what]
        case AtWrongHour():
            when = f"{rule.opens:%H:%M}から{rule.closes:%H:%M}の時間外" if rule.opens and rule.closes else "休業日"
            return f"{when}の{_WHAT[rule.what]}"
        case SameAgain():
            return "お一人への同じメールの繰り返し" + (f"({_length(rule.within)}以内)" if rule.within else "")
        case WithoutFormer():
            if rule.step and rule.former:
                return f"{rule.former} が送られていないのに送られる {rule.step}"
            return "送られていないメールについての再度のご連絡"
        case RunTooLong():
            return f"{_length(rule.length)}より長い適用"
        case _:
            assert_never(rule)


def _length(length: Duration) -> str:
    return f"{length.amount}{_UNITS[length.unit]}"
