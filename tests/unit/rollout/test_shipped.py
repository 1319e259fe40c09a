"""What we ship passes our own check, without a doubt, and what every customer is owed can leave nobody out."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from engage.config import shipped
from engage.language.workspace import Workspace, load_workspace
from engage.rollout.checking import check

OWED = ("kickoff", "renewal", "renewal-answer", "renewal-last-month", "renewal-thanks", "renewal-thanks-auto")


@cache
def as_shipped() -> Workspace:
    return load_workspace(shipped("playbooks"), shipped("email_templates"))


def test_the_shipped_playbooks_and_templates_have_no_problems() -> None:
    assert as_shipped().playbooks
    assert check(as_shipped()) == []


def test_nobody_can_be_held_out_of_kickoff_renewal_and_thanks(tmp_path: Path) -> None:
    folder = tmp_path / "playbooks"
    shutil.copytree(shipped("playbooks"), folder)
    for path in folder.glob("*.yaml"):
        path.write_text(f"holdout: 10%\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    refused = [one.file for one in check(load_workspace(folder, shipped("email_templates"))) if one.code == "no-trial"]
    assert {Path(file).stem for file in refused} >= set(OWED)
    assert "first-use" not in {Path(file).stem for file in refused}
