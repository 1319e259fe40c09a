"""`tests:` and `never:` are read with places, or refused with the way out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engage.errors import PlaybookError
from engage.language.catalogue import Catalogue
from engage.language.invariants import FORMS, Invariant, TooManyWithin, Unwanted, WithoutFormer, read_invariant
from engage.language.parse import parse_playbook
from engage.language.spec import Playbook
from engage.language.telling_never import tell_never
from engage.language.time_frames import TimeFrame

TOKYO = ZoneInfo("Asia/Tokyo")
PLAYBOOK = """\
playbook: p
title: {ja: 例, en: Example}
stage: use
subject: account
trigger: {event: replied}
to: [champion]
topic: contract
steps:
  - email: a/b
"""
TESTS = """\
tests:
  - name: told in time
    given:
      account: {touch_model: high, phase: null}
      contacts: [{id: ann, roles: champion, locale: en}]
      contract: {ends_on: 2027-03-31}
      without: csm
    then:
      - {at: 2026-11-01..2026-11-30, event: feature.used, times: 20, by: ann}
      - {at: 2026-12-04 14:00, event: contract.renewed, properties: {ends_on: 2028-03-31}}
    expect:
      - {at: 2026-12-01 09:00..17:30 Asia/Tokyo, email: a/b, to: champion, from: team, says: 31 March}
"""


def _read(more: str) -> Playbook:
    return parse_playbook(PLAYBOOK + more, "p.yaml", Catalogue.builtin())


def test_an_example_is_read() -> None:
    [example] = _read(TESTS).tests

    assert example.given.account == {"touch_model": "high", "phase": None}
    assert example.given.contacts[0].facts == {"locale": "en"}
    assert example.given.without == ("csm",)
    assert [row.what for row in example.then] == ["event", "event"]
    assert example.expect[0].says == ("31 March",)


@pytest.mark.parametrize(
    ("written", "begins", "hours"),
    [
        ("2026-12-01", "2026-11-30T15:00", 24),
        ("2026-12-01 09:00", "2026-12-01T00:00", 0.25),
        ("2026-12-01 09:00..17:30", "2026-12-01T00:00", 8.5),
        ("2026-12-01..2026-12-05", "2026-11-30T15:00", 120),
        ("2026-12-01 09:00..2026-12-02 12:00 UTC", "2026-12-01T09:00", 27),
        ("2026-12-01 18:00..24:00 America/New_York", "2026-12-01T23:00", 6),
    ],
)
def test_times_are_those_on_the_wall(written: str, begins: str, hours: float) -> None:
    frame = TimeFrame.parse(written)

    assert frame.begins(TOKYO) == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert frame.ends(TOKYO) - frame.begins(TOKYO) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("more", "code", "line"),
    [
        (
            "tests:\n  - given: {account: {tuch_model: high}}\n    expect: [{at: 2026-12-01, email: a/b}]",
            "unknown-fact",
            11,
        ),
        ("tests:\n  - expect: [{at: 1 December, email: a/b}]", "bad-time", 11),
        ("tests:\n  - expect: [{at: 2026-13-01, email: a/b}]", "bad-time", 11),
        ("tests:\n  - expect: [{at: 2026-12-01, email: a/b, task: x}]", "one-thing", 11),
        ("tests:\n  - expect: [{at: 2026-12-01, task: x, says: y}]", "one-thing", 11),
        ("tests:\n  - expect: [{email: a/b}]", "no-end", 11),
        ("tests:\n  - expct: [{email: a/b}]\n    expect: [{at: 2026-12-01, email: a/b}]", "unknown-key", 11),
        ("tests:\n  - then: [{at: 2026-12-01}]\n    expect: [{at: 2026-12-01, email: a/b}]", "one-thing", 11),
        ("never:\n  - any mail at all", "bad-invariant", 11),
        ("never:\n  - one email to one account within 3 days", "bad-invariant", 11),
        ("never:\n  - any message while account.phse == 'x'", "unknown-fact", 11),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(more: str, code: str, line: int) -> None:
    with pytest.raises(PlaybookError) as refused:
        _read(more)

    assert [(problem.code, problem.line) for problem in refused.value.problems] == [(code, line)]


@pytest.mark.parametrize("form", [form for form, *_ in FORMS])
def test_every_form_of_the_reference_is_read(form: str) -> None:
    assert read_invariant(form, Catalogue.builtin().with_facts({"account.dispute_open": "bool"})).text == form


def test_every_form_is_told_in_japanese() -> None:
    known = Catalogue.builtin().with_facts({"account.dispute_open": "bool"})
    told = [tell_never(read_invariant(form, known), "ja") for form, *_ in FORMS]

    assert told[0] == "一つの顧客企業に72時間以内に2件のメール"
    assert len(set(told)) == len(FORMS)
    assert all(any("ぁ" <= sign <= "ん" or "一" <= sign <= "鿿" for sign in text) for text in told)


def test_sentences_mean_what_they_say() -> None:
    def meaning(text: str) -> object:
        found = read_invariant(text, Catalogue.builtin())
        assert isinstance(found, Invariant)
        return found.rule

    within = meaning("3 customer  messages to one contact within 14 days")
    assert isinstance(within, TooManyWithin)
    assert (within.what, within.count, within.per, str(within.within)) == ("messages", 3, "contact", "14 days")
    unwanted = meaning('any email to partner while account.phase == "churned"')
    assert isinstance(unwanted, Unwanted)
    assert (unwanted.what, unwanted.role, str(unwanted.condition)) == (
        "emails",
        "partner",
        'account.phase == "churned"',
    )
    assert meaning("reminder without value") == WithoutFormer("reminder", "value")
