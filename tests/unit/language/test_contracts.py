"""A template's contract: what it declares, uses and shows, complained of at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.language.check import check_workspace
from engage.language.template_kinds import kinds_wanted
from tests.support.workspaces import FILES, Team

HELLO = "email_templates/greeting/hello"
META = FILES[f"{HELLO}/meta.yaml"]


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def found(team: Team) -> list[tuple[str, int, int, str]]:
    return [(Path(one.file).name, one.line, one.column, one.code) for one in check_workspace(team.load())]


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("en/subject.txt", "Hi\n{{ goal.text | default('') }}", ("subject.txt", 2, 4, "undeclared-field")),
        ("en/subject.txt", "{{ account.name | date }}", ("subject.txt", 1, 4, "field-type")),
        ("meta.yaml", META + "sample: {account.plan: 3}\n", ("meta.yaml", 3, 10, "field-type")),
        ("meta.yaml", META.replace("[account.name]", "{account.name: number}"), ("meta.yaml", 1, 9, "field-type")),
        ("meta.yaml", META.replace("uses: [", "uses: [goal.unit, "), ("meta.yaml", 2, 8, "unused-field")),
        ("meta.yaml", META.replace("[account.name]", "[acount.name]"), ("meta.yaml", 1, 9, "unknown-fact")),
    ],
)
def test_what_a_contract_lacks_or_has_too_much_is_named(
    team: Team, file: str, text: str, expected: tuple[str, int, int, str]
) -> None:
    team.write(f"{HELLO}/{file}", text)
    assert found(team) == [expected]


def test_one_language_may_not_take_a_field_otherwise_than_the_other(team: Team) -> None:
    team.write(f"{HELLO}/meta.yaml", META.replace("uses: [", "uses: [event.properties.at, "))
    team.write(f"{HELLO}/en/subject.txt", "{{ event.properties.at | number }}")
    team.write(f"{HELLO}/ja/subject.txt", "{{ event.properties.at | date }}")
    assert found(team) == [("subject.txt", 1, 4, "field-type")]


def test_a_need_that_nothing_shows_is_a_condition_to_wait_for(team: Team) -> None:
    team.write(f"{HELLO}/meta.yaml", META.replace("needs: [", "needs: [usage.first_used_at, "))
    assert found(team) == []


def test_the_types_stay_with_the_author_and_the_sample_goes_along(team: Team) -> None:
    team.write(f"{HELLO}/meta.yaml", "needs: {account.name: text}\nuses: [account.plan, usage.events]\n")
    meta = team.load().templates["greeting/hello"].meta
    assert meta.published()["needs"] == ["account.name"]
    assert not {"uses", "sample"} & set(meta.published())


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("{{ goal.due | date('short') }}", {"date", "instant"}),
        ("{{ goal.unit | default('') | upper }}", {"text"}),
        ("{% for one in handoff.facts %}{{ one.at | date }}{% endfor %}", {"list"}),
        ("{{ usage.weeks | weekly_chart }}", {"list"}),
        ("{{ handoff.facts[0] | number }}", set()),
    ],
)
def test_a_filter_says_which_type_it_takes(source: str, kinds: set[str]) -> None:
    assert {kind for wanted in kinds_wanted(source) for kind in wanted.kinds} == kinds
