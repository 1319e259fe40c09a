"""An example for every trigger, step and function of the reference; the tests read and check each of them.

Like the examples of the rules they lie over `rule_examples.BASE`.
"""

from __future__ import annotations

PLAYBOOK = """\
playbook: welcome
title: {ja: ようこそ, en: Welcome}
stage: setup
subject: account
should_feel: {ja: 迷わず始められる, en: sure of the first step}
trigger: {event: product.opened}
audience: account.is_test == false and (account.phase is missing or account.phase == "onboarding")
priority: normal
from: [csm, team]
to: [champion, admin]
cc: [partner if contract.contact_policy == "copy_partner"]
every_account: false
topic: onboarding
hours: business
goal: {event: report.created, within: 90 days}
exit:
  - event: contract.cancelled
  - if: account.plan == "closed"
    task: {title: {ja: 確認する, en: Look into it}, to: csm, due: 2 business days}
holdout: 10%
expect: {metric: goal, look_after: 120 days, at_least: 5%, stop_if: no_effect}
reentry: again after 90 days
steps:
  - email: welcome/hello
    id: hello
tests:
  - name: one mail in the morning
    given: {account: {country: JP}}
    then: [{at: 2026-12-01 08:00, event: product.opened}]
    expect: [{at: 2026-12-01 09:00..17:30, email: welcome/hello, to: champion}]
never:
  - two customer messages to one account within 24 hours
"""
TRIGGERS = {
    "event": "trigger: {event: product.opened, if: event.properties.pages > 3, if_late: {within: 7 days, else: task}}",
    "date": """\
trigger:
  date: earliest(contract.notice_deadline, contract.ends_on)
  latest: -120 days            # or offset: 10 business days
  if_late: {within: 60 days, else: task}
  on_anchor_change: rearm
""",
    "every": "trigger: {every: 3 months, anchor: contract.starts_on}",
    "absent": "trigger: {absent: report.created, within: 10 business days, since: contract.starts_on}",
    "becomes": 'trigger: {becomes: usage.trend == "down", for: 14 days, already: skip}',
    "manual": "trigger: manual",
    "once": "trigger: {once: 2027-03-01 10:00, ask_ahead: true, if_late: {within: 1 day}}",
}
STEPS = {
    "ask": """\
steps:
  - ask: intent
    template: questions/ask
    id: question
  - wait: {for: answered, of: intent, up_to: 7 days}
""",
    "email": """\
steps:
  - email: welcome/hello
    id: hello
    if: account.plan is set
    to: [decision_maker, champion]
    from: [cs_head, team]
    cc: [partner if contract.contact_policy == "copy_partner"]
    topic: onboarding
    hours: business
    approve: {by: csm, within: 2 business days}
    without_permission: welcome/tip
""",
    "in_app": """\
steps:
  - {in_app: welcome/tip, id: tip, to: [admin], topic: onboarding, hours: any, approve: never}
  - in_app: welcome/tip
    display: banner
    pages: [/reports, /reports/*]
    frequency: until_dismissed
    priority: high
    expires: 14 days
    unless_seen: {within: 2 business days, email: welcome/hello, from: [csm, team]}
""",
    "wait": """\
steps:
  - wait: 3 business days
  - wait: {until: open day 10:00}
  - wait: {until: account.visit_on}
    if: account.visit_on is set
  - wait: {for: [replied, report.created], up_to: 14 days}
    id: echo
  - email: welcome/hello
    if: waited.happened == false
""",
    "choose": """\
steps:
  - choose:
      - if: account.plan == "gold"
        steps: [{email: welcome/hello}]
      - else: [{in_app: welcome/tip}]
    id: by_plan
""",
    "task": """\
steps:
  - task:
      title: {ja: 電話する, en: Call them}
      to: csm
      due: 2 business days
      note: {ja: 目的を伺う。, en: Ask for their goal.}
      quote: account.plan
    id: call
""",
    "form": """\
steps:
  - form:
      title: {ja: 議事録を記入する, en: Fill in the minutes}
      fields: {decided: {label: {ja: 決定事項, en: Decisions}, type: text, needed: true}}
      to: csm
      due: 1 business day
      up_to: 10 business days
    id: minutes
  - email: welcome/hello
    if: form.minutes.filled == true
""",
    "lead": """\
steps:
  - lead:
      title: {ja: 席の追加, en: More seats}
      why: {ja: 利用者が増えている。, en: More people use it.}
      to: sales
      due: 5 business days
    id: more_seats
""",
    "split": """\
steps:
  - split: {short: 50%, long: 50%}
    short: [{email: welcome/hello}]
    long: [{email: welcome/hello}, {in_app: welcome/tip}]
    id: trial
""",
    "repeat": """\
steps:
  - repeat:
      at_most: 3
      every: 7 days
      until: usage.events > 0
      steps: [{email: welcome/hello}]
    id: nudges
""",
    "notify": """\
steps:
  - notify:
      title: {ja: はじめて開きました, en: Opened for the first time}
      text: {ja: 様子を見てください。, en: Have a look.}
      to: [csm]
      slack: cs_news
      facts: [account.plan, usage.events]
    id: tell
""",
    "webhook": "steps: [{webhook: {to: crm, facts: [account.external_id, usage.trend]}, id: tell_crm}]",
    "set": "steps: [{set: {account.plan: gold, account.visit_on: today}, id: note_plan}]",
    "start": """\
steps: [{start: other, id: next, if: account.plan is set}]
# file: playbooks/other.yaml
playbook: other
title: {ja: 次, en: Next}
stage: use
subject: account
trigger: manual
goal: none
steps: [{wait: 1 day}]
""",
    "stop": 'steps: [{stop: not interested, if: account.plan == "closed"}, {email: welcome/hello}]',
}
FUNCTIONS = {
    "earliest": "days_until(earliest(contract.notice_deadline, contract.ends_on)) < 90",
    "latest": "days_since(latest(contract.starts_on, account.visit_on)) >= 30",
    "days_until": "days_until(contract.ends_on) in [30, 60, 90]",
    "days_since": "days_since(usage.first_used_at) > 14",
    "lower": 'lower(account.plan) == "gold"',
    "count": 'count("report.created", days=14) >= 3',
    "count_before": 'count("report.created", days=14) < 0.5 * count_before("report.created", days=14)',
    "days_since_event": 'days_since_event("report.created") > 30',
}
