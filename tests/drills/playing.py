"""Playing one drill: a folder of its own, a stage, and a report whatever happens."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic

from tests.drills.drill import Drill
from tests.drills.stage import Stage
from tests.drills.telling import Report


def played(
    drill: Drill,
    fresh_database: Callable[[], AbstractContextManager[str]],
    *,
    short: bool,
    say: Callable[[str], None] = print,
) -> Report:
    """The report of a drill; what breaks off on the way did not hold."""
    report = Report(drill.number, drill.title, drill.criterion, say=say)
    say(f"{drill.number}. {drill.title}")
    started = monotonic()
    with tempfile.TemporaryDirectory(prefix="engage-drill-", ignore_cleanup_errors=True) as folder:
        try:
            drill.play(Stage(report, Path(folder), fresh_database, short=short))
        except Exception as error:
            traceback.print_exc()
            report.holds(f"it came to its end ({type(error).__name__}: {error})", False)
    report.seconds = monotonic() - started
    say(f"    {'held' if report.is_good else 'BROKEN'} in {report.seconds:.0f} s\n")
    return report
