"""What a patch refuses: a table of edits and what is said of each."""

from __future__ import annotations

import pytest

from engage.language.catalogue import Catalogue
from engage.language.edits import edits
from engage.language.parse import parse_playbook
from engage.language.spec import Playbook

TEXT = """\
playbook: p
title: {ja: あ, en: a}
stage: use
subject: account
trigger: {event: e}
audience: account.phase is set
steps:
  - choose:
      - if: account.phase == "x"
        steps: [{wait: 1 day, id: inner}]
      - else: [{wait: 2 days, id: other}]
    id: outer
  - {wait: 3 days, id: last}
"""


def read(text: str) -> Playbook:
    return parse_playbook(text, "p.yaml", Catalogue.builtin())


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("en: a}", "en: b}  # a note", []),
        ("3 days", "5 days", ["step last changed: wait"]),
        ("1 day", "4 days", ["step inner changed: wait"]),
        ('== "x"', '== "y"', ["step outer changed: choose"]),
        ("event: e", "event: f", ["trigger changed"]),
        ("phase is set", 'phase == "x"', ["audience changed"]),
        ("id: last", "id: end", ["step end is new", "step last is gone"]),
        ("  - {wait: 3 days, id: last}\n", "", ["step last is gone"]),
    ],
)
def test_every_edit_is_said_with_its_place(before: str, after: str, expected: list[str]) -> None:
    assert before in TEXT
    assert edits(read(TEXT), read(TEXT.replace(before, after))) == expected


def test_another_order_is_told() -> None:
    first, last = "  - {wait: 1 day, id: a}\n", "  - {wait: 2 days, id: b}\n"
    head = TEXT.partition("  - choose")[0]
    assert edits(read(head + first + last), read(head + last + first)) == [
        "step b leads elsewhere",
        "step a leads elsewhere",
    ]
