"""Invariants are attacked with invented histories; the shortest that breaks one is told as a story."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from engage.rollout.proving import attacking
from engage.rollout.proving.attacking import Effort, InvariantResult, NoHypothesisError, attack
from engage.rollout.proving.stores import ScratchStores
from engage.rollout.proving.stories import tell_story
from engage.wiring import make_tables
from tests.support.workspaces import FILES, PLAYBOOK, Team

NEVER = """\
never:
  - two emails to one account within 2 days
  - any email while account.plan == "gold"
"""


@pytest.fixture
def stores(tmp_path: Path) -> Any:
    team = Team(tmp_path / "team")
    team.write("playbooks/greeting.yaml", PLAYBOOK + NEVER)
    for locale in ("ja", "en"):
        body = f"email_templates/greeting/hello/{locale}/body.mjml"
        team.write(body, FILES[body].replace('{{ account["plan"] }}', "Open"))
    opened = ScratchStores(team.load(), make_tables)
    yield opened
    opened.close()


def test_what_can_be_broken_is_broken_by_the_shortest_history(stores: ScratchStores) -> None:
    emails, gold = attack(stores, "greeting", Effort(histories=5, seconds=60))

    assert emails.passed
    assert gold.counter is not None
    [row] = gold.counter.played.example.then
    assert row.event == "product.opened"
    _tells(stores, gold)


def _tells(stores: ScratchStores, gold: InvariantResult) -> None:
    heading, opening, *timeline = tell_story(stores, gold, "en")
    assert heading.startswith('playbooks/greeting.yaml:19: “any email while account.plan == "gold"” is broken')
    assert "account.plan = gold" in opening and "contacts champion" in opening
    assert any("the event product.opened comes" in line for line in timeline)
    assert any("email greeting/hello → champion (from csm)  ←" in line for line in timeline)
    assert timeline[-1] == "  To blame: the step email-greeting-hello at playbooks/greeting.yaml:11"
    assert any("イベント product.opened が届く" in line for line in tell_story(stores, gold, "ja"))


def test_without_the_library_the_way_out_is_said(stores: ScratchStores, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.startswith("hypothesis"):
            raise ModuleNotFoundError("there is none", name=name)
        return imported(name, *rest)

    monkeypatch.delitem(sys.modules, "engage.rollout.proving.histories", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)

    with pytest.raises(NoHypothesisError, match="engage\\[test\\]"):
        attack(stores, "greeting", Effort())
    assert attacking.HISTORIES == 100
