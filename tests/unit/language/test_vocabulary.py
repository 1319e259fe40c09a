"""What all playbooks share, read, stored and read again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from engage.language.durations import Duration
from engage.language.vocabulary import Vocabulary
from tests.support.workspaces import Team


def test_a_vocabulary_survives_being_stored(tmp_path: Path) -> None:
    team = Team(tmp_path)
    team.write("playbooks/_shared/touch_models.yaml", "high: {approve: always, by: csm, within: 2 business days}")
    team.write("playbooks/_shared/calendars.yaml", "JP: [2027-08-13..2027-08-16]\nall: [2027-04-01]")
    vocabulary = team.load().vocabulary
    again = Vocabulary.model_validate(vocabulary.model_dump(mode="json"))
    assert again == vocabulary
    assert again.touch_model("high").within == Duration(2, "business days")
    assert again.touch_model(None).approve == again.touch_model("tech").approve == "never"
    assert again.closures("jp") == {date(2027, 4, 1), *(date(2027, 8, day) for day in (13, 14, 15, 16))}
    assert again.closures(None) == {date(2027, 4, 1)}
    assert again.catalogue().kind("account.plan") == "text"
    assert again.knows_event("product.opened") and again.knows_event("contract.renewed")
    assert not again.knows_event("product.opend")


def test_company_facts_come_in_the_language_asked_and_leave_out_what_is_empty(tmp_path: Path) -> None:
    company = Team(tmp_path).load().vocabulary.company
    assert company.facts("ja") == {
        "name": "見本",
        "url": "https://app.sample.example",
        "postal_address": "東京都千代田区丸の内9丁目8番7号",
        "team": {"name": "Team", "email": "team@sample.example"},
    }
    assert company.facts("en-GB")["name"] == "Sample"
