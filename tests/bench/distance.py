"""A provider that is 30 ms away over TLS, beside its official client in a loop: `python -m tests.bench.distance`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from engage.clock import Clock
from engage.db.session import Database
from tests.bench.emails import insist_on_ledger
from tests.bench.meter import Meter
from tests.bench.stand import Stand, Store, stand, store
from tests.servers.running import Running, fake_sendgrid
from tests.support.certificates import self_signed
from tests.support.ledger import HTML, publish, queue

AWAY = "0.03"  # seconds, each way and the provider's own work together
_KEY = "SG.bench"
# The client keeps no connection and asks once for each mail, as its documentation shows.
_OFFICIAL = """
import sys
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
client = SendGridAPIClient(sys.argv[2])
client.client.host = sys.argv[1]
for number in range(int(sys.argv[3])):
    client.send(Mail("team@example.com", f"person{number}@customer.example", "Hello", html_content=sys.argv[4]))
"""


@dataclass(frozen=True)
class FarAway:
    """How fast one worker process hands mails over to a provider that is far away."""

    emails: int
    rate: float
    cpu_ms: float  # a mail, of the worker and the database
    worker_mb: float
    official: float  # mails a second by the official client

    @property
    def ratio(self) -> float:
        """How many times as fast as the official client."""
        return self.rate / self.official


def measure(count: int, official: int = 150) -> FarAway:
    """Both, one after the other, to the same stand-in."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="engage-bench-")))
        certificate = self_signed(folder / "provider.pem")
        provider = stack.enter_context(
            fake_sendgrid(folder / "provider.log", "--latency", AWAY, certificate=certificate)
        )
        url, trusting = f"https://127.0.0.1:{provider.port}", {"SSL_CERT_FILE": str(certificate)}
        place = stack.enter_context(store("postgresql"))
        made = stack.enter_context(stand(place, 0))
        made.environ |= trusting | {"ENGAGE_EMAIL_URL": "sendgrid:", "ENGAGE_SENDGRID_URL": url}
        made.environ |= {"SENDGRID_API_KEY": _KEY}
        meter, rate = _engage(made, place, provider, count)
        alone = _official(url, provider, official, trusting)
    return FarAway(count, rate, meter.cpu_seconds * 1000 / count, meter.peak_mb["engage"], alone)


def _engage(made: Stand, place: Store, provider: Running, count: int) -> tuple[Meter, float]:
    """All mails are due before the one worker process begins: what is timed is how they leave."""
    _queue(made, place, count)
    worker = made.start("worker", "--processes", "1")
    with Meter([worker.pid] + ([place.pid] if place.pid else [])) as meter:
        deadline = time.monotonic() + 600
        while len(provider.lines()) < count and time.monotonic() < deadline:
            time.sleep(0.2)
    insist_on_ledger(place, count)
    return meter, _rate(provider.lines())


def _queue(made: Stand, place: Store, count: int) -> None:
    database = Database(place.url)
    now = Clock(made.home / "clock").now() - timedelta(minutes=1)
    with database.transaction() as session:
        queue(session, publish(session, now=now), count, now=now)
    database.close()


def _rate(lines: list[str]) -> float:
    """Mails a second between the first and the last, by the provider's own clock."""
    stamps = sorted(json.loads(line)["at"] for line in lines)
    return (len(stamps) - 1) / (stamps[-1] - stamps[0])


def _official(url: str, provider: Running, count: int, trusting: dict[str, str]) -> float:
    before = len(provider.lines())
    words = [sys.executable, "-c", _OFFICIAL, url, _KEY, str(count), HTML]
    subprocess.run(words, env={**os.environ, **trusting}, check=True)
    return _rate(provider.lines()[before:])


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emails", type=int, default=8_000)
    figures = measure(parser.parse_args().emails)
    print(figures, f"ratio={figures.ratio:.1f}")


if __name__ == "__main__":
    main()
