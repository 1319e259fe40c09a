"""What it means when a file of `_shared/` cannot be read."""

from __future__ import annotations

from engage.language.reading_code import ReadingCode

_QUESTIONS = "# file: playbooks/_shared/questions.yaml\nintent:\n  text: {ja: お考え, en: Plans}\n"
_TWO = "{a: {text: {ja: あ, en: A}}, b: {text: {ja: い, en: B}}}"
_TOUCH = "# file: playbooks/_shared/touch_models.yaml\nlow: {approve: by_exception, by: csm%s}"
_GATES = "# file: playbooks/_shared/gates.yaml\nfreeze: {title: {ja: 配信を控える期間, en: Quiet time}%s}"

OF_SHARED: dict[str, ReadingCode] = {
    "few-choices": ReadingCode(
        "A question has fewer than two choices.",
        "Add one.",
        _QUESTIONS + "  choices: {a: {text: {ja: あ, en: A}}}",
        _QUESTIONS + f"  choices: {_TWO}",
    ),
    "scale-or-choices": ReadingCode(
        "A question has a scale and choices of its own.",
        "Keep one of them: the numbers of a scale are its choices.",
        _QUESTIONS + "  scale: {from: 0, to: 10, low: {ja: 低, en: Low}, high: {ja: 高, en: High}}\n"
        f"  choices: {_TWO}",
        _QUESTIONS + f"  choices: {_TWO}",
    ),
    "no-standing": ReadingCode(
        "Approval by exception does not say which customers are in order.",
        "Say it as a condition: good_standing.",
        _TOUCH % "",
        _TOUCH % ", good_standing: account.plan is set",
    ),
    "always-closed": ReadingCode(
        "A gate says no condition and no days: it would never open.",
        "Say if, first or last.",
        _GATES % "",
        _GATES % ", first: 2026-12-29, last: 2027-01-03",
    ),
}
