"""What is kept of a customer's facts for one message."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from engage.messages.contexts import missing, path_of, plain, pruned

TOKYO = ZoneInfo("Asia/Tokyo")


def test_only_named_facts_are_kept() -> None:
    facts = {"contact": {"email": "a@b.example", "title": "部長"}, "people": [object()], "goal": {"rows": [{"a": 1}]}}

    assert pruned(facts, frozenset({("contact", "title"), ("goal", "rows"), ("csm", "name")}), zone=TOKYO) == {
        "contact": {"title": "部長"},
        "goal": {"rows": [{"a": 1}]},
    }


def test_a_whole_and_its_part_do_not_fight() -> None:
    facts = {"csm": {"name": "佐藤", "phone": None}}

    assert pruned(facts, frozenset({("csm", "name"), ("csm",)}), zone=TOKYO) == {"csm": {"name": "佐藤"}}


def test_values_are_plain_and_clean() -> None:
    value = {
        "at": datetime(2027, 1, 1, 16, 0, tzinfo=UTC),
        "on": date(2027, 1, 1),
        "amount": Decimal("1.50"),
        "name": "山田\x02\x00\r\n太郎",
        "thing": object(),
        "none": None,
        "rows": [1] * 900,
    }
    kept = plain(value, TOKYO)

    assert kept["at"] == "2027-01-02T01:00:00+09:00"
    assert (kept["on"], kept["amount"], kept["name"]) == ("2027-01-01", "1.50", "山田\n太郎")
    assert ("thing" in kept, "none" in kept, len(kept["rows"])) == (False, False, 500)


def test_needed_facts_that_are_missing_are_named() -> None:
    facts = {"goal": {"text": "", "actual": 0}, "handoff": {"facts": [{"label": "a"}], "complete": False}}
    needs = ["goal.text", "goal.actual", "handoff.complete", "handoff.facts[1]", "usage.as_of"]

    assert missing(facts, needs) == ["goal.text", "handoff.facts[1]", "usage.as_of"]
    assert path_of("handoff.facts[1].label") == ("handoff", "facts", "1", "label")
