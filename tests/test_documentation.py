"""The pages are complete and true: links lead somewhere, commands exist, the README's first playbook passes `check`."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engage.cli.main import engage
from engage.language.check import check_workspace
from engage.language.workspace import load_workspace

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"^(?: {4}(?: {3})?|\$ )?(engage [a-z][^\n]*)$", re.MULTILINE)
FENCED = re.compile(r"^```(?:sh|console)\n(.*?)^```$|((?:^ {4,}\S[^\n]*\n)+)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"(.*?)^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./-]+\.(?:yaml|txt|mjml))`")
MAIL = "email_templates/first-report/share-it"


def test_the_readme_names_every_shipped_playbook_and_leads_to_every_page() -> None:
    text = README.read_text(encoding="utf-8")
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yaml")}
    assert {name for name in playbooks if f"`{name}`" not in text} == set()
    linked = {(ROOT / link).resolve() for link in LINK.findall(text)}
    assert [page for page in DOCS if page.resolve() not in linked] == []


@pytest.mark.parametrize("page", [README, ROOT / "CHANGELOG.md", *DOCS], ids=lambda page: page.stem)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [README, *DOCS], ids=lambda page: page.stem)
def test_every_command_of_a_page_is_one_that_engage_knows(page: Path) -> None:
    for words in _commands(page.read_text(encoding="utf-8")):
        _parsed(words)


def test_the_first_playbook_of_the_readme_passes_check_without_a_warning(tmp_path: Path) -> None:
    for name in ("playbooks", "email_templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name, text in _files_of_the_first_playbook():
        path = tmp_path / (name if name.startswith(("playbooks/", MAIL)) else f"{MAIL}/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    shutil.copytree(tmp_path / MAIL / "en", tmp_path / MAIL / "ja")

    problems = check_workspace(load_workspace(tmp_path / "playbooks", tmp_path / "email_templates"))

    assert (tmp_path / "playbooks/first-report.yaml").exists()
    assert [str(one) for one in problems] == []


def _files_of_the_first_playbook() -> Iterator[tuple[str, str]]:
    """Each block of the README's five minutes that the words before it name as a file."""
    section = README.read_text(encoding="utf-8").partition("## Five minutes")[2].partition("## Shipped playbooks")[0]
    for before, text in BLOCK.findall(section):
        names = FILE.findall(before)
        if names:
            yield names[-1], text


def _commands(text: str) -> Iterator[list[str]]:
    for fenced, indented in FENCED.findall(text):
        for line in COMMAND.findall(fenced or indented):
            yield shlex.split(line.partition(" > ")[0].partition(" | ")[0], comments=True)[1:]


def _parsed(words: list[str]) -> None:
    """The command with its options; raises where Engage has no such command or option."""
    command: click.Command | None = engage
    for number, word in enumerate(words):
        if not isinstance(command, click.Group):
            break
        command, rest = command.get_command(click.Context(command), word), words[number + 1 :]
        assert command is not None, words
    command.make_parser(click.Context(command)).parse_args(rest)
