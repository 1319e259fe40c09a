"""What a playbook has moved, in plain Japanese and English: one sentence that claims no more than the figures do."""

from __future__ import annotations

from engage.reports.lift import Lift
from engage.reports.shares import Difference, Share

Text = dict[str, str]
VERDICTS: dict[str, Text] = {
    "better": {
        "ja": "効果が認められます: 未配信グループより{apart}",
        "en": "It works: {apart} against those left alone",
    },
    "worse": {
        "ja": "逆効果です: 未配信グループより{apart}",
        "en": "It does harm: {apart} against those left alone",
    },
    "no_effect": {
        "ja": "効果は認められません: 未配信グループとの差は{apart}で、{worth}ポイント以上の差はないとみてよい結果です",
        "en": "No effect worth it: {apart} against those left alone, so not the {worth} points that were expected",
    },
    "too_few": {
        "ja": "判断するにはまだ足りません。{worth}ポイントの差を見分けるには判定済みが約{got}社(未配信は約{left}社)"
        "必要です。現在は{got_now}社(未配信は{left_now}社)です",
        "en": "Too few to tell: to see {worth} points it takes about {got} accounts judged (and {left} left alone); "
        "so far there are {got_now} (and {left_now})",
    },
    "unclear": {
        "ja": "まだどちらとも言えません: 未配信グループとの差は{apart}です。判定済みの顧客企業が増えれば分かります",
        "en": "Not clear yet: {apart} against those left alone; more accounts will tell",
    },
    "no_comparison": {
        "ja": "比較する対照群がないため、このプレイブックの効果かどうかは分かりません",
        "en": "Nobody was left alone to compare with, so nobody can say what the playbook did",
    },
}
ALL_PLAYBOOKS = {
    "ja": "比較の相手は全体の対照群です。ほかのプレイブックも届いていないため、差は全プレイブックを合わせた効果です",
    "en": "Compared with the control group, which no other playbook reached either: the difference is what all of them "
    "do together",
}
_POINTS = {
    "ja": "{value:+.1f}ポイント(95%信頼区間 {low:+.1f}〜{high:+.1f})",
    "en": "{value:+.1f} points (95%: {low:+.1f} to {high:+.1f})",
}


def verdict_said(lift: Lift, locale: str) -> str:
    """The verdict with its figures."""
    got, left = lift.needed or (0, 0)
    key = "unclear" if _has_enough(lift) and lift.verdict == "too_few" else lift.verdict
    said = VERDICTS[key][locale].format(
        apart=points(lift.difference, locale) if lift.difference else "",
        worth=lift.expect.at_least,
        got=f"{got:,}",
        left=f"{left:,}",
        got_now=f"{lift.got_it.share.of:,}",
        left_now=f"{lift.left_alone.share.of:,}",
    )
    stop = "。" if locale == "ja" else "."
    more = f"{ALL_PLAYBOOKS[locale]}{stop}" if lift.comparison == "control_group" else ""
    return f"{said}{stop}{'' if locale == 'ja' or not more else ' '}{more}"


def points(found: Difference, locale: str) -> str:
    """A difference in points with its interval."""
    return _POINTS[locale].format(value=found.value * 100, low=found.low * 100, high=found.high * 100)


def percent(share: Share) -> str:
    """A share with its interval."""
    if share.value is None:
        return "-"
    low, high = share.interval
    return f"{share.value:.1%} ({low:.1%} - {high:.1%})"


def _has_enough(lift: Lift) -> bool:
    return (
        lift.needed is not None
        and lift.got_it.share.of >= lift.needed[0]
        and lift.left_alone.share.of >= lift.needed[1]
    )
