"""What the documents promise is there: settings, commands, make targets."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path

import click
import pytest

from engage.cli import playbooks
from engage.cli.main import COMMANDS
from engage.config import SETTINGS
from engage.worker.due import KINDS
from engage.worker.rounds import ROUNDS
from tests.support.readme import README, settings_table

ROOT = Path(__file__).parent.parent


def test_the_readme_lists_every_setting_as_config_has_it() -> None:
    assert settings_table() in README.read_text(encoding="utf-8"), "run: python -m tests.support.readme"


def test_config_reads_only_settings_that_are_listed() -> None:
    read = set(re.findall(r'env\.get\("([A-Z_]+)"', (ROOT / "engage" / "config.py").read_text(encoding="utf-8")))
    assert read == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("place", [*COMMANDS.values(), *playbooks.COMMANDS.values()])
def test_every_command_is_there_and_says_what_it_does(place: str) -> None:
    module, _, attribute = place.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.help


def test_every_kind_of_work_has_a_round() -> None:
    assert set(ROUNDS) == set(KINDS)


def test_make_help_lists_what_there_is() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"demo", "test", "check", "up", "bench"} <= set(re.findall(r"^make (\w+)", said, re.MULTILINE))


def test_the_constraints_pin_every_dependency() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = {_plain(name) for name in re.findall(r'^    "([A-Za-z0-9.\-]+)(?:\[\w+\])?[><=]', text, re.MULTILINE)}
    pinned = {_plain(name) for name in re.findall(r"^(\S+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)}
    assert wanted <= pinned


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
