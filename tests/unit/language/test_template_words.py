"""The words with which templates compare facts, and where they stand."""

from __future__ import annotations

import pytest

from engage.language.template_facts import words_compared


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{% if account.phase == "renewal" %}', [("account.phase", "renewal", 23)]),
        ('{{ "yes" if "gold" != account.plan else "no" }}', [("account.plan", "gold", 12)]),
        ('{% if account.segment in ["a", "b"] %}', [("account.segment", "a", 26), ("account.segment", "b", 31)]),
        ("{% if usage.events > 3 and account.name %}", []),
        ('{% for one in handoff.facts if one.label == "x" %}{% endfor %}', [("one.label", "x", 44)]),
    ],
)
def test_each_word_compared_is_found_at_its_place(source: str, found: list[tuple[str, str, int]]) -> None:
    closed = source if "for " in source or "{{" in source else f"{source}{{% endif %}}"
    assert [(one.path, one.word, one.offset) for one in words_compared(closed)] == found
