"""What a change is told as: in plain words, in YAML of one form, and only where something differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.rollout.differences import Change, PublishedSet, concerning, differences, fingerprint, of_workspace
from tests.support.workspaces import PLAYBOOK, Team


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def changed(before: PublishedSet, team: Team) -> tuple[Change, ...]:
    return differences(before, of_workspace(team.load()), locale="en")


def test_how_a_playbook_is_written_down_makes_no_difference(team: Team) -> None:
    before = of_workspace(team.load())
    title = "title: {ja: ごあいさつ, en: Greeting}\n"
    other = PLAYBOOK.replace("  - wait: 3 days", "  # let them look\n  - {wait: '3 days'}").replace(title, "")
    team.write("playbooks/greeting.yaml", f"{other}title:\n  en: Greeting\n  ja: ごあいさつ\n")
    assert changed(before, team) == ()
    assert fingerprint(of_workspace(team.load())) == fingerprint(before)


def test_a_change_is_told_in_words_and_lines(team: Team) -> None:
    before = of_workspace(team.load())
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("3 days", "4 days"))
    team.write("email_templates/greeting/hello/en/subject.txt", "Hello {{ account.name }}\n")

    playbook, template = changed(before, team)

    assert (playbook.kind, playbook.what) == ("playbook", "changed")
    assert [word[0] for word in playbook.words] == ["-", "+"] and "4 days" in playbook.words[1]
    assert "-- wait: 3 days\n+- wait: 4 days" in playbook.diff
    assert (template.name, template.only_look) == ("greeting/hello (en)", False)
    assert "+Hello {{ account.name }}" in template.diff


def test_a_mail_that_only_looks_different_says_so(team: Team) -> None:
    before = of_workspace(team.load())
    name = "email_templates/greeting/hello/en/body.mjml"
    team.write(name, (team.root / name).read_text().replace("<mj-section>", '<mj-section background-color="#eee">'))
    (template,) = changed(before, team)
    assert template.only_look and template.diff == ""


def test_what_is_new_or_gone_is_told_and_one_playbook_can_be_asked_for(team: Team) -> None:
    before = of_workspace(team.load())
    team.write("playbooks/second.yaml", PLAYBOOK.replace("playbook: greeting", "playbook: second"))
    team.write("playbooks/_shared/facts.yaml", "account.plan: text\naccount.size: number\n")
    after = of_workspace(team.load())
    found = {(one.kind, one.name): one.what for one in differences(before, after, locale="ja")}
    assert found == {("playbook", "second"): "new", ("shared", "facts"): "changed"}
    back = differences(after, before, locale="ja")
    assert [one.what for one in concerning(back, "second", (before, after))] == ["withdrawn"]
