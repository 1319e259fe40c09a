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
