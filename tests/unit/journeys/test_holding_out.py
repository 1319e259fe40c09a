"""Lots of trials: the same for ever, fair, and steady when the share grows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engage.customers.facts import Subject
from engage.journeys.entering import Candidate
from engage.journeys.holding_out import HELD_OUT, HOLDOUT, drawn
from engage.language.catalogue import Catalogue
from engage.language.experiments import is_owed
from engage.language.parse import parse_playbook
from tests.support.workspaces import PLAYBOOK

ACCOUNTS = [f"account-{number}" for number in range(2000)]


def held_out(share: str) -> set[str]:
    return {one for one in ACCOUNTS if drawn(HOLDOUT, "tale", one, Decimal(share)) == HELD_OUT}


def test_a_lot_is_fair_and_whoever_is_held_out_stays_so_when_the_share_grows() -> None:
    few, many = held_out("10"), held_out("20")
    assert 150 < len(few) < 250 and 340 < len(many) < 460
    assert few < many


def test_a_lot_never_changes() -> None:
    assert [drawn(HOLDOUT, "tale", one, Decimal(50)) for one in ("acme", "aoba", "kita")] == [
        "held_out", "treated", "treated",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "templates", "informs"),
    [
        ("", "", (), False),
        ("subject: account", "subject: contract", (), True),
        ("event: product.opened", "event: contract.renewed", (), True),
        ("topic: onboarding", "topic: contract", (), True),
        ("email: greeting/hello", "{email: greeting/hello, topic: contract}", (), True),
        ("", "", ({"topic": "contract"},), True),
        ("", "", ({"topic": "news", "purpose": "transactional"},), True),
        ("", "", ({"topic": "news", "purpose": "relationship"},), False),
    ],
)
def test_which_playbooks_every_customer_is_owed(
    old: str, new: str, templates: tuple[dict[str, str], ...], informs: bool
) -> None:
    text = PLAYBOOK.replace(old, new, 1) if old else PLAYBOOK
    catalogue = Catalogue.builtin().with_facts({"account.plan": "text"})
    assert is_owed(parse_playbook(text, "greeting.yaml", catalogue), templates) is informs


@pytest.mark.parametrize(("name", "by_hand"), [("playbook.started", True), ("report.shared", False)])
def test_only_a_start_by_a_colleague_keeps_out_of_the_lot(name: str, by_hand: bool) -> None:
    event = {"name": name, "properties": {"by": "ann"}}
    subject = Subject("account", 1, 1, None, None)
    assert Candidate(None, subject, "event:1", {"event": event}).is_by_hand == by_hand  # type: ignore[arg-type]
