"""What we ship passes our own check, without a doubt."""

from __future__ import annotations

from engage.config import shipped
from engage.language.workspace import load_workspace
from engage.rollout.checking import check


def test_the_shipped_playbooks_and_templates_have_no_problems() -> None:
    workspace = load_workspace(shipped("playbooks"), shipped("email_templates"))
    assert workspace.playbooks
    assert check(workspace) == []
