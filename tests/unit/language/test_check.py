"""The rules: what a workspace must satisfy before it goes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.errors import Problem
from engage.language.check import check_workspace, has_errors
from tests.support.workspaces import FILES, PLAYBOOK, Team

GREETING = "playbooks/greeting.yaml"
HELLO = "email_templates/greeting/hello"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def found(team: Team) -> list[Problem]:
    return check_workspace(team.load())


def the_one(team: Team) -> tuple[str, int, int, str, str | None]:
    (problem,) = found(team)
    return problem.file, problem.line, problem.column, problem.code, problem.hint


def change(team: Team, old: str, new: str, name: str = GREETING) -> None:
    assert old in FILES[name]
    team.write(name, FILES[name].replace(old, new))


def test_a_sound_workspace_has_no_problems(team: Team) -> None:
    assert found(team) == [] and not has_errors([])


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "code", "hint"),
    [
        ("playbook: greeting", "playbook: greting", 1, 11, "file-name", "name the file greting.yaml"),
        ("greeting/hello", "greeting/helo", 10, 12, "missing-template", "did you mean greeting/hello?"),
        ("email: greeting/hello", "in_app: greeting/hello", 10, 13, "wrong-template", None),
        ("topic: onboarding", "topic: onbording", 8, 8, "unknown-topic", "did you mean onboarding?"),
        ("event: product.opened", "event: product.opend", 5, 18, "unknown-event", "did you mean product.opened?"),
        ("opened}", "opened, if: event.properties.pags > 1}", 5, 38, "unknown-property", "did you mean pages?"),
        ("wait: 3 days", "wait: {for: [replied, kickof.held], up_to: 1 day}", 11, 27, "unknown-event", None),
        ("account.plan ==", "waited.event ==", 13, 13, "fact-not-here", None),
        ('account.plan == "gold"', "sent.hello.at is set", 13, 13, "fact-not-here", None),
        ("audience: account.phase", "audience: contact.title", 6, 11, "fact-not-here", None),
        ("{event: product.opened}", "{date: contract.ends_on, offset: 3 hours}", 5, 43, "bad-offset", None),
        ("{event: product.opened}", "{date: contract.ends_on, offset: 200 months}", 5, 43, "bad-offset", None),
        ("{event: product.opened}", "{date: contract.ends_on, latest: 3 days}", 5, 43, "bad-offset", None),
        ("{event: product.opened}", "{every: 3 hours, anchor: contract.starts_on}", 5, 18, "bad-offset", None),
        ('account.plan == "gold"', "true", 15, 9, "unreachable", None),
        ('account.plan == "gold"', "false", 13, 9, "unreachable", None),
        ("wait: 3 days", "{wait: 3 days, if: false}", 11, 24, "unreachable", None),
        ('account.plan == "gold"', 'account.plan != "gold"', 13, 13, "maybe-missing", None),
        ("to: champion", "to: champion\nfrom: csm", 8, 7, "no-sender-fallback", "end the list with team"),
    ],
)
def test_a_rule_names_the_place(
    team: Team, old: str, new: str, line: int, column: int, code: str, hint: str | None
) -> None:
    change(team, old, new)
    file, *place, said = the_one(team)
    assert (Path(file).parts[-2:], *place) == (("playbooks", "greeting.yaml"), line, column, code)
    assert hint is None or said == hint


def test_a_message_needs_a_topic_and_somebody_to_go_to(team: Team) -> None:
    change(team, "to: champion\ntopic: onboarding\n", "")
    assert [(problem.line, problem.code) for problem in found(team)] == [
        (8, "no-recipient"),
        (8, "no-topic"),
        (12, "no-recipient"),
        (12, "no-topic"),
    ]


def test_a_topic_on_the_template_is_enough(team: Team) -> None:
    change(team, "topic: onboarding\n", "")
    team.write(f"{HELLO}/meta.yaml", "topic: onboarding\n")
    team.write("email_templates/greeting/note/meta.yaml", "kind: in_app\ntopic: onboardng\n")
    assert [problem.code for problem in found(team)] == ["unknown-topic"]


def test_the_same_condition_twice_is_unreachable(team: Team) -> None:
    change(team, "      - else:", '      - if: account.plan == "gold"\n        steps: [{wait: 1 day}]\n      - else:')
    assert the_one(team)[3] == "unreachable"


def test_two_files_may_not_claim_one_key(team: Team) -> None:
    team.write("playbooks/sub/greeting.yaml", PLAYBOOK)
    assert [problem.code for problem in found(team)] == ["double-key", "double-key"]


def test_a_start_later_than_the_date_itself_is_doubtful(team: Team) -> None:
    change(team, "{event: product.opened}", "{date: contract.ends_on, latest: -30 days, if_late: {within: 60 days}}")
    problems = found(team)
    assert [problem.code for problem in problems] == ["late-past-date"] and not has_errors(problems)


def test_a_missing_locale_is_named_at_the_step_and_at_the_template(team: Team) -> None:
    for name in ("subject.txt", "body.mjml"):
        team.remove(f"{HELLO}/en/{name}")
    (team.root / HELLO / "en").rmdir()
    assert {(Path(problem.file).name, problem.code) for problem in found(team)} == {
        ("greeting.yaml", "missing-locale"),
        ("meta.yaml", "missing-locale"),
    }


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        (f"{HELLO}/meta.yaml", "needs: [account.nme]\n", "unknown-fact"),
        (f"{HELLO}/meta.yaml", "purpos: relationship\n", "unknown-key"),
        (f"{HELLO}/en/subjct.txt", "x", "unknown-file"),
        (f"{HELLO}/en/body.html", "<p>x</p>", "double-body"),
        ("playbooks/_shared/topic.yaml", "a: 1", "unknown-file"),
        ("playbooks/_shared/facts.yaml", "account.plan: txt\n", "wrong-value"),
        ("playbooks/_shared/touch_models.yaml", "hgh: {}\n", "wrong-value"),
        ("playbooks/_shared/calendars.yaml", "XX: [2027-01-01]\n", "unknown-country"),
        ("playbooks/_shared/calendars.yaml", "JP: [2027-02-30]\n", "impossible-date"),
        ("playbooks/_shared/calendars.yaml", "JP: [2027-02-03..2027-02-01]\n", "impossible-date"),
        ("playbooks/_shared/company.yaml", "team: {email: no-reply@x.example}\n", "no-reply-sender"),
        ("playbooks/_shared/company.yaml", "team: {email: us}\n", "team-address"),
    ],
)
def test_a_fault_in_a_shared_or_meta_file_is_found(team: Team, name: str, text: str, code: str) -> None:
    team.write(name, text)
    (problem,) = [
        problem
        for problem in found(team)
        if problem.file.endswith(Path(name).name) or code == "unknown-file" or code == "double-body"
    ]
    assert problem.code == code


def test_a_missing_file_is_named(team: Team) -> None:
    team.remove(f"{HELLO}/ja/subject.txt")
    assert the_one(team)[3] == "missing-file"


@pytest.mark.parametrize(
    ("text", "line", "column", "code"),
    [
        ("a\n{{ account.nme }}", 2, 4, "unknown-fact"),
        ("{{ accont.name }}", 1, 4, "unknown-fact"),
        ("{%- if account.name -%}\n  x  {{ acount }}{% endif %}", 2, 9, "unknown-fact"),
        ("{% for item in handoff.facts %}{{ item.label }}{{ loop.index }}{{ itm }}{% endfor %}", 1, 67, "unknown-fact"),
        ("{% if account.name %}", 1, 20, "template-syntax"),
        ("{{ account.name", 1, 12, "template-syntax"),
        ("{{ 'x' }} {% include '_layout/nobody.mjml' %}", 1, 11, "missing-include"),
        ("{% include account.name %}", 1, 1, "missing-include"),
    ],
)
def test_a_fault_in_a_template_is_named_at_its_place(team: Team, text: str, line: int, column: int, code: str) -> None:
    team.write(f"{HELLO}/en/subject.txt", text)
    file, *place, _ = the_one(team)
    assert (Path(file).name, *place) == ("subject.txt", line, column, code)


@pytest.mark.parametrize(
    "text", ["{{ handoff.facts[1].text }}", "{{ salutation }}", "{{ event.properties.pages }}", '{{ "{{" }}']
)
def test_known_facts_and_context_are_fine_in_templates(team: Team, text: str) -> None:
    team.write(f"{HELLO}/en/subject.txt", text)
    assert found(team) == []


def test_a_file_that_is_not_utf8_is_named(team: Team) -> None:
    (team.root / HELLO / "ja/subject.txt").write_bytes("一行目\n二行目".encode("cp932"))
    assert {(problem.line, problem.code) for problem in found(team)} >= {(1, "not-utf8")}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    team = Team(tmp_path)
    (tmp_path / "playbooks").rename(tmp_path / "elsewhere")
    assert "missing-folder" in {problem.code for problem in found(team)}
