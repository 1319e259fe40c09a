"""Reading playbooks: every complaint at its place, with the nearest right word."""

from __future__ import annotations

import pytest

from engage.errors import PlaybookError, Problem
from engage.language.addressees import roles_of
from engage.language.catalogue import Catalogue
from engage.language.parse import parse_playbook
from engage.language.spec import (
    AbsentTrigger,
    ChooseStep,
    DateTrigger,
    Duration,
    EmailStep,
    EveryTrigger,
    Playbook,
    WaitStep,
)
from engage.language.spec import Expression as Expr

CATALOGUE = Catalogue.builtin().with_facts({"account.decision_on": "date"})
ONE_DAY = "name a date fact, such as contract.ends_on; for one day for all: trigger: {once: …}"
HEAD = """\
playbook: renewal
title: {ja: 更新, en: Renewal}
stage: contract
subject: contract
"""
TRIGGER = "trigger: {event: contract.created}\n"
STEPS = "steps: [{wait: 3 days}]\n"
LOOP = "{{at_most: 2, every: 1 day, steps: [{}]}}"
ASKED = "title: {ja: a, en: b}, up_to: 3 days"
LOOPED = "{repeat: " + LOOP.format("{wait: 1 day}") + "}"


def read(text: str) -> Playbook:
    return parse_playbook(text, "renewal.yaml", CATALOGUE)


def problems(text: str) -> list[Problem]:
    with pytest.raises(PlaybookError) as refused:
        read(text)
    return list(refused.value.problems)


def the_problem(text: str) -> tuple[int, int, str, str | None]:
    (problem,) = problems(text)
    assert problem.file == "renewal.yaml"
    return problem.line, problem.column, problem.code, problem.hint


def test_a_whole_playbook_is_read() -> None:
    playbook = read(
        HEAD
        + """\
trigger:
  date: earliest(contract.notice_deadline, contract.ends_on)
  latest: -120 days
  if_late: {within: 90 days, else: task}
  on_anchor_change: rearm
audience: account.phase != "churned" and account.phase is set
priority: high
from: [csm, team]
to: champion
cc: [partner if contract.contact_policy == "copy_partner", billing]
topic: contract
goal: {event: contract.renewed, within: 150 days}
reentry: again after 90 days
exit:
  - event: contract.cancelled
  - if: account.phase == "churned"
    task: {title: {ja: 電話, en: Call}, to: csm, due: 2 business days}
steps:
  - email: renewal/value
    id: value
    approve: {by: csm, within: 2 business days}
  - wait: {for: [replied, answered], up_to: 14 days, where: waited.properties.kind == "yes"}
  - choose:
      - if: waited.happened
        steps: [{in_app: renewal/plan, approve: never}]
      - else: [{wait: {until: account.decision_on, for: replied}}, {email: renewal/value}]
  - wait: 1 week
"""
    )
    trigger, (value, wait, choose, last) = playbook.trigger, playbook.steps
    assert isinstance(trigger, DateTrigger) and trigger.latest == Duration(-120, "days") and trigger.if_late
    assert (trigger.if_late.else_, trigger.on_anchor_change) == ("task", "rearm")
    assert isinstance(value, EmailStep) and value.approve and value.approve.mode == "always"
    assert isinstance(wait, WaitStep) and wait.for_ == ("replied", "answered") and wait.up_to == Duration(14, "days")
    assert isinstance(choose, ChooseStep) and len(choose.branches) == 1 and len(choose.choose[-1].else_) == 2
    assert (roles_of(playbook.to), playbook.cc[0].role, playbook.cc[1].if_) == (("champion",), "partner", None)
    assert playbook.reentry.after == Duration(90, "days") and playbook.hours == "business"
    assert [step.id for step in (value, wait, choose, last)] == ["value", "wait", "choose", "wait-3"]
    assert [step.id for step in choose.choose[-1].else_] == ["wait-2", "email-renewal-value"]


def test_the_other_triggers_are_read() -> None:
    every = read(HEAD + "trigger: {every: 3 months, anchor: fiscal_quarter}\n" + STEPS).trigger
    absent = read(HEAD + "trigger: {absent: a.b, within: 10 business days, since: kickoff.held}\n" + STEPS).trigger
    counted = read(HEAD + "trigger: {absent: a.b, within: 1 day, since: contract.starts_on}\n" + STEPS).trigger
    assert isinstance(every, EveryTrigger) and every.anchor == "fiscal_quarter"
    assert isinstance(absent, AbsentTrigger) and absent.since == "kickoff.held"
    assert isinstance(counted, AbsentTrigger) and isinstance(counted.since, Expr)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEAD + "tigger: 1\n" + TRIGGER + STEPS, (5, 1, "unknown-key", "did you mean trigger?")),
        (HEAD + TRIGGER + "steps: [{emial: a/b}]\n", (6, 10, "unknown-key", "did you mean email?")),
        (HEAD + TRIGGER + "steps:\n  - wait: 1 day\n    iff: true\n", (8, 5, "unknown-key", "did you mean if?")),
        (HEAD + TRIGGER + "steps:\n  - wait: 1 day\n    email: a/b\n", (7, 5, "unknown-key", None)),
        (HEAD + TRIGGER + "steps: [{if: true}]\n", (6, 9, "missing-key", None)),
        (HEAD + "trigger: {evnt: a}\n" + STEPS, (5, 11, "unknown-key", "did you mean event?")),
        (HEAD + TRIGGER + "steps: [{wait: {for: replied, of: nps, up_to: 1 day}}]\n", (6, 16, "one-wait", None)),
        (HEAD + TRIGGER + "steps: [{aks: nps}]\n", (6, 10, "unknown-key", "did you mean ask?")),
        (HEAD + "trigger: {once: 2027-12-20}\n" + STEPS, (5, 17, "bad-moment", None)),
        (HEAD + "trigger: {once: 2027-02-29 10:00}\n" + STEPS, (5, 17, "bad-moment", None)),
        (HEAD + "trigger: {once: 2027-12-20 10:00 Asia/Tokio}\n" + STEPS, (5, 17, "bad-moment", None)),
        (HEAD + "to: [champion, admn]\n" + TRIGGER + STEPS, (5, 16, "wrong-value", "did you mean admin?")),
        (HEAD + "to: {all: [admn]}\n" + TRIGGER + STEPS, (5, 12, "wrong-value", "did you mean admin?")),
        (HEAD + "to: {all: [admin], mx: 3}\n" + TRIGGER + STEPS, (5, 20, "unknown-key", "did you mean max?")),
        (HEAD + "to: {all: [admin], max: 0}\n" + TRIGGER + STEPS, (5, 25, "wrong-value", None)),
        (HEAD + "to: [{role: admin, template: a/b}]\n" + TRIGGER + STEPS, (5, 5, "template-here", None)),
        (
            HEAD + "trigger: {date: contract.ends_on, offst: 1 day}\n" + STEPS,
            (5, 35, "unknown-key", "did you mean offset?"),
        ),
        (
            HEAD + "trigger: {becomes: account.nme is set}\n" + STEPS,
            (5, 20, "unknown-fact", "did you mean account.name?"),
        ),
        (HEAD + "trigger: {becomes: account.is_test, for: 0 days}\n" + STEPS, (5, 42, "bad-duration", None)),
        (HEAD + "trigger: {becomes: account.is_test, already: yes}\n" + STEPS, (5, 46, "wrong-value", None)),
        (HEAD + "trigger: {manual: false}\n" + STEPS, (5, 19, "wrong-value", None)),
        (HEAD + "trigger: {every: 1 week, anchor: 2026-02-30}\n" + STEPS, (5, 34, "impossible-date", None)),
        (HEAD + "trigger: a\n" + STEPS, (5, 10, "wrong-value", None)),
        (HEAD + TRIGGER, (1, 1, "missing-key", None)),
        (HEAD + TRIGGER + "steps: []\n", (6, 8, "wrong-value", None)),
        (HEAD + TRIGGER + STEPS + "priority: hgh\n", (7, 11, "wrong-value", "did you mean high?")),
        (HEAD + TRIGGER + STEPS + "to: [champoin]\n", (7, 6, "wrong-value", "did you mean champion?")),
        (HEAD + TRIGGER + STEPS + "from: noreply\n", (7, 7, "wrong-value", None)),
        (
            HEAD + TRIGGER + STEPS + "audience: account.phse is set\n",
            (7, 11, "unknown-fact", "did you mean account.phase?"),
        ),
        (
            HEAD + TRIGGER + STEPS + 'audience: "true and\\"a\\" == acount.phase"\n',
            (7, 29, "unknown-fact", "did you mean account.phase?"),
        ),
        (
            HEAD + TRIGGER + STEPS + "audience: 'account.name == ''x'' and acount.phase is set'\n",
            (7, 38, "unknown-fact", "did you mean account.phase?"),
        ),
        (
            HEAD + TRIGGER + STEPS + "audience: >-\n  true\n  and acount.phase is set\n",
            (9, 7, "unknown-fact", "did you mean account.phase?"),
        ),
        (
            HEAD + TRIGGER + STEPS + "audience: |\n  true\n  and acount.phase is set\n",
            (9, 7, "unknown-fact", "did you mean account.phase?"),
        ),
        (
            HEAD + TRIGGER + STEPS + "audience: true\n  and acount.phase is set\n",
            (8, 7, "unknown-fact", "did you mean account.phase?"),
        ),
        (
            HEAD + TRIGGER + STEPS + "cc: [partner if contract.stte is set]\n",
            (7, 17, "unknown-fact", "did you mean contract.state?"),
        ),
        (HEAD + TRIGGER + STEPS + "audience: account.name\n", (7, 11, "wrong-type", None)),
        (HEAD + TRIGGER + STEPS + "audience: 3\n", (7, 11, "bad-expression", None)),
        (
            HEAD + TRIGGER + STEPS + 'audience: contract.ends_on > "2027-02-30"\n',
            (7, 30, "impossible-date", "write it as 2027-03-31"),
        ),
        (HEAD + "trigger: {date: contract.ends_on, offset: 3 dayz}\n" + STEPS, (5, 43, "bad-duration", None)),
        (HEAD + "trigger: {date: contract.name}\n" + STEPS, (5, 17, "wrong-type", None)),
        (
            HEAD + "trigger: {date: contract.ends_on, offset: 1 day, latest: -1 day}\n" + STEPS,
            (5, 10, "offset-or-latest", None),
        ),
        (HEAD + TRIGGER + "steps: [{wait: -3 days}]\n", (6, 16, "bad-duration", None)),
        (HEAD + TRIGGER + "steps: [{wait: 12:30}]\n", (6, 16, "bad-duration", None)),
        (HEAD + TRIGGER + "steps: [{wait: {for: replied}}]\n", (6, 16, "wait-without-end", None)),
        (HEAD + TRIGGER + 'steps: [{wait: {until: "tusday 10:00"}}]\n', (6, 24, "bad-time", None)),
        (HEAD + TRIGGER + 'steps: [{wait: {until: "friday 25:00"}}]\n', (6, 24, "bad-time", None)),
        (HEAD + TRIGGER + "steps: [{wait: {until: 2027-03-30}}]\n", (6, 24, "wrong-type", ONE_DAY)),
        (HEAD + "trigger: {date: 2027-02-30}\n" + STEPS, (5, 17, "wrong-type", ONE_DAY)),
        (HEAD + TRIGGER + "steps: [{wait: {up_to: 1 day}}]\n", (6, 16, "one-wait", None)),
        (HEAD + TRIGGER + "steps: [{choose: [{else: []}, {else: []}]}]\n", (6, 18, "bad-branch", None)),
        (HEAD + TRIGGER + "steps: [{choose: [{if: true}]}]\n", (6, 19, "bad-branch", None)),
        (HEAD + TRIGGER + "steps: [{wait: 1 day, id: a}, {wait: 1 day, id: a}]\n", (6, 8, "double-id", None)),
        (HEAD + TRIGGER + "steps: [{email: Welcome}]\n", (6, 17, "wrong-value", None)),
        (HEAD + TRIGGER + "steps: [{task: {title: {ja: a}}}]\n", (6, 24, "missing-key", None)),
        (
            HEAD + TRIGGER + "steps:\n  - split: {a: 50%, b: 50%}\n    a: []\n    b: [{emial: a/b}]\n",
            (9, 10, "unknown-key", None),
        ),
        (HEAD + TRIGGER + "steps:\n  - split: {a: 50%, b: 40%}\n    a: []\n    b: []\n", (7, 12, "bad-split", None)),
        (HEAD + TRIGGER + "steps:\n  - split: {a: 50%, b: 50%}\n    a: []\n    c: []\n", (7, 5, "bad-split", None)),
        (HEAD + TRIGGER + "steps:\n  - split: {a: 50%, b: 50%}\n    a: []\n", (7, 5, "bad-split", None)),
        (HEAD + TRIGGER + "steps:\n  - split: {a: half, b: 50%}\n    a: []\n    b: []\n", (7, 16, "bad-share", None)),
        (
            HEAD + TRIGGER + "steps: [{repeat: {at_most: 1, every: 1 day, steps: [{wait: 1 day}]}}]\n",
            (6, 28, "wrong-value", None),
        ),
        (HEAD + TRIGGER + "steps: [{repeat: {at_most: 2, steps: [{wait: 1 day}]}}]\n", (6, 18, "missing-key", None)),
        (HEAD + TRIGGER + f"steps: [{{repeat: {LOOP.format(LOOPED)}}}]\n", (6, 52, "one-loop", None)),
        (HEAD + TRIGGER + "steps: [{lead: {title: {ja: a, en: b}}}]\n", (6, 16, "missing-key", None)),
        (HEAD + TRIGGER + f"steps: [{{form: {{{ASKED}, fields: {{}}}}}}]\n", (6, 63, "wrong-value", None)),
        (
            HEAD + TRIGGER + f"steps: [{{form: {{{ASKED}, fields: {{Url: {{label: {{ja: a, en: b}}}}}}}}}}]\n",
            (6, 69, "wrong-value", None),
        ),
        (HEAD + TRIGGER + "steps: [{webhook: https://x.example}]\n", (6, 19, "url-in-playbook", None)),
        (HEAD + TRIGGER + "steps: [{webhook: {to: crm, facts: [account.nme]}}]\n", (6, 37, "unknown-fact", None)),
        (HEAD + TRIGGER + "steps: [{notify: {to: nobody, title: {ja: a, en: b}}}]\n", (6, 23, "wrong-value", None)),
        (HEAD + TRIGGER + "steps: [{stop: true}]\n", (6, 16, "wrong-value", None)),
        (HEAD + TRIGGER + "steps: [{start: Other}]\n", (6, 17, "wrong-value", None)),
        (
            HEAD + TRIGGER + "steps: [{set: {account.decision_o: x}}]\n",
            (6, 36, "unknown-fact", "did you mean account.decision_on?"),
        ),
        (HEAD + TRIGGER + "steps: [{set: {account.phase: x}}]\n", (6, 31, "not-yours", None)),
        (HEAD + TRIGGER + "steps: [{set: {account.decision_on: tomorow}}]\n", (6, 37, "unknown-fact", None)),
        (HEAD + TRIGGER + "steps: [{set: {}}]\n", (6, 15, "bad-set", None)),
        (HEAD + TRIGGER + STEPS + "reentry: sometimes\n", (7, 10, "bad-reentry", None)),
        (HEAD + TRIGGER + STEPS + "goal: {within: 1 day}\n", (7, 7, "bad-goal", None)),
        (HEAD + TRIGGER + STEPS + "exit: [{task: {title: {ja: a, en: b}}}]\n", (7, 8, "bad-exit", None)),
    ],
)
def test_a_fault_is_named_at_its_place(text: str, found: tuple[int, int, str, str | None]) -> None:
    line, column, code, hint = the_problem(text)
    assert (line, column, code) == found[:3]
    if found[3] is not None:
        assert hint == found[3]


def test_words_of_the_language_to_come_are_ordinary_unknown_keys() -> None:
    for step in ("call: a", "sms: a"):
        assert the_problem(HEAD + TRIGGER + f"steps: [{{{step}}}]\n")[2] == "unknown-key"


def test_all_faults_of_a_file_are_named_at_once_in_order() -> None:
    found = problems(HEAD + "on: yes\n" + TRIGGER + "steps:\n  - emial: a/b\n  - wait: 3 dayz\n")
    assert [(problem.line, problem.code) for problem in found] == [
        (5, "unknown-key"),
        (8, "unknown-key"),
        (9, "bad-duration"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x [1]\nb: *x\n", (1, 4, "no-aliases")),
        ("a: 1\nb: 2\na: 3\n", (3, 1, "double-key")),
        ("a: !!python/object/apply:os.system [ls]\n", (1, 4, "no-tags")),
        ("a: " + "[" * 25 + "]" * 25, (1, 23, "too-deep")),
        ("a: [1\n", (2, 1, "bad-yaml")),
        ("a: b: c\n", (1, 5, "bad-yaml")),
        ("a: \x07\n", (1, 4, "bad-yaml")),
        ("? [a]\n: b\n", (1, 3, "bad-key")),
        ("a: " + "x" * 300_000, (1, 1, "file-too-large")),
        ("", (1, 1, "wrong-value")),
        ("- a\n", (1, 1, "wrong-value")),
        ("a: 1\n---\nb: 2\n", (2, 1, "bad-yaml")),
    ],
)
def test_what_is_no_yaml_of_ours_is_refused(text: str, found: tuple[int, int, str]) -> None:
    problem = problems(text)[0]
    assert (problem.line, problem.column, problem.code) == found


def test_yaml_is_read_as_1_2_without_surprises() -> None:
    found = problems("playbook: 12:30\non: no\n")
    assert {problem.code for problem in found} >= {"unknown-key"}
    assert not any("True" in problem.message for problem in found)


def test_a_carriage_return_does_not_move_places() -> None:
    assert the_problem((HEAD + TRIGGER + STEPS + "audience: a.b is set\n").replace("\n", "\r\n"))[:2] == (7, 11)
