"""Plays the drills, in full or in the short form; exit status 1 where something did not hold."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from datetime import UTC, datetime

from rich.console import Console

from tests.drills import dated_table
from tests.drills.cluster import cluster
from tests.drills.order import DRILLS
from tests.drills.playing import played
from tests.drills.telling import as_table


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended on the way out
    logging.getLogger("engage").addHandler(logging.NullHandler())  # the drills tell what happens
    chosen = [drill for drill in DRILLS if not options.names or drill.name in options.names]
    with cluster() as server:
        reports = [played(drill, server.fresh_database, short=not options.full) for drill in chosen]
    Console().print(as_table(reports))
    good = all(report.is_good for report in reports)
    if options.write_docs and good:
        dated_table.write(reports, datetime.now(UTC).date())
    sys.exit(not good)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    names = [drill.name for drill in DRILLS]
    parser.add_argument("names", nargs="*", help=f"all, or some of: {', '.join(names)}")
    parser.add_argument("--full", action="store_true", help="as in the table of the docs, not as in the test suite")
    parser.add_argument("--write-docs", action="store_true", help="puts what held into that table; needs --full")
    options = parser.parse_args()
    unknown = set(options.names) - set(names)
    if unknown:
        parser.error(f"no such drill: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if options.write_docs and not options.full:
        parser.error("the table shows the full form: add --full")
    return options


if __name__ == "__main__":
    main()
