"""A bug planted in a playbook of any trigger kind is found by a few histories; and so few are owned to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engage.language.examples import Example
from engage.language.triggers import TRIGGERS
from engage.rollout.proving import looking_ahead
from engage.rollout.proving.attacking import Effort, attack
from engage.rollout.proving.playing import play
from engage.rollout.proving.stores import ScratchStores
from engage.rollout.proving.stories import tell_effort, tell_too_few
from engage.wiring import make_tables
from tests.support.workspaces import FILES, Team

FACTS = "account.plan: text\naccount.opened_on: date\n"
EVENTS = "product.opened: {properties: {pages: number}}\nproduct.closed: {}\n"
BODY = FILES["email_templates/greeting/hello/en/body.mjml"].replace('{{ account["plan"] }}', "Open")
PLAYBOOK = """\
playbook: greeting
title: {ja: ごあいさつ, en: Greeting}
stage: setup
subject: account
trigger: TRIGGER
audience: account.plan is missing or account.plan != "none"
to: champion
topic: onboarding
reentry: again after 1 day
goal: none
steps: [{email: greeting/hello}]
never: [any email while account.plan == "gold"]
"""
KINDS = {
    "event": "{event: product.opened, if: event.properties.pages >= 3}",
    "date": "{date: account.opened_on, offset: 7 days}",
    "every": "{every: 1 month, anchor: account.opened_on}",
    "absent": "{absent: product.closed, within: 5 days, since: product.opened}",
    "becomes": "{becomes: 'count(\"product.opened\", days=30) >= 3', for: 2 days}",
    "manual": "manual",
    "once": "{once: 2027-12-20 10:00}",
}


FALLS = 'count_before("product.opened", days=10) >= 3 and count("product.opened", days=10) <= 1'


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchStores]:
    team = Team(tmp_path_factory.mktemp("team"))
    team.write("playbooks/_shared/facts.yaml", FACTS)
    team.write("playbooks/_shared/events.yaml", EVENTS)
    for locale in ("ja", "en"):
        team.write(f"email_templates/greeting/hello/{locale}/body.mjml", BODY)
    team.remove("playbooks/greeting.yaml")
    for kind, trigger in {**KINDS, "falling": f"{{becomes: '{FALLS}', for: 2 days}}"}.items():
        text = PLAYBOOK.replace("TRIGGER", trigger).replace("playbook: greeting", f"playbook: {kind}")
        team.write(f"playbooks/{kind}.yaml", text)
    opened = ScratchStores(team.load(), make_tables)
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", TRIGGERS)
def test_a_planted_bug_is_found(stores: ScratchStores, kind: str) -> None:
    [found] = attack(stores, kind, Effort(histories=40, seconds=60, shortens=False))

    assert found.counter is not None, f"{found.tried} tried, begun in {found.began}"


def test_a_kind_whose_days_cannot_be_told_ahead_is_looked_at_daily_and_that_finds_no_more(
    stores: ScratchStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "then": [{"at": "2026-11-02..2026-11-05", "event": "product.opened", "times": 4}],
        "expect": [{"at": "2026-11-02..2026-12-20", "nothing": "task"}],
        "since": "2026-10-20",
    }
    history = Example.model_validate(said, context={"catalogue": stores.workspace.catalogue})

    jumping = play(stores, "falling", history)
    monkeypatch.setattr(looking_ahead, "BecomesTrigger", type("AnotherKind", (), {}))
    daily = play(stores, "falling", history)

    when, as_well = ([(one.kind, one.at) for one in played.came] for played in (jumping, daily))
    assert "email" in dict(when)
    assert when == as_well


def test_too_few_histories_are_owned_to(stores: ScratchStores) -> None:
    [result] = attack(stores, "event", Effort(histories=1, seconds=60))

    assert (result.passed, result.tried) == (True, 1)
    assert tell_effort(result, "en").startswith("tried only 1, begun in ")
    assert "too few to mean" in tell_too_few([result, result], "en")[0]
    assert len(tell_too_few([result, result], "ja")) == 1
