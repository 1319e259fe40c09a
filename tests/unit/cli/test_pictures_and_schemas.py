"""Pictures, maps, schemas and explanations of rules from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from engage.cli.playbooks import playbooks
from engage.language.schema import MODELS
from tests.support.workspaces import Team


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    team = Team(tmp_path / "team")
    return {
        "ENGAGE_PLAYBOOKS": str(team.root / "playbooks"),
        "ENGAGE_TEMPLATES": str(team.root / "email_templates"),
    }


def said(environment: dict[str, str], *arguments: str) -> str:
    return CliRunner(env=environment).invoke(playbooks, arguments, catch_exceptions=False).output


def test_a_playbook_and_the_library_can_be_drawn(environment: dict[str, str], tmp_path: Path) -> None:
    assert said(environment, "show", "greeting", "--mermaid").startswith("flowchart TD")
    assert said(environment, "map", "--mermaid").startswith("flowchart LR")
    for name, arguments in (("one.svg", ("show", "greeting")), ("all.svg", ("map",))):
        file = tmp_path / "pictures" / name
        assert said(environment, *arguments, "--locale", "ja", "--svg", str(file)).strip() == str(file)
        assert 'lang="ja"' in file.read_text(encoding="utf-8")
    rows = json.loads(said(environment, "map", "--json"))
    greeted = {"playbooks": ["greeting"], "for_every_segment": ["greeting"]}
    assert {"segment": None, "phase": "onboarding", **greeted} in rows


def test_a_schema_for_every_kind_of_file_is_written(environment: dict[str, str], tmp_path: Path) -> None:
    said(environment, "schema", "--out", str(tmp_path / "schemas"))
    files = (tmp_path / "schemas").iterdir()
    written = {path.name.removesuffix(".schema.json"): json.loads(path.read_text()) for path in files}
    assert set(written) == set(MODELS)
    assert "steps" in written["playbook"]["properties"]


def test_a_code_is_explained(environment: dict[str, str]) -> None:
    assert "no-topic: A message to a customer has no topic." in said(environment, "check", "--explain", "no-topic")
