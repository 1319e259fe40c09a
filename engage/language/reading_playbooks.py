"""What it means when a playbook cannot be read."""

from __future__ import annotations

from engage.language.reading_code import ReadingCode

_IF = "steps: [{email: welcome/hello, if: %s}]"
_STEPS = "steps: [%s, {email: welcome/hello}]"

_OF_WORDS: dict[str, ReadingCode] = {
    "unknown-key": ReadingCode(
        "A key is not part of the language.", "Take the one that is proposed.", "stge: setup", "stage: setup"
    ),
    "missing-key": ReadingCode(
        "A key that is needed is missing.", "Add it.", "title: ~", "title: {ja: ようこそ, en: Welcome}"
    ),
    "wrong-value": ReadingCode(
        "A value is not known here.", "Take one of those named.", "stage: onboard", "stage: setup"
    ),
    "wrong-type": ReadingCode(
        "A condition or a date is needed.",
        "Compare it, or name a fact that is a date.",
        "trigger: {date: account.plan}",
        "trigger: {date: account.visit_on}",
    ),
    "bad-expression": ReadingCode(
        "A condition cannot be read, or mixes types.",
        "See the place; compare like with like.",
        _IF % "usage.events > 'a'",
        _IF % "usage.events > 3",
    ),
    "unknown-fact": ReadingCode(
        "A condition names a fact that nobody declared.",
        "Correct the name, or declare the fact in `_shared/facts.yaml`.",
        _IF % "account.pln == 'gold'",
        _IF % "account.plan == 'gold'",
    ),
    "unknown-function": ReadingCode(
        "A function does not exist.",
        "Take one of those named.",
        _IF % '"days_sinse(account.visit_on) > 3"',
        _IF % '"days_since(account.visit_on) > 3"',
    ),
    "impossible-date": ReadingCode(
        "A date does not exist.",
        "Write it as 2027-03-31.",
        _IF % "\"contract.ends_on > '2027-02-30'\"",
        _IF % "\"contract.ends_on > '2027-03-31'\"",
    ),
    "not-use": ReadingCode(
        "Only use of the product is counted.",
        "Count an event that customers cause.",
        "audience: 'count(\"contract.renewed\", days=14) > 1'",
        "audience: 'count(\"report.created\", days=14) > 1'",
    ),
    "bad-window": ReadingCode(
        "A window has no whole number of days.",
        "Write days=1 to days=730.",
        "audience: 'count(\"report.created\", days=0) > 1'",
        "audience: 'count(\"report.created\", days=14) > 1'",
    ),
    "bad-duration": ReadingCode(
        "A length of time cannot be read.", "Such as 3 days.", _STEPS % "{wait: 3 dys}", _STEPS % "{wait: 3 days}"
    ),
    "bad-time": ReadingCode(
        "A time of day cannot be read.",
        "Such as open day 10:00.",
        _STEPS % "{wait: {until: '25:00'}}",
        _STEPS % "{wait: {until: 'open day 10:00'}}",
    ),
}

_OF_TRIGGERS_AND_ENDS: dict[str, ReadingCode] = {
    "one-measure": ReadingCode(
        "An expectation measures nothing, or two things.",
        "Say `metric:` or `event:`.",
        "holdout: 10%\nexpect: {look_after: 90 days}",
        "holdout: 10%\nexpect: {metric: goal, look_after: 90 days}",
    ),
    "bad-moment": ReadingCode(
        "A broadcast's moment cannot be read.",
        "Write day and time of the wall clock, such as 2027-03-31 10:00.",
        "trigger: {once: next monday}",
        "trigger: {once: 2027-03-31 10:00}",
    ),
    "moment-passed": ReadingCode(
        "A broadcast is published after its moment.",
        "Write a moment to come, or remove the file.",
        "trigger: {once: 2020-03-31 10:00}",
        "trigger: {once: 2097-03-29 10:00}",
    ),
    "offset-or-latest": ReadingCode(
        "A date trigger has two distances.",
        "Say offset or latest.",
        "trigger: {date: contract.ends_on, offset: 1 day, latest: -1 day}",
        "trigger: {date: contract.ends_on, latest: -30 days}",
    ),
    "template-here": ReadingCode(
        "The playbook's `to` names a template for a role.",
        "A role's own template stands in the `to` of the step that sends it.",
        "to: [{role: champion, template: welcome/again}, admin]",
        "to: [champion, admin]",
    ),
    "bad-goal": ReadingCode(
        "A goal has no sign, or two.",
        "Say event or if.",
        "goal: {within: 3 days}",
        "goal: {event: report.created, within: 3 days}",
    ),
    "bad-exit": ReadingCode(
        "An exit has no reason, or two.", "Say event or if.", "exit: [{}]", "exit: [{event: report.created}]"
    ),
    "bad-reentry": ReadingCode(
        "A reentry rule cannot be read.", "Take one of those named.", "reentry: sometimes", "reentry: once"
    ),
}

_OF_STEPS: dict[str, ReadingCode] = {
    "wait-without-end": ReadingCode(
        "A wait for an event has no end.",
        "Say up_to or until.",
        _STEPS % "{wait: {for: report.created}}",
        _STEPS % "{wait: {for: report.created, up_to: 3 days}}",
    ),
    "one-wait": ReadingCode(
        "A wait ends in two ways.",
        "Say one of them.",
        _STEPS % "{wait: {time: 3 days, until: account.visit_on}}",
        _STEPS % "{wait: {time: 3 days}}",
    ),
    "bad-branch": ReadingCode(
        "A way of a choice has no steps, or no condition.",
        "Write {if: …, steps: […]} or {else: […]}.",
        "steps: [{choose: [{if: account.is_test}]}]",
        "steps: [{choose: [{if: account.plan is set, steps: [{email: welcome/hello}]}]}]",
    ),
    "bad-share": ReadingCode(
        "A share of a split cannot be read.",
        "Write 50% or 33.4%.",
        "steps: [{split: {a: half, b: 50%}, a: [{email: welcome/hello}], b: [{in_app: welcome/tip}]}]",
        "steps: [{split: {a: 50%, b: 50%}, a: [{email: welcome/hello}], b: [{in_app: welcome/tip}]}]",
    ),
    "bad-split": ReadingCode(
        "The shares of a split are not everything, or a way has no steps.",
        "Let them make 100%, and give each way its steps.",
        "steps: [{split: {a: 50%, b: 40%}, a: [{email: welcome/hello}], b: [{in_app: welcome/tip}]}]",
        "steps: [{split: {a: 50%, b: 50%}, a: [{email: welcome/hello}], b: [{in_app: welcome/tip}]}]",
    ),
    "one-loop": ReadingCode(
        "A repeat holds another repeat.",
        "Take the inner one out.",
        "steps: [{repeat: {at_most: 2, every: 1 day,"
        " steps: [{repeat: {at_most: 2, every: 1 day, steps: [{email: welcome/hello}]}}]}}]",
        "steps: [{repeat: {at_most: 2, every: 1 day, steps: [{email: welcome/hello}]}}]",
    ),
    "double-id": ReadingCode(
        "Two steps have the same id.",
        "Name one otherwise.",
        _STEPS % "{wait: 1 day, id: a}, {wait: 2 days, id: a}",
        _STEPS % "{wait: 1 day, id: a}, {wait: 2 days, id: b}",
    ),
    "bad-showing": ReadingCode(
        "A message in the product is shown in a way that does not fit its place.",
        "Say `display: banner` or `modal` for what lies over a page; let a modal stay closed.",
        "steps: [{in_app: welcome/tip, pages: /billing}]",
        "steps: [{in_app: welcome/tip, display: banner, pages: /billing}]",
    ),
    "bad-set": ReadingCode(
        "There is nothing to set.", "Write the facts.", _STEPS % "{set: {}}", _STEPS % "{set: {account.plan: gold}}"
    ),
    "not-yours": ReadingCode(
        "A playbook sets a fact that Engage reckons itself.",
        "Set a fact of your own.",
        _STEPS % "{set: {account.name: x}}",
        _STEPS % "{set: {account.plan: gold}}",
    ),
    "url-in-playbook": ReadingCode(
        "A playbook holds an address.",
        "Name it in ENGAGE_WEBHOOKS.",
        _STEPS % "{webhook: 'https://x.example/'}",
        _STEPS % "{webhook: crm}",
    ),
}  # fmt: skip

OF_PLAYBOOKS = {**_OF_WORDS, **_OF_TRIGGERS_AND_ENDS, **_OF_STEPS}
