"""`engage playbooks new`: what it writes passes the check at once, and nothing is written over."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engage.config import shipped
from engage.errors import ConflictError, InputError, NotFoundError
from engage.rollout.beginning import Folders, begin_playbook
from engage.rollout.checking import check
from tests.integration.cli.test_init import run

SHIPPED = Folders(shipped("playbooks"), shipped("email_templates"))


@pytest.fixture
def ours(tmp_path: Path) -> Folders:
    """A team's own repository with the shared vocabulary, and not one playbook."""
    shutil.copytree(SHIPPED.playbooks / "_shared", tmp_path / "playbooks" / "_shared")
    (tmp_path / "email_templates").mkdir()
    return Folders(tmp_path / "playbooks", tmp_path / "email_templates")


def errors(ours: Folders) -> list[str]:
    """What the check refuses."""
    return [str(problem) for problem in check(ours.read()) if problem.severity == "error"]


def test_the_command_writes_the_smallest_playbook_and_it_passes_the_check(ours: Folders, tmp_path: Path) -> None:
    settings = {"ENGAGE_PLAYBOOKS": str(ours.playbooks), "ENGAGE_TEMPLATES": str(ours.templates)}
    done = run("playbooks", "new", "first-report", home=tmp_path, **settings)
    assert "first-report.yaml" in done.output
    assert "engage playbooks check first-report" in done.output
    told = json.loads(run("playbooks", "new", "second-report", "--json", home=tmp_path, **settings).output)
    assert told["files"][0].endswith("second-report.yaml") and told["problems"] == []
    assert errors(ours) == []


@pytest.mark.parametrize(
    ("like", "template", "own"),
    [
        ("usage-falling", "usage-falling/how-is-work", "ours/how-is-work"),
        ("renewal-thanks-auto", "renewal-thanks/thanks", "ours/thanks"),
    ],
)
def test_a_copy_has_the_same_steps_and_templates_of_its_own(like: str, template: str, own: str, ours: Folders) -> None:
    begin_playbook("ours", like=like, ours=ours, shipped=SHIPPED)
    text = (ours.playbooks / "ours.yaml").read_text(encoding="utf-8")
    assert "playbook: ours\n" in text
    assert template not in text
    for file in ("meta.yaml", "ja/body.mjml", "en/subject.txt"):
        assert (ours.templates / own / file).read_bytes() == (SHIPPED.templates / template / file).read_bytes()
    assert errors(ours) == []


def test_what_cannot_be_started_is_refused_and_leaves_no_trace(ours: Folders) -> None:
    begin_playbook("mine", like=None, ours=ours, shipped=SHIPPED)
    before = sorted(ours.templates.parent.rglob("*"))
    for key, like, error in (
        ("mine", None, ConflictError),
        ("First Report", None, InputError),
        ("other", "renewl", NotFoundError),
    ):
        with pytest.raises(error):
            begin_playbook(key, like=like, ours=ours, shipped=SHIPPED)
    with pytest.raises(ConflictError, match="shipped"):
        begin_playbook("other", like=None, ours=SHIPPED, shipped=SHIPPED)
    assert sorted(ours.templates.parent.rglob("*")) == before
