"""A playbook as a flat map of steps."""

from __future__ import annotations

from engage.language.catalogue import Catalogue
from engage.language.parse import parse_playbook
from engage.language.program import Program

TEXT = """\
playbook: p
title: {ja: あ, en: a}
stage: use
subject: account
trigger: {event: e}
steps:
  - choose:
      - if: account.is_test
        steps: []
      - if: account.phase is set
        steps:
          - {wait: 1 day, id: one}
          - choose: [{if: account.phase == "x", steps: [{wait: 1 day, id: deep}]}]
            id: inner
      - else: [{wait: 2 days, id: other}]
    id: outer
  - {wait: 3 days, id: last}
"""


def test_every_step_knows_where_it_leads() -> None:
    program = Program.of(parse_playbook(TEXT, "p.yaml", Catalogue.builtin()))
    assert program.first == "outer" and "deep" in program and "nobody" not in program
    assert [target for _, target in program["outer"].branches] == ["last", "one", "other"]
    assert program["outer"].leads_to() == ("last", "one", "other")
    assert program["one"].next_id == "inner"
    assert (program["inner"].next_id, program["deep"].next_id) == ("last", "last")
    assert [target for _, target in program["inner"].branches] == ["deep"]
    assert (program["other"].next_id, program["last"].next_id) == ("last", None)
    assert program["outer"].branches[2][0] is None
    assert not program.splits


def test_the_last_step_of_a_round_leads_back_to_its_repeat() -> None:
    text = (
        TEXT.split("steps:")[0]
        + """steps:
  - repeat: {at_most: 2, every: 1 day, steps: [{wait: 1 day, id: one}, {choose: [{if: account.is_test, steps: []}]}]}
  - {wait: 3 days, id: last}
"""
    )
    program = Program.of(parse_playbook(text, "p.yaml", Catalogue.builtin()))
    assert program["repeat"].leads_to() == ("one", "last")
    assert (program["one"].next_id, program["choose"].next_id) == ("choose", "repeat")
    assert (program["one"].within, program["choose"].within, program["last"].within) == ("repeat", "repeat", None)


def test_the_ways_of_a_split_meet_again_behind_it() -> None:
    text = (
        TEXT.split("steps:")[0]
        + """steps:
  - split: {a: 50%, b: 50%}
    a: [{wait: 1 day, id: one}]
    b: []
  - {wait: 3 days, id: last}
"""
    )
    program = Program.of(parse_playbook(text, "p.yaml", Catalogue.builtin()))
    assert program.splits and program["split"].ways == (("a", "one"), ("b", "last"))
    assert program["split"].leads_to() == ("one", "last") and program["one"].next_id == "last"
