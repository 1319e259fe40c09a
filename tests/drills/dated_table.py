"""The dated table of the full form, in the docs; each row is what a run of that drill told of itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tests.drills.telling import Report

PAGE = Path(__file__).parents[2] / "docs/explanation/how-delivery-is-attacked.md"
BEGIN, END = "<!-- rows: python -m tests.drills --full --write-docs -->\n", "<!-- end of rows -->\n"
HEAD = "\n| | drill | what was done | what held | played on |\n|---|---|---|---|---|\n"
_NUMBER = re.compile(r"\| (\d+) \|")


def write(reports: Sequence[Report], on: date, page: Path = PAGE) -> None:
    """Puts the rows of these reports into the page; rows of drills that were not played stay, under their own date."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    old, after = rest.split(END)
    rows = {int(found[1]): line for line in old.splitlines() if (found := _NUMBER.match(line))}
    rows |= {report.number: _row(report, on) for report in reports}
    lines = "".join(f"{rows[number]}\n" for number in sorted(rows))
    page.write_text(before + BEGIN + HEAD + lines + END + after, encoding="utf-8")


def _row(report: Report, on: date) -> str:
    played = f"{on}, {report.seconds:.0f} s"
    cells = (str(report.number), report.title, _lines(report.done), _lines(report.held), played)
    return "| " + " | ".join(cells) + " |"


def _lines(words: Sequence[str]) -> str:
    return "<br>".join(one.replace("|", "\\|") for one in words)
