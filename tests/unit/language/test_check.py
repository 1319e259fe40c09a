"""The rules: what a workspace must satisfy before it goes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.errors import Problem
from engage.language.check import check_workspace, has_errors
from engage.language.workspace import load_workspace
from tests.support.workspaces import FILES, PLAYBOOK, Team

GREETING = "playbooks/greeting.yaml"
HELLO = "email_templates/greeting/hello"
WHO = "name: x\npostal_address: y\n"


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
        ("greeting/hello", "greeting/helo", 11, 12, "missing-template", "did you mean greeting/hello?"),
        ("email: greeting/hello", "in_app: greeting/hello", 11, 13, "wrong-template", None),
        ("topic: onboarding", "topic: onbording", 8, 8, "unknown-topic", "did you mean onboarding?"),
        ("event: product.opened", "event: product.opend", 5, 18, "unknown-event", "did you mean product.opened?"),
        ("opened}", "opened, if: event.properties.pags > 1}", 5, 38, "unknown-property", "did you mean pages?"),
        ("wait: 3 days", "wait: {for: [replied, kickof.held], up_to: 1 day}", 12, 27, "unknown-event", None),
        ("account.plan ==", "waited.event ==", 14, 13, "fact-not-here", None),
        ('account.plan == "gold"', "sent.hello.at is set", 14, 13, "fact-not-here", None),
        ("audience: account.phase", "audience: contact.title", 6, 11, "fact-not-here", None),
        ("{event: product.opened}", "{date: contract.ends_on, offset: 3 hours}", 5, 43, "bad-offset", None),
        ("{event: product.opened}", "{date: contract.ends_on, offset: 200 months}", 5, 43, "bad-offset", None),
        ("{event: product.opened}", "{date: contract.ends_on, latest: 3 days}", 5, 43, "bad-offset", None),
        ("{event: product.opened}", "{every: 3 hours, anchor: contract.starts_on}", 5, 18, "bad-offset", None),
        ('account.plan == "gold"', "true", 16, 9, "unreachable", None),
        ('account.plan == "gold"', "false", 14, 9, "unreachable", None),
        ("wait: 3 days", "{wait: 3 days, if: false}", 12, 24, "unreachable", None),
        ('account.plan == "gold"', 'account.plan != "gold"', 14, 13, "maybe-missing", None),
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
        (9, "no-recipient"),
        (9, "no-topic"),
        (13, "no-recipient"),
        (13, "no-topic"),
    ]


def test_a_topic_on_the_template_is_enough(team: Team) -> None:
    change(team, "topic: onboarding\n", "")
    team.write(f"{HELLO}/meta.yaml", FILES[f"{HELLO}/meta.yaml"] + "topic: onboarding\n")
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
        (f"{HELLO}/en/body.html", '{% include "_layout/footer.mjml" %}', "double-body"),
        ("playbooks/_shared/topic.yaml", "a: 1", "unknown-file"),
        ("playbooks/_shared/facts.yaml", "account.plan: txt\n", "wrong-value"),
        ("playbooks/_shared/touch_models.yaml", "hgh: {}\n", "wrong-value"),
        ("playbooks/_shared/calendars.yaml", "XX: [2027-01-01]\n", "unknown-country"),
        ("playbooks/_shared/calendars.yaml", "JP: [2027-02-30]\n", "impossible-date"),
        ("playbooks/_shared/calendars.yaml", "JP: [2027-02-03..2027-02-01]\n", "impossible-date"),
        ("playbooks/_shared/company.yaml", f"{WHO}team: {{email: no-reply@x.example}}\n", "no-reply-sender"),
        ("playbooks/_shared/company.yaml", f"{WHO}team: {{email: us}}\n", "team-address"),
        ("playbooks/_shared/company.yaml", "name: x\nteam: {email: us@x.example}\n", "company-incomplete"),
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
    team.write(f"{HELLO}/meta.yaml", FILES[f"{HELLO}/meta.yaml"].replace("uses: [", "uses: [handoff.facts, "))
    team.write(f"{HELLO}/ja/subject.txt", "{{ account.name }}{{ handoff.facts[0] }}")
    team.write(f"{HELLO}/en/subject.txt", text)
    file, *place, _ = the_one(team)
    assert (Path(file).name, *place) == ("subject.txt", line, column, code)


@pytest.mark.parametrize(
    "text", ["{{ handoff.facts[1].text }}", "{{ salutation }}", "{{ event.properties.pages }}", '{{ "{{" }}']
)
def test_known_facts_and_context_are_fine_in_templates(team: Team, text: str) -> None:
    team.write(f"{HELLO}/meta.yaml", "uses: [account.plan, usage.events, handoff.facts, event.properties.pages]\n")
    team.write(f"{HELLO}/en/subject.txt", f"{text}{{{{ handoff.facts }}}}{{{{ event.properties.pages }}}}")
    assert found(team) == []


def test_a_file_that_is_not_utf8_is_named(team: Team) -> None:
    (team.root / HELLO / "ja/subject.txt").write_bytes("一行目\n二行目".encode("cp932"))
    assert {(problem.line, problem.code) for problem in found(team)} >= {(1, "not-utf8")}


@pytest.mark.parametrize(
    ("old", "new"),
    [("subject: account", "subject: contract"), ("topic: onboarding", "topic: contract"), ("", "")],
)
def test_what_informs_of_the_contract_tries_nothing_out(team: Team, old: str, new: str) -> None:
    split = "  - split: {a: 50%, b: 50%}\n    a: []\n    b: []\n"
    team.write(
        "playbooks/_shared/topics.yaml",
        FILES["playbooks/_shared/topics.yaml"] + "contract: {title: {ja: 契約, en: Contract}}\n",
    )
    team.write(GREETING, PLAYBOOK.replace(old, new) + split)
    expected = {"no-trial"} if old else set()
    assert {problem.code for problem in found(team) if problem.severity == "error"} == expected


FORM = "  - form: {title: {ja: あ, en: A}, up_to: 1 day, fields: {url: {label: {ja: あ, en: A}}}}\n"
OTHER = PLAYBOOK.replace("playbook: greeting", "playbook: other")


@pytest.mark.parametrize(
    ("steps", "other", "line", "column", "code"),
    [
        ("  - stop: enough\n  - wait: 1 day\n", "", 18, 5, "unreachable"),
        ("  - {stop: enough, if: account.is_test}\n  - wait: 1 day\n", "", 0, 0, ""),
        ("  - start: othr\n", OTHER, 17, 12, "unknown-playbook"),
        ("  - start: other\n", OTHER, 0, 0, ""),
        ("  - start: other\n", OTHER.replace("subject: account", "subject: contact"), 17, 12, "other-subject"),
        ("  - start: greeting\n", "", 17, 12, "start-circle"),
        ("  - start: other\n", OTHER + "  - start: greeting\n", 17, 12, "start-circle"),
        ("  - set: {contact.shoe: red}\n", "", 17, 11, "fact-not-here"),
        ("  - set: {account.plan: gold}\n", "", 0, 0, ""),
        (FORM + '  - {stop: none, if: form.form.url == "x"}\n', "", 0, 0, ""),
        (FORM + '  - {stop: none, if: form.form.link == "x"}\n', "", 18, 22, "fact-not-here"),
    ],
)
def test_how_a_run_flows_is_looked_at(team: Team, steps: str, other: str, line: int, column: int, code: str) -> None:
    team.write("playbooks/_shared/facts.yaml", "account.plan: text\ncontact.shoe: text\n")
    team.write(GREETING, PLAYBOOK + steps)
    if other:
        team.write("playbooks/other.yaml", other)
    here = [
        problem for problem in found(team) if problem.severity == "error" and problem.file.endswith("greeting.yaml")
    ]
    assert [(problem.line, problem.column, problem.code) for problem in here] == (
        [(line, column, code)] if code else []
    )


@pytest.mark.parametrize("named", [("playboks", "email_templates"), ("playbooks", "email_tmplates")])
def test_a_missing_folder_is_one_complaint_not_one_for_each_file_of_the_other(
    tmp_path: Path, named: tuple[str, str]
) -> None:
    Team(tmp_path)
    (problem,) = check_workspace(load_workspace(*(tmp_path / name for name in named)))
    missing = next(name for name in named if not (tmp_path / name).exists())
    assert (problem.code, problem.file) == ("missing-folder", str(tmp_path / missing))


def test_whose_first_template_is_not_written_yet_hears_of_that_template(tmp_path: Path) -> None:
    team = Team(tmp_path)
    (tmp_path / "email_templates").rename(tmp_path / "elsewhere")
    assert {problem.code for problem in found(team)} == {"missing-template"}


SUBJECT = f"{HELLO}/ja/subject.txt"
QUESTIONS = """intent:
  text: {ja: お考え, en: Your plans}
  choices:
    going_on: {text: {ja: 続ける, en: Going on}}
    deciding: {text: {ja: 検討中, en: Deciding}, date: {ja: いつ, en: When}}
"""


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "code", "hint"),
    [
        (GREETING, 'account.plan == "gold"', 'answers.intent == "decidng"', (14, 31), "unknown-answer", "deciding"),
        (GREETING, 'account.plan == "gold"', 'answers.intnt == "deciding"', (14, 13), "unknown-fact", "answers.intent"),
        (GREETING, 'account.plan == "gold"', "answers.intent_date > 3", (14, 13), "bad-expression", None),
        (
            GREETING,
            "{event: product.opened}",
            """{event: answered, if: event.properties.question == "intnt"}""",
            (5, 61),
            "unknown-answer",
            "intent",
        ),
        (
            f"{HELLO}/ja/subject.txt",
            "{{ account.name }}",
            "{{ answer_url.intnt.deciding }}",
            (1, 4),
            "unknown-answer",
            "intent",
        ),
        (
            f"{HELLO}/ja/subject.txt",
            "{{ account.name }}",
            "x {{ answer_url.intent.go }}",
            (1, 6),
            "unknown-answer",
            "going_on",
        ),
        (
            f"{HELLO}/ja/subject.txt",
            "{{ account.name }}",
            "{{ answer_url.intent }}",
            (1, 4),
            "unknown-answer",
            "<choice>",
        ),
        (
            "email_templates/greeting/note/ja/link.txt",
            "https://app.sample.example/",
            "{{ answer_url.intent.deciding }}",
            (1, 4),
            "unknown-answer",
            "page of the product",
        ),
    ],
)
def test_a_question_or_an_answer_that_does_not_exist_is_named_with_its_place(
    team: Team, name: str, old: str, new: str, place: tuple[int, int], code: str, hint: str | None
) -> None:
    team.write("playbooks/_shared/questions.yaml", QUESTIONS)
    change(team, old, new, name)
    _, line, column, said, meant = the_one(team)

    assert (line, column, said) == (*place, code)
    assert hint is None or hint in str(meant)


@pytest.mark.parametrize(
    ("step", "place", "code"),
    [
        ("ask: intnt\n    template: greeting/hello", (11, 10), "unknown-answer"),
        ("wait: {for: answered, of: intnt, up_to: 1 day}", (11, 31), "unknown-answer"),
        ("ask: intent\n    template: greeting/hello", (12, 15), "asks-nothing"),
        ("ask: intent\n    template: greeting/helo", (12, 15), "missing-template"),
        ("ask: intent", (11, 10), "missing-template"),
    ],
)
def test_a_step_asks_what_exists_by_a_mail_that_leads_to_the_choices(
    team: Team, step: str, place: tuple[int, int], code: str
) -> None:
    team.write("playbooks/_shared/questions.yaml", QUESTIONS)
    change(team, "email: greeting/hello", step)

    assert (*place, code) in {(one.line, one.column, one.code) for one in found(team)}


def test_answers_that_exist_may_be_asked_for_and_linked_to(team: Team) -> None:
    team.write("playbooks/_shared/questions.yaml", QUESTIONS)
    change(team, 'account.plan == "gold"', 'answers.intent in ["deciding"] or answers.intent_date is set')
    change(team, "{{ account.name }}", "{{ answer_url.intent.deciding }}", f"{HELLO}/ja/subject.txt")

    assert found(team) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("choices:", "chioces:", 3, "unknown-key"),
        ("going_on", "going-on", 4, "wrong-value"),
        ("    going_on: {text: {ja: 続ける, en: Going on}}\n", "", 4, "few-choices"),
        ("{ja: お考え, en: Your plans}", "{ja: お考え}", 2, "missing-key"),
        ("intent:", "open_for: 3 dys\nintent:", 1, "wrong-value"),
    ],
)
def test_a_question_is_read_with_places(team: Team, old: str, new: str, line: int, code: str) -> None:
    assert old in QUESTIONS
    team.write("playbooks/_shared/questions.yaml", QUESTIONS.replace(old, new))

    assert (line, code) in [(problem.line, problem.code) for problem in found(team)]


def test_a_question_may_not_be_named_like_the_date_of_another(team: Team) -> None:
    team.write("playbooks/_shared/questions.yaml", QUESTIONS + QUESTIONS.replace("intent:", "intent_date:"))

    assert the_one(team)[1:4] == (6, 1, "double-fact")


@pytest.mark.parametrize(
    ("gate", "line", "code", "hint"),
    [
        ("{if: account.plam is set}", 1, "unknown-fact", "did you mean account.plan?"),
        ("{if: waited.happened}", 1, "fact-not-here", None),
        ("{if: account.plan}", 1, "wrong-type", None),
        ("{if: 'count(\"x.made\", days=3) > 1'}", 1, "unknown-event", "declare it in _shared/events.yaml"),
        ("{last: 2027-01-03, stops: {topics: [onbording]}}", 1, "unknown-topic", "did you mean onboarding?"),
        ("{last: 2027-01-03, spares: {playbooks: greting}}", 1, "unknown-playbook", "did you mean greeting?"),
        ("{last: 2027-01-03, stops: {}}", 1, "stops-nothing", "write: stops: everything"),
        ("{stops: everything}", 1, "always-closed", None),
        ("{first: 2027-01-03, last: 2027-01-02}", 1, "impossible-date", None),
        ("{last: 2027-01-03, give_up_after: 1 month}", 1, "bad-duration", None),
    ],
)
def test_gates(team: Team, gate: str, line: int, code: str, hint: str | None) -> None:
    team.write("playbooks/_shared/gates.yaml", "stop: {title: {ja: 止, en: Stop}, " + gate[1:] + "\n")
    (problem,) = found(team)
    assert (problem.file, problem.line, problem.code) == ("playbooks/_shared/gates.yaml", line, code)
    assert hint is None or problem.hint == hint


@pytest.mark.parametrize(
    ("budgets", "code"),
    [
        ("exempt: {topics: [onbording]}", "unknown-topic"),
        ("contact: {at_most: 0, within: 7 days}", "wrong-value"),
        ("contact: {at_most: 2, within: 1 month}", "bad-duration"),
        ("human_touches: [product.opend]", "unknown-event"),
        ("when_short: {low: fold}", "wrong-value"),
    ],
)
def test_budgets(team: Team, budgets: str, code: str) -> None:
    team.write("playbooks/_shared/budgets.yaml", budgets + "\n")
    assert [(problem.file, problem.code) for problem in found(team)] == [("playbooks/_shared/budgets.yaml", code)]


@pytest.mark.parametrize(
    ("of", "within", "exempt", "codes"),
    [
        ("contact", "2 days", "", []),
        ("contact", "5 days", "", ["over-budget"]),
        ("contact", "5 days", "exempt: {topics: onboarding}", []),
        ("mails", "2 days", "", []),
        ("mails", "5 days", "", ["over-budget"]),
        ("account", "5 days", "", []),
    ],
)
def test_a_playbook_that_alone_breaks_the_cap_is_doubtful(
    team: Team, of: str, within: str, exempt: str, codes: list[str]
) -> None:
    change(team, "  - choose:", "  - email: greeting/hello\n    id: again\n  - choose:")
    team.write("playbooks/_shared/budgets.yaml", f"{of}: {{at_most: 1, within: {within}}}\n{exempt}\n")
    assert [problem.code for problem in found(team)] == codes
