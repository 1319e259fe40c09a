"""Playbooks in plain words, the schema for editors, the reference page."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from engage.language.docs import reference
from engage.language.schema import MODELS, schema_of
from engage.language.telling import Line, tell
from engage.language.telling_words import WORDS
from engage.language.words import Recipient, StaffRole
from tests.support.workspaces import Team

RICH = """\
playbook: rich
title: {ja: 全部, en: Everything}
stage: contract
subject: contract
trigger: {date: contract.ends_on, latest: -120 days, if_late: {within: 90 days, else: task}}
audience: account.phase is set
to: [champion, admin]
cc: [partner if contract.contact_policy == "copy_partner"]
topic: onboarding
goal: {event: contract.renewed, within: 150 days}
reentry: again after 90 days
exit: [{if: account.is_test, task: {title: {ja: 電話, en: Call}, due: 2 business days}}]
steps:
  - {email: greeting/hello, approve: {by: csm}, to: sponsor, from: [ceo, team], if: account.is_test}
  - wait: {for: [replied], up_to: 14 days, where: waited.properties.x == 1}
  - wait: {until: contract.ends_on}
  - wait: {until: contract.ends_on, for: replied}
  - wait: {until: "tuesday 10:00"}
  - repeat: {at_most: 3, every: 1 week, until: account.plan is set, steps: [{wait: 1 day}]}
  - set: {account.plan: gold}
  - set: {account.plan: null}
  - notify: {title: {ja: 減少, en: Falling}, to: [csm, cs_head], slack: cs, facts: [usage.trend]}
  - webhook: crm
  - start: greeting
  - lead: {title: {ja: 増席, en: More seats}, why: {ja: 満席, en: All seats are taken}}
  - form:
      title: {ja: 議事録, en: Minutes}
      up_to: 10 days
      fields: {url: {label: {ja: 場所, en: Where}}, notes: {label: {ja: メモ, en: Notes}, needed: false}}
  - {stop: enough, if: account.is_test}
  - split: {short: 33.4%, none: 66.6%}
    short: [{wait: 1 day}]
    none: []
  - choose: [{if: waited.happened, steps: []}, {else: [{task: {title: {ja: 電話, en: Call}}}]}]
"""
OTHERS = (
    "{event: product.opened, if: event.properties.pages > 1}",
    "{date: contract.ends_on}",
    "{date: contract.ends_on, offset: 3 days, if_late: {within: 5 days}}",
    "{every: 3 months, anchor: fiscal_quarter}",
    "manual",
    "{once: 2027-03-01 10:00, ask_ahead: true}",
    "{every: 1 week, anchor: calendar}",
    "{every: 12 months, anchor: 2026-12-10}",
    "{becomes: account.phase is set, for: 14 days, already: enter}",
    "{absent: product.opened, within: 10 business days, since: contract.starts_on}",
)


def lines(line: Line) -> Iterator[str]:
    yield line.text
    for under in line.under:
        yield from lines(under)


def test_a_playbook_is_told_in_both_languages(tmp_path: Path) -> None:
    team = Team(tmp_path)
    team.write("playbooks/rich.yaml", RICH)
    playbook = next(file.playbook for file in team.load().playbooks if file.playbook.key == "rich")
    english, japanese = list(lines(tell(playbook, "en"))), list(lines(tell(playbook, "ja-JP")))
    assert len(english) == len(japanese)
    assert english[0] == "Everything (rich)" and japanese[0] == "全部 (rich)"
    assert (
        "Starts at the latest 120 days before contract.ends_on; up to 90 days late starts at once, later becomes a task"
        in english
    )
    assert "開始条件: 遅くとも contract.ends_on の120日前。遅れが90日以内ならすぐ開始、超えたら要対応タスク" in japanese
    assert any("Wait until tuesday 10:00" in text for text in english)
    assert any("次の火曜日 10:00 まで待つ" in text for text in japanese)
    assert any("A lead: Task “More seats” for sales" in text for text in english)
    assert "記入項目: 場所、メモ" in japanese
    assert any("Tell CSM, head of CS, Slack cs: “Falling”" in text for text in english)
    assert any("Webhook crm を呼び出す" in text for text in japanese)
    assert any("Up to 3 times, every 1 week, until account.plan is set" in text for text in english)
    assert any("プレイブック greeting を始める" in text for text in japanese)
    assert any("short, 33.4% of the accounts" in text for text in english) and any(
        "none(66.6%)" in text for text in japanese
    )
    assert "宛先 チャンピオン → 管理者" in japanese and "To champion, else administrator" in english


@pytest.mark.parametrize("trigger", OTHERS)
def test_every_trigger_can_be_told(tmp_path: Path, trigger: str) -> None:
    team = Team(tmp_path)
    team.write("playbooks/rich.yaml", RICH.replace(RICH.splitlines()[4].removeprefix("trigger: "), trigger))
    playbook = next(file.playbook for file in team.load().playbooks if file.playbook.key == "rich")
    assert all(text.strip() for locale in ("ja", "en") for text in lines(tell(playbook, locale)))


def test_every_sentence_has_the_same_blanks_in_both_languages() -> None:
    for key, said in WORDS.items():
        blanks = [sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in said.values()]
        assert set(said) == {"ja", "en"} and blanks[0] == blanks[1], key
    for role in (*get_args(StaffRole), *get_args(Recipient)):
        assert f"role.{role}" in WORDS


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_kind_of_file_has_a_schema(name: str) -> None:
    assert schema_of(name)["$schema"].startswith("https://json-schema.org/")


def test_the_schema_knows_the_short_forms_an_author_may_write() -> None:
    schema = schema_of("playbook")
    assert schema["additionalProperties"] is False and "playbook" in schema["properties"]
    assert schema["$defs"]["Approve"]["anyOf"][0] == {"enum": ["never", "always", "by_exception"]}
    assert schema["$defs"]["Addressee"]["anyOf"][0]["enum"][0] == "contact"


def test_the_reference_page_is_generated_from_the_code_as_it_is() -> None:
    page = Path(__file__).parents[3] / "docs/reference/playbook-language.md"
    assert page.read_text(encoding="utf-8") == reference(), "run: python -m engage.language.docs"
