"""How a step says that its message is shown, and what is told of it."""

from __future__ import annotations

import pytest

from engage.errors import PlaybookError
from engage.language.program import Program
from engage.language.spec import EmailStep, InAppStep
from engage.language.steps import messages_in
from engage.language.telling import Line, tell
from tests.unit.journeys.plays import playbook_of

STEP = """
- in_app: renewal/notice
  to: {{role: champion, template: renewal/notice-champion}}
  {said}
- email: renewal/thanks
"""
FULL = """display: banner
  pages: [/billing, /billing/*]
  frequency: always
  expires: contract.ends_on
  unless_seen: {within: 2 business days, email: renewal/notice-mail}"""


def step_of(said: str) -> InAppStep:
    step = playbook_of(STEP.format(said=said)).steps[0]
    assert isinstance(step, InAppStep)
    return step


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("pages: /billing", "bad-showing"),
        ("frequency: once", "bad-showing"),
        ("display: modal\n  frequency: always", "bad-showing"),
        ("display: popup", "wrong-value"),
        ("display: banner\n  pages: billing", "wrong-value"),
        ("display: banner\n  pages: '/a b'", "wrong-value"),
        ("expires: 2 months", "bad-duration"),
        ("expires: -3 days", "bad-duration"),
        ("expires: contract.endson", "unknown-fact"),
        ("expires: account.name", "wrong-type"),
        ("unless_seen: {within: 2 days}", "missing-key"),
        ("unless_seen: {within: 2 days, email: a/b, cc: csm}", "unknown-key"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(said: str, code: str) -> None:
    with pytest.raises(PlaybookError) as refused:
        step_of(said)

    assert refused.value.problems[0].code == code and refused.value.problems[0].line > 1


def test_the_mail_is_a_message_of_the_playbook_to_the_same_roles_in_its_own_words() -> None:
    step = step_of(FULL)
    shown, mail = messages_in(step)

    assert shown is step and isinstance(mail, EmailStep)
    assert (mail.id, mail.template) == ("in-app-renewal-notice:email", "renewal/notice-mail")
    assert [(one.role, one.template) for one in mail.to or ()] == [("champion", None)]  # type: ignore[union-attr]
    program = Program.of(playbook_of(STEP.format(said=FULL)))
    assert list(program.nodes) == ["in-app-renewal-notice", "in-app-renewal-notice:email", "email-renewal-thanks"]
    assert {program[name].next_id for name in list(program.nodes)[:2]} == {"email-renewal-thanks"}


def lines(line: Line) -> list[str]:
    return [line.text, *(text for under in line.under for text in lines(under))]


@pytest.mark.parametrize(
    ("locale", "shown", "unseen"),
    [
        (
            "en",
            "Shown as a banner over the page, on /billing, /billing/*, again in each session, up to contract.ends_on",
            "To whoever has not seen it within 2 business days: Email renewal/notice-mail, to champion",
        ),
        (
            "ja",
            "表示: ページに重ねるバナー、対象ページ /billing、/billing/*、期限までログインのたびに、"
            "contract.ends_on の日まで",
            "2営業日以内に見られなかった方へ: メール renewal/notice-mail を送る、宛先 チャンピオン",
        ),
    ],
)
def test_both_are_told_in_plain_words(locale: str, shown: str, unseen: str) -> None:
    told = lines(tell(playbook_of(STEP.format(said=FULL)), locale))

    assert shown in told and unseen in told
