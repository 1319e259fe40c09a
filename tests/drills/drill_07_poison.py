"""A template that loops or swells, a gzip of 200 MB, JSON 100,000 deep, a YAML bomb: each fails alone, in bounds."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import select, update

from engage.messages.tables import Message
from engage.releases.tables import TemplateVersion
from tests.drills.drill import Drill
from tests.drills.installation import Installation, status, with_key
from tests.drills.playbooks import publish, team
from tests.drills.stage import Stage, over_sendgrid
from tests.servers.fake_sendgrid import Provider
from tests.servers.running import Running, accepted_ids
from tests.support.ledger import states
from tests.support.waiting import until

MOST_MB = 400
MOST_CPU = 10.0  # seconds of work that a poisoned row may cost
HTML = '<html lang="en"><body><p>{}</p></body></html>'
ROWS = {"rows": [{"name": "x" * 900} for _ in range(2000)]}
# What no check would let through, put straight where live templates are.
TEMPLATES = {
    "loops in loops": "{% for a in rows %}{% for b in rows %}{{ a.name | upper | title }}{% endfor %}{% endfor %}",
    "a text without end": "{% for a in rows %}{% for b in rows %}{{ b.name }}{% endfor %}{% endfor %}",
    "a number without end": "{{ 'A' * 10 ** 9 }}",
    "nested without end": "{% if rows %}" * 5000 + "{% endif %}" * 5000,
    "a call out of the sandbox": "{{ rows.__class__.__mro__ }}",
    "rows that are no rows": "{% for a in contact.given_name %}{{ a }}{% endfor %}",
}  # fmt: skip
DEEP = 100_000


def play(stage: Stage) -> None:
    provider = Provider()
    with stage.sendgrid() as sendgrid:
        settings = over_sendgrid(sendgrid) | {"ENGAGE_SENDGRID_WEBHOOK_KEY": provider.public_key()}
        with stage.installation(**settings, **team(stage.folder / "team")) as here:
            _templates(stage, here, sendgrid, stage.pick(500, 100))
            _requests(stage, here, provider, stage.pick(200, 40))
            _files(stage, here)


def _templates(stage: Stage, here: Installation, sendgrid: Running, neighbours: int) -> None:
    ids = here.fill(neighbours)
    bad = _poisoned(here)
    worker = here.start("worker", "--processes", "1")
    until(lambda: states(here.database)["accepted"] == neighbours and not states(here.database)["queued"])
    (child,) = here.children(worker)
    cpu = sum(psutil.Process(child).cpu_times()[:2])
    stage.did(f"{len(bad)} mails with poisoned templates among {neighbours:,} others")
    with here.database.reading() as session:
        rows = session.execute(select(Message.public_id, Message.state, Message.reason)).all()
    reasons = {bad[row.public_id]: row.reason for row in rows if row.public_id in bad and row.state == "held"}
    for what, reason in reasons.items():
        stage.did(f"{what}: held, {str(reason)[:110]}")
    stage.holds(f"{len(reasons)} of {len(bad)} poisoned are held, each with its reason", len(reasons) == len(bad))
    stage.holds(f"their {neighbours:,} neighbours went", set(accepted_ids(sendgrid)) == set(ids))
    stage.holds(f"all of it took less than {MOST_CPU * len(bad):.0f} s of work", cpu < MOST_CPU * len(bad))
    _keep_small(stage, "the worker", child)


def _poisoned(here: Installation) -> dict[str, str]:
    """One mail for each poisoned template; what it is, by the mail's id."""
    found = {}
    for what, source in TEMPLATES.items():
        with here.database.transaction() as session:
            version = TemplateVersion(
                name=what, locale="en", kind="email", sha=what, subject="Hello", html=HTML.format(source), text=None,
                meta={"purpose": "relationship"}, created_at=here.clock.now(),
            )  # fmt: skip
            session.add(version)
            session.flush()
            key = version.id
        (public_id,) = here.fill(1, template_name=what, template_version_id=key)
        with here.database.transaction() as session:
            inputs = {"contact": {"given_name": "Ann"}, **ROWS}
            session.execute(update(Message).where(Message.public_id == public_id).values(inputs=inputs))
        found[public_id] = what
    return found


def _requests(stage: Stage, here: Installation, provider: Provider, megabytes: int) -> None:
    web = here.start_web()
    key = here.key()
    (process,) = here.children(web)
    bomb = gzip.compress(b'{"batch":[' + b" " * megabytes * 1_000_000 + b"]}", 9)
    deep = b'{"type":"track","properties":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}"
    stamp = str(int(here.clock.now().timestamp()))
    nested = b"[" * DEEP + b"]" * DEEP
    zipped = with_key(key) | {"Content-Encoding": "gzip"}
    good = json.dumps({"event": "drill.opened", "userId": "u"}).encode()
    asked = [
        (f"a gzip of {megabytes} MB in {len(bomb) // 1000} KB", "/v1/batch", bomb, zipped, {413}),
        (f"JSON {DEEP:,} deep", "/v1/track", deep, with_key(key), {400, 413}),
        (f"a signed webhook {DEEP:,} deep", "/hooks/sendgrid/events", nested, provider.signed(nested, stamp), {400}),
    ]
    for what, path, body, headers, expected in asked:
        said = status(here.url(path), body, headers)
        stage.holds(f"{what} to {path} is answered {said}", said in expected)
        stage.holds(
            "an honest event after it is answered 200", status(here.url("/v1/track"), good, with_key(key)) == 200
        )
    _keep_small(stage, "the web process", process)


def _files(stage: Stage, here: Installation) -> None:
    publish(here)
    folder = Path(here.environ["ENGAGE_PLAYBOOKS"])
    bombs = {
        "an alias bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "nesting without end": "steps: " + "[" * DEEP + "]" * DEEP + "\n",
        "a file of 10 MB": "# " + "x" * 10_000_000 + "\n",
    }  # fmt: skip
    for what, text in islice(bombs.items(), stage.pick(None, 1)):
        with _written(folder / "bomb.yaml", text):
            code, said, megabytes = _measured(here, "playbooks", "check")
            stage.holds(f"{what} is refused: {said}", code == 1 and "bomb.yaml:" in said)
            stage.holds(f"and costs at most {megabytes:.0f} MB", megabytes < MOST_MB)
            stage.holds("it cannot be published", _measured(here, "playbooks", "apply")[0] == 1)
    stage.holds("what is live is as it was", "welcome" in here.run("playbooks", "list"))


@contextmanager
def _written(path: Path, text: str) -> Iterator[None]:
    path.write_text(text)
    try:
        yield
    finally:
        path.unlink()


MEASURING = """
import json, resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "engage.cli", *sys.argv[1:]], capture_output=True, text=True)
said = [line for line in (done.stdout + done.stderr).splitlines() if "bomb.yaml" in line]
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps([done.returncode, (said or ["-"])[0][:120], used]))
"""


def _measured(here: Installation, *words: str) -> tuple[int, str, float]:
    """Exit status of a command, what it said of the bomb, and how many megabytes it took."""
    command = [sys.executable, "-c", MEASURING, *words]
    done = subprocess.run(command, cwd=here.root, env=here.environ, capture_output=True, text=True, check=True)
    code, said, megabytes = json.loads(done.stdout)
    return code, said, megabytes


def _keep_small(stage: Stage, what: str, pid: int) -> None:
    """The most memory that a process ever held."""
    lines: Mapping[str, Any] = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    megabytes = int(lines["VmHWM"].split()[0]) / 1024
    stage.holds(f"{what} never held more than {megabytes:.0f} MB (cap {MOST_MB} MB)", megabytes < MOST_MB)


DRILL = Drill(
    7,
    "poison",
    "poison: templates, gzip, JSON, YAML",
    "what is poisoned fails with its reason and within bounds of work and memory; its neighbours notice nothing",
    play,
)
