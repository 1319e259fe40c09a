"""What the law asks of mail, as `check` looks for it: also written out, also in a text part of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.errors import Problem
from engage.language.check import check_workspace
from tests.support.workspaces import FOOTER, Team

LAW = frozenset({
    "no-sender-shown", "no-postal-address", "no-complaints-contact", "no-opt-out", "no-refusal-words",
    "company-incomplete", "offer-in-transactional", "purpose-below-topic", "no-confirm-mail",
})  # fmt: skip
HELLO = "email_templates/greeting/hello"
WRITTEN_OUT = """\
<p>見本 東京都千代田区丸の内9丁目8番7号 team@sample.example <a href="{{ preferences_url }}">配信を停止する</a></p>
"""


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def said(team: Team) -> set[tuple[str, str]]:
    """Which file, relative to the template, is complained of, and how, as far as the law asks for it."""
    return {(problem.file.removeprefix(f"{HELLO}/"), problem.code) for problem in complaints(team)}


def complaints(team: Team) -> list[Problem]:
    return [problem for problem in check_workspace(team.load()) if problem.code in LAW]


def body(team: Team, text: str, name: str = "body.html") -> None:
    team.remove(f"{HELLO}/ja/body.mjml")
    team.write(f"{HELLO}/ja/{name}", text)


def test_what_is_written_out_counts_as_shown(team: Team) -> None:
    body(team, WRITTEN_OUT)
    assert said(team) == set()

    body_of_another_town = WRITTEN_OUT.replace("千代田区", "中央区")
    team.write(f"{HELLO}/ja/body.html", body_of_another_town)
    assert said(team) == {("ja/body.html", "no-postal-address")}


def test_a_text_part_that_somebody_wrote_has_the_same_duties(team: Team) -> None:
    team.write(f"{HELLO}/en/body.txt", "Hello {{ account.name }}")
    assert {place for place, _ in said(team)} == {"en/body.txt"}
    assert {code for _, code in said(team)} == {
        "no-sender-shown", "no-postal-address", "no-complaints-contact", "no-opt-out", "no-refusal-words",
    }  # fmt: skip


@pytest.mark.parametrize("purpose", ["promotional", "relationship", "transactional"])
def test_only_what_may_be_refused_has_to_say_how(team: Team, purpose: str) -> None:
    topics = "onboarding: {title: {ja: はじめに, en: Getting started}, purpose: %s}\n"
    team.write(
        "playbooks/_shared/topics.yaml", topics % ("promotional" if purpose == "promotional" else "relationship")
    )
    team.write(f"{HELLO}/meta.yaml", f"purpose: {purpose}\n")
    for locale in ("ja", "en"):
        team.write(f"email_templates/_layout/{locale}/footer.mjml", "<mj-text>{{ team.name }}</mj-text>")

    assert {code for _, code in said(team)} == (
        set() if purpose == "transactional" else {
            "no-sender-shown", "no-postal-address", "no-complaints-contact", "no-opt-out", "no-refusal-words",
        }
    )  # fmt: skip


def test_words_that_nobody_sees_say_nothing(team: Team) -> None:
    hidden = FOOTER.replace("配信停止 Unsubscribe ", '<span title="Unsubscribe 配信停止"></span>')
    for locale in ("ja", "en"):
        team.write(f"email_templates/_layout/{locale}/footer.mjml", hidden)
    assert said(team) == {(f"{locale}/body.mjml", "no-refusal-words") for locale in ("ja", "en")}


@pytest.mark.parametrize(
    ("locale", "subject", "is_offer"),
    [
        ("ja", "契約更新の割引キャンペーン", True),
        ("ja", "契約書をお送りします", False),
        ("en", "20% off until Friday", True),
        ("en", "Your free trial awaits", True),
        ("en", "Minutes of the meeting", False),
        ("en", "The discounted-cash-flow report is ready", False),
    ],
)
def test_an_offer_in_a_transactional_mail_is_doubtful(team: Team, locale: str, subject: str, is_offer: bool) -> None:
    team.write(f"{HELLO}/meta.yaml", "purpose: transactional\n")
    team.write(f"{HELLO}/{locale}/subject.txt", subject)
    found = complaints(team)

    assert [problem.code for problem in found] == (["offer-in-transactional"] if is_offer else [])
    assert all(problem.severity == "warning" for problem in found)


def test_the_mail_that_asks_for_the_second_yes_is_judged(team: Team) -> None:
    team.write("playbooks/_shared/topics.yaml", "onboarding: {title: {ja: 始, en: S}, double_opt_in: true}\n")
    assert {code for _, code in said(team)} == {"no-confirm-mail"}

    team.write("email_templates/consents/confirm/meta.yaml", "purpose: transactional\n")
    for locale in ("ja", "en"):
        team.write(f"email_templates/consents/confirm/{locale}/subject.txt", "x")
        team.write(f"email_templates/consents/confirm/{locale}/body.html", '<a href="{{ confirm_url }}">x</a>')
    assert said(team) == set()

    team.write("email_templates/consents/confirm/en/body.html", "x")
    team.write("email_templates/consents/confirm/meta.yaml", "purpose: relationship\n")
    places = {problem.file.rpartition("confirm/")[2] for problem in check_workspace(team.load())}
    assert {"meta.yaml", "en/body.html"} <= places
