"""A stage whose mail goes out and comes back: what was sent, what arrives, what follows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engage.channels.base import OutboundEmail, Outcome
from engage.channels.email.inbound.arrived import Arrived
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.events.tables import Event
from engage.messages.delivering import deliver
from engage.messages.inbound.tables import InboundEmail, InboundRaw
from engage.messages.inbound.taking import take
from engage.messages.links import Links
from engage.tasks.tables import Task
from tests.integration.journeys.stage import Stage, tale
from tests.support.letters import letter

LINKS = Links("secret", "https://engage.example.com")
REMINDS = """
- email: greeting/hello
- wait: {for: replied, up_to: 3 days}
- email: greeting/hello
  id: reminder
  if: waited.happened == false
"""
ANN = "ann@customer.example"


class Office(Stage):
    """One customer, one playbook that writes and reminds, and a mail system in memory."""

    def __init__(
        self, database: Database, root: Path, *, steps: str = REMINDS, head: str = "", subject: str = "account"
    ):
        super().__init__(database, root, tale(steps=steps, head=head, subject=subject))
        self.channel = RecordingChannel()

    def start(self) -> OutboundEmail:
        """Ann opens the product and gets the first mail."""
        self.say("product.opened", by=self.ann)
        self.run()
        return self.send()[0]

    def send(self, answer: Outcome | None = None) -> list[OutboundEmail]:
        """Sends all that is due; what went out."""
        channel = RecordingChannel(lambda _email: answer) if answer is not None else self.channel
        before = len(channel.sent)
        deliver(self.database, self.library, channel, LINKS, self.clock)
        self.run()
        return channel.sent[before:]

    def arrives(self, *raws: bytes, back: str | None = None, to: tuple[str, ...] = (), door: str = "imap") -> int:
        """Mail comes in, and all that follows is done; how much of it was new."""
        arrived = [Arrived(door=door, raw=raw, size=len(raw), envelope_from=back, envelope_to=to) for raw in raws]
        with self.database.transaction() as session:
            new = take(session, self.library, arrived, now=self.now)
        self.run()
        return new

    def mail(self) -> Any:
        """The newest mail that came in."""
        return self.rows(InboundEmail)[-1]

    def until(self, month: int, day: int, hour: int = 17) -> None:
        """Time passes until that hour in Tokyo in 2026; all that is due by then is done, but for the sending."""
        self.run(seconds=(datetime(2026, month, day, hour, tzinfo=ZoneInfo("Asia/Tokyo")) - self.now).total_seconds())

    def raws(self) -> list[Any]:
        """What was kept of the bytes of each mail."""
        with self.database.reading() as session:
            return list(session.execute(select(InboundRaw.size, InboundRaw.raw)).all())

    def events(self, name: str) -> list[Any]:
        return [event for event in self.rows(Event) if event.name == name]

    def work(self) -> list[tuple[str, str, str]]:
        """Each task: why, state, its note in English."""
        return [(task.reason, task.state, task.note.get("en", "")) for task in self.rows(Task)]


def answer_to(email: OutboundEmail, text: str = "承知しました。", **said: Any) -> bytes:
    """A reply to a mail of ours, from its addressee."""
    usual: dict[str, Any] = {
        "sender": f"Ann Smith <{email.to_address}>",
        "answers": f"{email.message_id}@sample.example",
        "subject": f"Re: {email.subject}",
    }
    return letter(text, **(usual | said))
