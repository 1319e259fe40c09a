"""The table in the docs: a run writes its own rows and leaves those of drills that it did not play."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.drills import dated_table
from tests.drills.order import DRILLS
from tests.drills.telling import Report


def report(number: int, *held: str) -> Report:
    return Report(number, f"drill {number}", "it holds", done=["done"], held=list(held), seconds=7.2)


def test_a_run_replaces_the_rows_of_what_it_played_and_keeps_the_others(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{dated_table.BEGIN}{dated_table.END}after\n")
    dated_table.write([report(11, "none twice"), report(2, "all | sent", "once")], date(2026, 11, 30), page)
    dated_table.write([report(2, "again")], date(2026, 12, 1), page)

    assert page.read_text().splitlines() == [
        "before",
        *(dated_table.BEGIN + dated_table.HEAD).splitlines(),
        "| 2 | drill 2 | done | again | 2026-12-01, 7 s |",
        "| 11 | drill 11 | done | none twice | 2026-11-30, 7 s |",
        *dated_table.END.splitlines(),
        "after",
    ]


def test_the_page_of_the_docs_names_every_drill() -> None:
    text = dated_table.PAGE.read_text(encoding="utf-8")
    assert [drill.name for drill in DRILLS if f"| {drill.number} | `{drill.name}` |" not in text] == []
