"""What a simulation found: who would have received what and when, and why others did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact
from engage.journeys.shadows import is_heard
from engage.journeys.tables import Enrolment
from engage.messages.status import MERGED
from engage.messages.tables import Message
from engage.tasks.tables import Task

SKIPPED, TASK = "skipped", "task"


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """One thing that happened to a customer: a message and what became of it, a task, a playbook not begun."""

    at: datetime
    account: str
    contact: str
    playbook: str
    what: str  # the template, the task's title, or the subject's kind
    kind: str  # email | in_app | task | skipped
    outcome: str  # the message's state; open or done; why it was not begun
    reason: str = ""

    @property
    def same(self) -> tuple[str, ...]:
        """What makes it the same thing in two simulations, whenever it happens."""
        return (self.account, self.contact, self.playbook, self.what, self.kind, self.outcome)


@dataclass(frozen=True)
class Simulation:
    """Everything that happened from `since` until `until`, in the order of time."""

    since: datetime
    until: datetime
    accounts: int
    told: tuple[Told, ...]

    def counts(self) -> Counter[tuple[str, str, str, str]]:
        """How often each (playbook, what, kind, outcome) happened."""
        return Counter((one.playbook, one.what, one.kind, one.outcome) for one in self.told)

    def as_json(self) -> dict[str, Any]:
        """Plain values, in a fixed order."""
        rows = [{**asdict(one), "at": one.at.isoformat()} for one in self.told]
        return {
            "since": self.since.isoformat(), "until": self.until.isoformat(), "accounts": self.accounts, "told": rows,
        }  # fmt: skip


def read_simulation(session: Session, *, since: datetime, until: datetime) -> Simulation:
    """What a store on which the engine worked holds of that time."""
    told = sorted([*_messages(session, since), *_tasks(session, since), *_skipped(session, since)])
    accounts = session.scalar(select(func.count()).select_from(Account)) or 0
    return Simulation(since, until, accounts, tuple(told))


def _messages(session: Session, since: datetime) -> Iterable[Told]:
    when = func.coalesce(Message.accepted_at, Message.ended_at, Message.due_at, Message.created_at)
    rows = session.execute(
        select(when.label("at"), Message, Account.external_id, Contact.external_id)
        .outerjoin(Account, Account.id == Message.account_id)
        .outerjoin(Contact, Contact.id == Message.contact_id)
        .where(when >= since)
    )
    for at, message, account, contact in rows:
        playbook, outcome = message.playbook_key or "", MERGED if message.carrier_id else message.state
        yield Told(
            at, account or "", contact or "", playbook, message.template_name, message.channel, outcome,
            message.reason or "",
        )  # fmt: skip


def _tasks(session: Session, since: datetime) -> Iterable[Told]:
    rows = session.execute(
        select(Task, Account.external_id)
        .outerjoin(Account, Account.id == Task.account_id)
        .where(Task.created_at >= since)
    )
    for task, account in rows:
        title = str(task.title.get("en") or task.title.get("ja") or "")
        yield Told(task.created_at, account or "", "", task.playbook_key or "", title, TASK, task.state, task.reason)


def _skipped(session: Session, since: datetime) -> Iterable[Told]:
    rows = session.execute(
        select(Enrolment, Account.external_id)
        .outerjoin(Account, Account.id == Enrolment.account_id)
        .where(Enrolment.state == "skipped", Enrolment.entered_at >= since, is_heard())
    )
    for run, account in rows:
        reason = run.end_reason or ""
        yield Told(run.entered_at, account or "", "", run.playbook_key, run.subject_kind, SKIPPED, reason)
