"""The scene of a customer and her CSM, with a clock and a post: colleagues are told, and read what they got."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engage.channels.base import OutboundEmail
from engage.channels.calls.endpoints import Calls
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.messages.announcing import tell_of_approvals
from engage.notices.delivering import deliver_notices
from engage.notices.tables import Notice
from engage.notices.task_news import tell_of_tasks
from engage.releases.library import Library
from engage.staff.absences import note_absence
from engage.staff.people import person
from engage.staff.reaching import set_reach
from engage.testing import MONDAY, FrozenClock
from tests.integration.messages.scene import LINKS, Cast, play

AT_ONCE = timedelta(minutes=3)  # after which a burst is over


class Office:
    """Tells colleagues what is due, as the worker does, and keeps the mails."""

    def __init__(self, database: Database, calls: Calls | None = None) -> None:
        self.database, self.library, self.clock = database, Library(), FrozenClock()
        self.cast: Cast = play(database)
        self.channel, self.calls = RecordingChannel(), calls or Calls()

    def tell(self, at: datetime | None = None) -> list[OutboundEmail]:
        """The letters that leave now, or at that time."""
        if at is not None:
            self.clock.move_to(at)
        now, before = self.clock.now(), len(self.channel.sent)
        with self.database.transaction() as session:
            tell_of_approvals(session, self.library, LINKS, now=now)
            tell_of_tasks(session, self.library, public_url=LINKS.public_url, now=now)
        deliver_notices(self.database, self.library, self.channel, self.calls, self.clock)
        return self.channel.sent[before:]

    def heard(self, at: datetime | None = None) -> list[tuple[str, str]]:
        """Who gets a letter now, and of what kind."""
        begin = len(self.notices())
        self.tell(at)
        return [(mail.to_address.partition("@")[0], notice.about or "") for mail, notice in
                zip(self.channel.sent[begin:], self.notices()[begin:], strict=True)]  # fmt: skip

    def notices(self) -> list[Notice]:
        """Every letter that was written, in order."""
        with self.database.reading() as session:
            return list(session.scalars(select(Notice).where(Notice.about.is_not(None)).order_by(Notice.id)))

    def reach(self, staff_id: int, **said: Any) -> None:
        """Somebody says how they want to hear of things."""
        with self.database.transaction() as session:
            set_reach(session, person(session, staff_id), **said)

    def away(self, staff_id: int, days: int = 3) -> None:
        """Somebody is away from Monday."""
        with self.database.transaction() as session:
            first = MONDAY.date()
            note_absence(session, person(session, staff_id), first, first + timedelta(days=days - 1))

    def leave(self, staff_id: int) -> None:
        """Somebody is not here any more."""
        with self.database.transaction() as session:
            person(session, staff_id).is_active = False


def link_in(mail: OutboundEmail) -> str:
    """The token of the first deciding link."""
    found = re.search(r"/decide/([\w-]+)", mail.text)
    assert found is not None
    return found[1]
