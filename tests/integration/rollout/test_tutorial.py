"""The tutorial is true: its files are written, its commands run, and they say what the page says they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from engage.cli.main import engage

PAGE = Path(__file__).parents[3] / "docs/tutorial/first-playbook.md"
BLOCK = re.compile(r"(?:^`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tutorial_can_be_followed_to_its_end(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment: dict[str, str | None] = {"ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"}
    runner, ran = CliRunner(), 0
    for name, language, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if name:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text, encoding="utf-8")
        elif language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                words = shlex.split(command)
                if words[0] == "export":
                    environment |= dict(word.split("=", 1) for word in words[1:])
                    continue
                said = runner.invoke(engage, words[1:], env=environment).output
                assert all(" ".join(line.split()) in " ".join(said.split()) for line in shown.splitlines()), (
                    command,
                    said,
                )
                ran += 1
    assert ran == 11
    played = runner.invoke(engage, ["playbooks", "simulate", "--days", "28", "--json"], env=environment).stdout
    assert played.count('"email"') == 1 and played.count('"task"') == 1
    assert Path("first-report.svg").read_text(encoding="utf-8").startswith("<svg")
