"""Email end to end: events over HTTP in, mails at an SMTP sink out, through the shipped `first-use` playbook."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from email import policy
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.bench.intake import post
from tests.bench.mail import SampleMail, person, save_all
from tests.bench.meter import Meter
from tests.bench.stand import Stand, Store, batches, write_customers
from tests.servers.running import Running

TRIGGER = "feature.used"


@dataclass
class Figures:
    """What one way of sending cost."""

    who: str
    emails: int
    seconds: float
    cpu_ms: float
    peak_mb: dict[str, float]

    @property
    def rate(self) -> float:
        """Emails a second."""
        return self.emails / self.seconds


def engage(stand: Stand, place: Store, sink: Running, count: int) -> Figures:
    """20,000 contacts use the product for the first time; each gets a mail through gate and ledger."""
    with tempfile.TemporaryDirectory() as folder:
        accounts, contacts = write_customers(Path(folder), count)
        stand.run("customers", "import", str(accounts), "--kind", "accounts")
        stand.run("customers", "import", str(contacts), "--kind", "contacts")
    key = json.loads(stand.run("keys", "create", "email-bench", "--json"))["key"]
    processes = [stand.start_web(), stand.start("worker"), stand.start("clock")]
    stand.wait_until_ready()
    until_idle(stand)
    already = len(sink.lines())
    with Meter([process.pid for process in processes] + ([place.pid] if place.pid else [])) as meter:
        started = time.perf_counter()
        post(stand.port, key, batches(TRIGGER, count))
        seconds = until_taken(sink, already + count, started)
    insist_on_ledger(place, count)
    return Figures("Engage", count, seconds, meter.cpu_seconds * 1000 / count, meter.peak_mb)


def sample_mails(folder: Path) -> dict[str, SampleMail]:
    """Two of the mails that Engage sent, one in each locale, with the person's values as placeholders."""
    found: dict[str, SampleMail] = {}
    for path in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        number = int(str(message["To"]).split("person")[-1].split("@")[0])
        who = person(number)
        if who["locale"] not in found:
            parts = [message["Subject"], _part(message, "html"), _part(message, "plain")]
            found[who["locale"]] = SampleMail(*(_with_placeholders(str(part), who) for part in parts))
    return found


def post_office(mail_file: Path, place: Store, sink: Running, count: int, setting: str) -> Figures:
    """django-post-office, as it ships or at its best setting."""
    words = [str(mail_file), place.url, str(sink.port), str(count), setting]
    return _peer(f"django-post-office, {setting}", "tests.bench.peers.post_office", words, place, sink, count)


def rq_per_email(mail_file: Path, redis_port: int, place: Store, sink: Running, count: int) -> Figures:
    """A plain RQ job for each email, two workers as they ship."""
    words = [str(mail_file), str(redis_port), str(sink.port), str(count)]
    return _peer("a plain RQ job each", "tests.bench.peers.rq_run", words, place, sink, count)


def _peer(who: str, module: str, words: list[str], place: Store, sink: Running, count: int) -> Figures:
    already = len(sink.lines())
    process = subprocess.Popen([sys.executable, "-m", module, *words], stdout=subprocess.PIPE, text=True)
    roots = [os.getpid(), *([place.pid] if place.pid else [])]
    with Meter([process.pid, *roots[1:]]) as meter:
        assert process.stdout is not None
        said = process.stdout.readline()
    process.wait(60)
    if not said or len(sink.lines()) != already + count:
        raise SystemExit(f"{who}: the sink took {len(sink.lines()) - already} of {count} mails")
    return Figures(who, count, json.loads(said)["seconds"], meter.cpu_seconds * 1000 / count, meter.peak_mb)


def until_taken(sink: Running, wanted: int, started: float) -> float:
    deadline = started + 600
    while (taken := _count_lines(sink.log)) < wanted:
        if time.perf_counter() > deadline:
            raise SystemExit(f"after ten minutes the sink has {taken} of {wanted} mails")
        time.sleep(0.1)
    return time.perf_counter() - started


def until_idle(stand: Stand) -> None:
    """Waits until the imported customers are projected, so that only the mails are measured."""
    for _ in range(600):
        said = {row["what"]: row["said"] for row in json.loads(stand.run("doctor", "--json"))}
        if said["events"] == said["journeys"] == "nothing waits":
            return
        time.sleep(0.5)
    raise SystemExit("the imported customers were not digested within five minutes")


def insist_on_ledger(place: Store, count: int) -> None:
    """The ledger must tell the same number as the sink, as soon as its last outcomes are written."""
    engine = create_engine(place.url)
    asked = text("SELECT count(*) FROM messages WHERE channel = 'email' AND state = 'accepted'")
    told = 0
    for _ in range(100):
        with engine.connect() as connection:
            told = connection.scalar(asked) or 0
        if told == count:
            engine.dispose()
            return
        time.sleep(0.1)
    raise SystemExit(f"the sink took {count} mails, the ledger says {told}")


def _count_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _part(message: email.message.EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content())


def _with_placeholders(text: str, who: dict[str, str]) -> str:
    for name in ("given_name", "family_name", "company"):
        text = text.replace(who[name], "{{ " + name + " }}")
    return text


def save_samples(folder: Path, target: Path) -> None:
    """Leaves the sample mails where the peers read them."""
    mails = sample_mails(folder)
    if set(mails) != {"ja", "en"}:
        raise SystemExit(f"no sample mail for {sorted({'ja', 'en'} - set(mails))}")
    save_all(target, mails)
