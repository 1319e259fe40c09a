"""A million steps that fall due at once, drained and counted: `python -m tests.bench.drain`."""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bench.meter import Meter
from tests.bench.population import populate
from tests.bench.stand import Stand, Store, stand, store
from tests.support.workspaces import Team

# Who reads Japanese waits shorter: every step asks for a fact, and the two counts must come out.
_PLAYBOOK = """\
playbook: drained
title: {ja: 計測, en: Drained}
stage: setup
subject: contact
trigger: {event: product.opened}
to: contact
topic: onboarding
goal: none
steps:
  - choose:
      - if: contact.locale == "ja"
        steps: [{wait: 100 days}]
      - else: [{wait: 200 days}]
"""
_RUNS = """
INSERT INTO enrolments (public_id, playbook_key, playbook_version_id, subject_kind, subject_id, occurrence, account_id,
                        contact_id, trigger, state, visit, memory, due_at, entered_at)
SELECT 'enr_bench_' || c.id, 'drained', v.id, 'contact', c.id, 'bench', m.account_id, c.id, '{}', 'running', 1, '{}',
       now(), now()
FROM contacts c JOIN memberships m ON m.contact_id = c.id, playbook_versions v WHERE v.key = 'drained'
"""
_LEFT = "SELECT count(*) FROM enrolments WHERE due_at < now() + interval '50 days'"
_COUNTS = """
SELECT count(*) FILTER (WHERE due_at < now() + interval '150 days'), count(*),
       (SELECT count(*) FROM step_runs), (SELECT count(DISTINCT enrolment_id) FROM step_runs)
FROM enrolments WHERE state = 'running'
"""


@dataclass(frozen=True)
class Drained:
    """What it took to carry out so many due steps."""

    runs: int
    seconds: float
    cpu_ms: float  # a run, of the worker and the database
    worker_mb: float


def measure(count: int) -> Drained:
    """Puts so many runs before their first step, all due now, and lets a worker as shipped go through them."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder, store("postgresql") as place:
        team = Team(Path(folder))
        team.write("playbooks/drained.yaml", _PLAYBOOK)
        with stand(place, 0) as made:
            made.environ |= {"ENGAGE_PLAYBOOKS": f"{folder}/playbooks", "ENGAGE_TEMPLATES": f"{folder}/email_templates"}
            made.run("playbooks", "apply")
            populate(place, count)
            return _drain(made, place, count)


def _drain(made: Stand, place: Store, count: int) -> Drained:
    with psycopg.connect(place.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(_RUNS)
        connection.execute("ANALYZE")
        worker = made.start("worker")
        with Meter([worker.pid] + ([place.pid] if place.pid else [])) as meter:
            started = time.perf_counter()
            while connection.execute(_LEFT).fetchone() != (0,):
                time.sleep(1)
            seconds = time.perf_counter() - started
        counts = connection.execute(_COUNTS).fetchone()
    if counts is None or (counts[0], counts[1], counts[3]) != (count - count // 2, count, count):
        raise SystemExit(f"{count} runs were due; short waits, runs, journal lines and runs in the journal: {counts}")
    return Drained(count, seconds, meter.cpu_seconds * 1000 / count, meter.peak_mb["engage"])


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    print(measure(parser.parse_args().runs))


if __name__ == "__main__":
    main()
