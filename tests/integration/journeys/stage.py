"""A published set of small playbooks and one customer; the test says what happens and lets the engine run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from sqlalchemy import select

from engage.customers.tables import Account, Contact, Contract
from engage.db.session import Database
from engage.events.recording import NewEvent, record
from engage.journeys.advancing import advance
from engage.journeys.digesting import digest
from engage.journeys.explain import explain_account
from engage.journeys.occurring import enrol_occurrences
from engage.journeys.tables import Enrolment, StepRun, Wait
from engage.language.workspace import Workspace
from engage.messages.news import tell
from engage.messages.tables import Message
from engage.releases.library import Library
from engage.rollout.apply import apply_workspace
from engage.tasks.tables import Task
from engage.testing import MONDAY, FrozenClock, make_account, make_contact, make_contract, make_staff
from tests.support.workspaces import Team

HEAD = """
title: {ja: 話, en: Tale}
stage: setup
from: [csm, team]
to: [champion, contact]
topic: onboarding
"""
MAIL = "- email: greeting/hello"
EVENTS = ("product.opened", "kickoff.held", "replied", "app.opened", "box.ticked")


def tale(key: str = "tale", *, steps: str = MAIL, head: str = "", subject: str = "account") -> str:
    """A playbook with these steps; the trigger is product.opened unless the head says another."""
    trigger = "" if "trigger:" in head else "trigger: {event: product.opened}\n"
    body = indent(dedent(steps).strip("\n"), "  ")
    return f"playbook: {key}\nsubject: {subject}{HEAD}{trigger}{dedent(head)}steps:\n{body}\n"


class Stage:
    """One database with one customer: Acme, its champion Ann, its contract c-1, its CSM Sato."""

    def __init__(self, database: Database, root: Path, *playbooks: str) -> None:
        self.database, self.library, self.clock = database, Library(), FrozenClock()
        self._team, self._numbers = Team(root), count(1)
        self._team.remove("playbooks/greeting.yaml")
        self._team.write("playbooks/_shared/events.yaml", "".join(f"{name}:\n" for name in EVENTS))
        self._team.write("email_templates/greeting/hello/meta.yaml", "needs: []\n")
        for language in ("ja", "en"):
            self._team.write(f"email_templates/greeting/hello/{language}/subject.txt", "Hello\n")
            self._team.write(f"email_templates/greeting/hello/{language}/body.mjml", BODY)
        self.publish(*playbooks)
        with database.transaction() as session:
            self.account = make_account(session, country="JP", phase="onboarding", touch_model="tech")
            self.ann = make_contact(session, self.account)
            self.ben = make_contact(session, self.account, "ben", roles=("end_user",))
            self.contract = make_contract(session, self.account, state="active")
            self.sato = make_staff(session, owns=self.account)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def write(self, name: str, text: str) -> None:
        """Changes a file of the team's folder."""
        self._team.write(name, text)

    def publish(self, *playbooks: str) -> None:
        """Makes these playbooks live."""
        for text in playbooks:
            key = text.split("\n", 1)[0].removeprefix("playbook: ")
            self._team.write(f"playbooks/{key}.yaml", text)
        workspace = self._team.load()
        with self.database.transaction() as session:
            apply_workspace(session, workspace, author="test", now=self.now)

    def files(self) -> Workspace:
        """The team's folder as it is written now."""
        return self._team.load()

    def say(self, name: str, *, by: Contact | None = None, at: Account | None = None, **properties: Any) -> None:
        """Something happened at the account; digested at once."""
        self.note(name, by=by, at=at, **properties)
        self.digest()

    def note(
        self,
        name: str,
        *,
        by: Contact | None = None,
        at: Account | None = None,
        days_ago: float = 0,
        **properties: Any,
    ) -> None:
        """Something happened, some days ago or now, and waits to be digested."""
        account = at or self.account
        event = NewEvent(
            key=f"test-{next(self._numbers)}",
            name=name,
            occurred_at=self.now - timedelta(days=days_ago),
            received_at=self.now,
            account_id=account.id,
            contact_id=by.id if by else None,
            properties=properties,
        )
        with self.database.transaction() as session:
            record(session, [event])

    def set(self, row: Account | Contact | Contract, **columns: Any) -> None:
        """Changes a customer's row and says that something changed."""
        with self.database.transaction() as session:
            kept = session.get_one(type(row), row.id)
            for name, value in (columns | {"updated_at": self.now}).items():
                setattr(kept, name, value)
        self.note("contract.updated")

    def digest(self) -> int:
        with self.database.transaction() as session:
            return digest(session, self.library, now=self.now)

    def advance(self) -> int:
        with self.database.transaction() as session:
            return advance(session, self.library, now=self.now)

    def occur(self) -> int:
        with self.database.transaction() as session:
            return enrol_occurrences(session, self.library, now=self.now)

    def run(self, **by: float) -> None:
        """Lets time pass, then works until nothing is due."""
        self.clock.move(timedelta(**by))
        self.occur()
        while self.digest() + self.advance():
            pass

    def settle(self, what: str, reason: str | None = None) -> None:
        """What becomes of every message that waits to leave; the engine runs on."""
        with self.database.transaction() as session:
            rows = session.scalars(select(Message).where(Message.state.in_(("queued", "proposed", "held")))).all()
            for row in rows:
                row.state, row.reason, row.due_at, row.ended_at = what, reason, None, self.now
                row.accepted_at = self.now if what == "accepted" else None
            session.flush()
            tell(session, what, rows, now=self.now)
        self.run()

    def rows(self, table: type[Any], *columns: Any, **where: Any) -> Sequence[Any]:
        """Rows of a table in their order."""
        with self.database.reading() as session:
            chosen = select(*(columns or table.__table__.c)).order_by(table.id)
            found = session.execute(chosen.filter_by(**where)).all()
            return [row[0] for row in found] if len(columns) == 1 else found

    def runs(self) -> list[tuple[str, str, str | None]]:
        """Each run: playbook, state, where or why."""
        return [
            (run.playbook_key, run.state, run.step_id if run.state == "running" else run.end_reason)
            for run in self.rows(Enrolment)
        ]

    def journal(self) -> list[tuple[str, int, str]]:
        return [tuple(row) for row in self.rows(StepRun, StepRun.step_id, StepRun.visit, StepRun.decision)]

    def messages(self) -> list[tuple[str, int, str]]:
        """Each message: step, visit, state."""
        return [tuple(row) for row in self.rows(Message, Message.step_id, Message.visit, Message.state)]

    def tasks(self) -> list[str]:
        return list(self.rows(Task, Task.reason))

    def waits(self) -> list[tuple[str, str]]:
        return [tuple(row) for row in self.rows(Wait, Wait.purpose, Wait.event_name)]

    def explain(self) -> dict[str, Any]:
        with self.database.reading() as session:
            return explain_account(session, self.library, self.account.external_id, now=self.now)


BODY = """\
<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text>
  {% include "_layout/footer.mjml" %}</mj-column></mj-section></mj-body></mjml>
"""
__all__ = ["MAIL", "MONDAY", "Stage", "tale"]
