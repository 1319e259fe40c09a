"""Examples of a playbook are played by the real engine; what came instead is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engage.cli.playbooks import playbooks
from engage.rollout.proving.examples import ExampleResult, run_examples
from engage.rollout.proving.stores import ScratchStores
from engage.rollout.proving.telling import tell_failure
from engage.wiring import make_tables
from tests.support.workspaces import PLAYBOOK, Team

GIVEN = """\
  - given: {account: {phase: onboarding, plan: silver}}
    then: [{at: 2026-11-16 10:00, event: product.opened}]
    expect:
"""
HOLDS = """\
      - {at: 2026-11-16 10:00..10:30 Asia/Tokyo, email: greeting/hello, to: champion, says: ひなた食品}
      - {at: 2026-11-19, task: Call them, to: csm}
      - {at: 2026-11-19, ends: finished}
"""


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path / "team")
    return team


@pytest.fixture
def prove(team: Team) -> Iterator[Any]:
    opened: list[ScratchStores] = []

    def run(tests: str, playbook: str = PLAYBOOK) -> list[ExampleResult]:
        team.write("playbooks/greeting.yaml", f"{playbook}tests:\n{tests}")
        opened.append(ScratchStores(team.load(), make_tables))
        return list(run_examples(opened[0], "greeting"))

    yield run
    for stores in opened:
        stores.close()


def test_what_an_author_expects_comes_by_the_real_engine(prove: Any) -> None:
    others = """\
  - name: a plan of gold is shown a note; somebody without a phase never entered
    given: {account: {phase: onboarding, plan: gold}, contact: {id: ann, roles: champion, locale: en}}
    then: [{at: 2026-11-16 10:00, event: product.opened}]
    expect:
      - {email: greeting/hello, to: ann}
      - {at: 2026-11-19, in_app: greeting/note, to: champion}
  - given: {}
    then: [{at: 2026-11-16 10:00, event: product.opened}]
    expect: [{at: 2026-11-16..2026-12-31, nothing: anything}]
  - name: nobody is there to be written to
    given: {account: {phase: onboarding}, contacts: [{id: ben, roles: billing}]}
    then: [{at: 2026-11-16 10:00, event: product.opened}]
    expect: [{at: 2026-11-16, nothing: message}]
"""

    results = prove(GIVEN + HOLDS + others)

    assert [(one.number, list(tell_failure(one, "en"))) for one in results if not one.passed] == []
    assert len(results) == 4


def test_an_example_that_fails_tells_what_came_instead(prove: Any) -> None:
    wrong = HOLDS.replace("to: champion", "to: sponsor").replace("task: Call them", "in_app: greeting/note")

    [result] = prove(GIVEN + wrong)

    told = "\n".join(tell_failure(result, "en"))
    assert not result.passed
    assert "It did not come: 1. 2026-11-16 10:00..10:30 Asia/Tokyo email greeting/hello → sponsor" in told
    assert "but: 2026-11-16 10:00 email greeting/hello → champion (from csm) (to somebody else)" in told
    assert "Not among what is expected: 2026-11-16 10:00 email greeting/hello" in told
    assert "  2026-11-19 10:00 task Call them → csm" in told
    assert any("expect にないものが届きました" in line for line in tell_failure(result, "ja"))


def test_who_appears_later_can_be_named_from_then_on(prove: Any) -> None:
    said = """\
  - given: {account: {phase: onboarding, plan: silver}, contacts: [{id: ben, roles: billing}]}
    then:
      - {at: 2026-11-16 10:00, by: nora, contact: {locale: en}, roles: [champion]}
      - {at: 2026-11-17 10:00, by: champion, contact: {family_name: Newman}}
      - {at: 2026-11-18 10:00, by: nora, event: product.opened}
    expect: [{at: 2026-11-18, email: greeting/hello, to: nora}, {at: 2026-11-21, task: Call them}]
  - given: {account: {phase: onboarding}, contacts: [{id: ben, roles: billing}]}
    then:
      - {at: 2026-11-16 10:00, by: nora, event: product.opened}
      - {at: 2026-11-17 10:00, by: nora, contact: {locale: en}, roles: [champion]}
    expect: [{at: 2026-11-18, nothing: anything}]
"""

    known, unknown = prove(said)

    assert list(tell_failure(known, "en")) == []
    assert unknown.problem is not None and "nobody called nora" in unknown.problem


CLICKS = """\
playbook: greeting
title: {ja: ごあいさつ, en: Greeting}
stage: setup
subject: contact
trigger: {event: product.opened}
to: [contact]
topic: onboarding
goal: none
steps:
  - {email: greeting/hello, id: hello}
  - wait: {for: message.clicked, up_to: 3 days}
  - {task: {title: {ja: 電話する, en: Call them}}, if: waited.happened == true and sent.hello.clicks > 0}
  - {in_app: greeting/note, if: sent.hello.clicks == 0}
"""


def test_a_click_of_a_person_goes_the_whole_way_and_its_absence_is_no_fact_where_nobody_is_followed(
    prove: Any,
) -> None:
    people = "given: {account: {plan: 'https://x.example/'}, contact: {id: ann, roles: champion, locale: en}}"
    first = "{at: 2026-11-16 10:00, by: ann, event: product.opened}"
    wants_none = people.replace("locale: en", "locale: en, no_tracking: true")
    said = f"""\
  - {people}
    then: [{first}, {{at: 2026-11-17 10:00, by: ann, clicks: true}}]
    expect:
      - {{at: 2026-11-16, email: greeting/hello}}
      - {{at: 2026-11-17 10:00..10:30, task: Call them}}
      - {{at: 2026-11-17..2026-12-01, nothing: message}}
  - {people}
    then: [{first}]
    expect: [{{at: 2026-11-16, email: greeting/hello}}, {{at: 2026-11-19, in_app: greeting/note}}]
  - {wants_none}
    then: [{first}]
    expect: [{{at: 2026-11-16, email: greeting/hello}}, {{at: 2026-11-17..2026-12-01, nothing: anything}}]
"""
    results = prove(said, CLICKS)

    assert [list(tell_failure(one, "en")) for one in results if not one.passed] == []
    assert len(results) == 3


def test_what_cannot_happen_is_said(prove: Any) -> None:
    row = "  - then: [{at: 2026-11-16, bounces: true}]\n    expect: [{at: 2026-11-17, nothing: anything}]\n"

    [result] = prove(row)

    assert list(tell_failure(result, "en")) == ["It cannot be played: no mail has been sent before that"]


def test_the_command_fails_when_an_example_does(team: Team) -> None:
    def run(*arguments: str) -> Result:
        folders = {"ENGAGE_PLAYBOOKS": "playbooks", "ENGAGE_TEMPLATES": "email_templates"}
        environment = {name: str(team.root / folder) for name, folder in folders.items()}
        return CliRunner(env=environment | {"ENGAGE_HOME": str(team.root)}).invoke(playbooks, ["test", *arguments])

    team.write("playbooks/greeting.yaml", f"{PLAYBOOK}tests:\n{GIVEN}{HOLDS}")
    good = run("--json")
    team.write("playbooks/greeting.yaml", f"{PLAYBOOK}tests:\n{GIVEN}{HOLDS}".replace("finished", "goal"))
    bad = run("greeting", "--locale", "en")

    assert good.exit_code == 0 and json.loads(good.stdout)["ok"] is True
    assert bad.exit_code == 1 and "1 examples: 0 hold, 1 fail" in bad.output


def test_who_has_not_seen_it_in_the_product_gets_the_mail_and_who_has_does_not(prove: Any) -> None:
    steps = "steps:\n  - {in_app: greeting/note, unless_seen: {within: 1 day, email: greeting/hello}}\n"
    playbook = PLAYBOOK.partition("steps:")[0] + steps
    begin = "    then: [{at: 2026-11-16 10:00, event: product.opened}"
    tests = f"""\
  - name: nobody looks
    given: {{account: {{phase: onboarding, plan: silver}}}}
{begin}]
    expect: [{{at: 2026-11-16, in_app: greeting/note}}, {{at: 2026-11-17, email: greeting/hello, to: champion}}]
  - name: somebody looks
    given: {{account: {{phase: onboarding, plan: silver}}}}
{begin}, {{at: 2026-11-16 15:00, sees: true}}]
    expect: [{{at: 2026-11-16, in_app: greeting/note}}, {{at: 2026-11-16..2026-11-30, ends: finished}}]
  - name: somebody looks at nothing
    given: {{account: {{phase: onboarding, plan: silver}}}}
    then: [{{at: 2026-11-16 10:00, sees: true}}]
    expect: [{{at: 2026-11-17, nothing: message}}]
"""
    results = prove(tests, playbook)

    assert [(one.passed, list(tell_failure(one, "en"))) for one in results[:2]] == [(True, []), (True, [])]
    assert "nothing has been shown in the product" in str(results[2].problem)
