"""Every rule of `check` explains itself, and its examples are true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engage.errors import Problem
from engage.language.check import RULES
from engage.language.reading_codes import READING_CODES
from engage.language.rule_examples import workspace_with
from engage.language.rulebook import Example, by_code, text_of_rule
from engage.language.rules_docs import complaints, explanation, page
from engage.language.workspace import load_workspace
from engage.rollout.broadcasts import passed
from engage.rollout.checking import check

TEXTS = [text_of_rule(rule) for rule in RULES]
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_NO_CODES = {
    "no-kind",
    "utf-8",
    "utf-8-sig",
    "background-color",
    "font-size",
    "font-weight",
}  # the first is how pydantic hands on what is then called otherwise
EXAMPLES = [(text.name, example) for text in TEXTS for example in text.examples]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_a_rule_says_what_is_wrong_why_and_the_way_out(text) -> None:  # type: ignore[no-untyped-def]
    assert text.what.endswith(".") and text.codes and text.why and text.way_out and text.examples


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=lambda value: value if isinstance(value, str) else "")
def test_the_wrong_form_is_complained_of_and_the_right_one_is_not(name: str, example: Example) -> None:
    found = {problem.code for problem in complaints(example.wrong)}
    assert found == {example.code}
    assert [str(problem) for problem in complaints(example.right)] == []


def test_the_base_of_the_examples_is_sound() -> None:
    assert complaints("") == ()


def test_the_page_is_generated_from_the_rules_as_they_are() -> None:
    written = Path(__file__).parents[3] / "docs/reference/check-rules.md"
    assert written.read_text(encoding="utf-8") == page(), "run: python -m engage.language.docs"


@pytest.mark.parametrize("code", READING_CODES)
def test_what_cannot_be_read_gets_the_complaint_that_is_explained(code: str, tmp_path: Path) -> None:
    said = READING_CODES[code]

    assert {problem.code for problem in found(code, said.wrong, tmp_path)} == {code}
    assert [str(problem) for problem in found(code, said.right, tmp_path)] == []
    assert said.what in explanation(code) and "Right:" in explanation(code)


def found(code: str, example: str, folder: Path) -> list[Problem]:
    """What is said of an example of this code, by whoever says it."""
    if code == "missing-folder":
        for name in ("playbooks", "email_templates"):
            (folder / name).mkdir(exist_ok=True)
        return list(load_workspace(folder / example.partition("=")[2], folder / "email_templates").problems)
    workspace = workspace_with(example)
    if code == "moment-passed":
        (file,) = workspace.playbooks
        return [said for said in [passed(file, workspace, datetime.now(UTC))] if said]
    return check(workspace) if code.startswith("template-") else list(complaints(example))


def test_every_code_in_the_source_is_explained() -> None:
    known = {*READING_CODES, *by_code(RULES)}
    assert {code: place for code, place in codes_in_source() if code not in known} == {}


def codes_in_source() -> Iterator[tuple[str, str]]:
    """Every word of a code's shape that is handed to somebody, where complaints are made."""
    engage = Path(__file__).parents[3] / "engage"
    for package in ("language", "messages", "rollout"):
        for file in sorted((engage / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                given = [*node.args, *(each.value for each in node.keywords)] if isinstance(node, ast.Call) else []
                for word in (each.value for each in given if isinstance(each, ast.Constant)):
                    if isinstance(word, str) and _CODE.fullmatch(word) and word not in _NO_CODES:
                        yield word, f"{file.relative_to(engage)}:{node.lineno}"
