"""`engage init`: a team's own repository that passes its own check."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from click.testing import CliRunner, Result

from engage.cli.main import engage
from engage.config import SETTINGS
from engage.errors import ConflictError


def run(*words: str, home: Path, **settings: str) -> Result:
    return CliRunner(env={"ENGAGE_HOME": str(home), **settings}).invoke(engage, list(words))


def test_a_new_repository_passes_its_own_check(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    assert run("init", str(ours), home=tmp_path).exit_code == 0
    settings = {"ENGAGE_PLAYBOOKS": str(ours / "playbooks"), "ENGAGE_TEMPLATES": str(ours / "email_templates")}
    checked = run("playbooks", "check", home=tmp_path, **settings)
    assert checked.exit_code == 0, checked.output

    said = json.loads((ours / ".vscode" / "settings.json").read_text(encoding="utf-8"))["yaml.schemas"]
    assert all((ours / schema).is_file() for schema in said)
    assert list(ours.glob(said[".engage-schemas/playbook.schema.json"]))
    run("playbooks", "new", "first-report", home=tmp_path, **settings)
    first = (ours / "playbooks" / "first-report.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../.engage-schemas/playbook.schema.json"
    assert (ours / "playbooks" / first.rpartition("=")[2]).is_file()


def test_the_settings_example_names_every_setting(tmp_path: Path) -> None:
    run("init", str(tmp_path / "ours"), home=tmp_path)
    example = (tmp_path / "ours" / "settings.example.env").read_text(encoding="utf-8")
    assert all(f"{setting.name}=" in example for setting in SETTINGS)


def test_the_settings_example_can_be_loaded_as_it_is_and_names_the_folders_beside_it(tmp_path: Path) -> None:
    run("init", str(tmp_path / "ours"), home=tmp_path)
    example = tmp_path / "ours" / "settings.example.env"
    said = subprocess.run(
        ["sh", "-ec", f"set -a; . {example}; env"], env={}, capture_output=True, text=True, check=True
    )
    assert {line for line in said.stdout.splitlines() if line.startswith("ENGAGE_")} == {
        "ENGAGE_PLAYBOOKS=playbooks",
        "ENGAGE_TEMPLATES=email_templates",
    }


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = run("init", str(tmp_path), home=tmp_path)
    assert isinstance(done.exception, ConflictError)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert done.exception.hint == "name a new folder"


def test_who_comes_back_after_an_upgrade_is_told_how_to_renew_what_editors_complete(tmp_path: Path) -> None:
    (tmp_path / ".engage-schemas").mkdir()
    done = run("init", str(tmp_path), home=tmp_path)
    assert isinstance(done.exception, ConflictError)
    assert f"engage playbooks schema --out {tmp_path / '.engage-schemas'}" in (done.exception.hint or "")
