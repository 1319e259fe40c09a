"""The page docs/reference/check-rules.md, from the rules themselves; `python -m engage.language.docs` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from engage.errors import NotFoundError, Problem
from engage.language.check import RULES, check_workspace
from engage.language.guessing import way_out
from engage.language.reading_code import ReadingCode, shown
from engage.language.reading_codes import READING_CODES
from engage.language.rule_examples import BASE, workspace_with
from engage.language.rulebook import RuleText, by_code, text_of_rule

INTRODUCTION = """\
# What `engage playbooks check` looks for

Generated from the rules themselves (`python -m engage.language.docs`); do not edit by hand. Each example is run
by the tests: the first form gets the complaint below it, the second none. `engage playbooks check --explain CODE`
prints one entry.

An error keeps the playbook from being published; a warning is a doubt that somebody should look at. The examples lie
over this playbook: a key that an example names takes the place of the one here, and what stands after `# file:` is that
whole file.
"""


def page() -> str:
    """The whole page."""
    texts = [text_of_rule(rule) for rule in RULES]
    parts = [INTRODUCTION, f"```yaml\n{BASE}```\n", *_contents(texts)]
    for text in texts:
        parts += _entry(text)
    parts.append("## Before any rule: what cannot be read\n")
    for code, said in READING_CODES.items():
        parts.append(f"### {code}\n\n{said.what} **The way out**: {said.way_out}\n")
        parts += [f"{head}:\n\n```yaml\n{shown(text)}\n```\n" for head, text in _forms(said)]
    return "\n".join(parts).rstrip() + "\n"


def explained(text: RuleText) -> str:
    """One rule as plain text, for a terminal."""
    lines = [f"{', '.join(text.codes)}: {text.what}", "", f"Why it matters: {text.why}", f"The way out: {text.way_out}"]
    for example in text.examples:
        lines += ["", f"Wrong ({example.code}):", _indented(example.wrong), "Right:", _indented(example.right)]
    return "\n".join(lines)


def explanation(code: str) -> str:
    """Every rule that complains with the code; NotFoundError with the nearest code."""
    known = by_code(RULES)
    read = READING_CODES.get(code)
    if code not in known and read is None:
        hint = way_out(code, sorted([*known, *READING_CODES]))
        raise NotFoundError(f"no rule complains with {code}", hint=hint)
    of_reading = [_of_reading(code, read)] if read else []
    return "\n\n".join([*of_reading, *(explained(text) for text in known.get(code, ()))])


def _of_reading(code: str, read: ReadingCode) -> str:
    """One complaint of reading as plain text, for a terminal."""
    lines = [f"{code}: {read.what}", "", f"The way out: {read.way_out}"]
    for head, text in _forms(read):
        lines += ["", f"{head}:", _indented(shown(text))]
    return "\n".join(lines)


def _forms(read: ReadingCode) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("Wrong", read.wrong), ("Right", read.right)


@lru_cache(maxsize=256)
def complaints(example: str) -> tuple[Problem, ...]:
    """What `check` says of an example."""
    return tuple(check_workspace(workspace_with(example)))


def _contents(texts: list[RuleText]) -> Iterator[str]:
    yield "| code | what is wrong |\n|---|---|"
    for text in texts:
        codes = ", ".join(f"`{code}`" for code in text.codes)
        yield f"| [{codes}](#{text.name.replace(' ', '-')}) | {text.what} |"
    yield ""


def _entry(text: RuleText) -> Iterator[str]:
    yield f"## {text.name.capitalize()}\n\n{text.what} Codes: {', '.join(f'`{code}`' for code in text.codes)}.\n"
    yield f"**Why it matters**: {text.why}\n\n**The way out**: {text.way_out}\n"
    for example in text.examples:
        said = next(problem for problem in complaints(example.wrong) if problem.code == example.code)
        yield f"Wrong:\n\n```yaml\n{example.wrong}\n```\n"
        yield f"```text\n{'' if said.severity == 'error' else 'warning: '}{said}\n```\n"
        yield f"Right:\n\n```yaml\n{example.right}\n```\n"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
