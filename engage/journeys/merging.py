"""Two contacts turn out to be one person: their runs become that person's, and no playbook runs twice for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import DeclarativeBase, Session

from engage.channels.in_app.merging import give_inbox
from engage.customers.picture import Merged
from engage.db.sets import one_of
from engage.journeys.ending import end_runs
from engage.journeys.tables import Enrolment, HeldCondition, Wait
from engage.messages.inbound.tables import InboundEmail
from engage.messages.merging import give_messages
from engage.surveys.tables import Answer
from engage.tasks.tables import Task

CONTACT_MERGED = "contact_merged"
_THEIRS: tuple[type[DeclarativeBase], ...] = (Wait, Task, Answer, InboundEmail)


def follow_merges(session: Session, merged: Sequence[Merged], *, now: datetime) -> None:
    """Gives all that engage does for the contacts that were absorbed to those that stay."""
    for old, contact in merged:
        _give_runs(session, old, contact, now=now)
        _give_conditions(session, old, contact)
        give_messages(session, old, contact)
        give_inbox(session, old, contact, now=now)
        for table in _THEIRS:
            sql: Table = table.__table__  # type: ignore[assignment]
            session.execute(update(sql).where(sql.c.contact_id == old).values(contact_id=contact))


def _give_runs(session: Session, old: int, contact: int, *, now: datetime) -> None:
    runs = _runs_of(session, (old, contact))
    if all(run.subject_id == contact for run in runs):
        return
    ended, doubled = _too_many(runs)
    end_runs(session, ended, reason=CONTACT_MERGED, now=now)
    # A key that two runs share is the first one's; the other keeps its place in the history of the absorbed contact.
    for id_ in doubled:
        _set_subject(session, id_, -id_)
    for run in runs:
        if run.id not in doubled:
            _set_subject(session, run.id, contact)
    for id_ in doubled:
        _set_subject(session, id_, old)
    session.connection().execute(update(Enrolment).where(Enrolment.contact_id == old).values(contact_id=contact))


def _runs_of(session: Session, contacts: Sequence[int]) -> Sequence[Any]:
    asked = (
        select(Enrolment.id, Enrolment.playbook_key, Enrolment.subject_id, Enrolment.occurrence, Enrolment.state)
        .where(Enrolment.subject_kind == "contact", one_of(Enrolment.subject_id, contacts))
        .order_by(Enrolment.entered_at, Enrolment.id)
    )
    return session.execute(asked.with_for_update()).all()


def _too_many(runs: Iterable[Any]) -> tuple[list[int], list[int]]:
    """The running ones to be ended, and those whose key another has; of several, what is finished or older stays."""
    by_playbook: dict[str, list[Any]] = defaultdict(list)
    for run in runs:
        by_playbook[run.playbook_key].append(run)
    ended: list[int] = []
    doubled: list[int] = []
    for several in by_playbook.values():
        kept: dict[str, Any] = {}
        for run in sorted(several, key=lambda one: (one.state == "skipped", one.state == "running")):
            if kept.setdefault(run.occurrence, run) is not run:
                doubled.append(run.id)
        running = [run.id for run in several if run.state == "running"]
        goes_on = [id_ for id_ in running if id_ not in doubled][:1]
        ended += [id_ for id_ in running if id_ not in goes_on]
    return ended, doubled


def _set_subject(session: Session, id_: int, subject_id: int) -> None:
    session.connection().execute(update(Enrolment).where(Enrolment.id == id_).values(subject_id=subject_id))


def _give_conditions(session: Session, old: int, contact: int) -> None:
    """Since when a condition holds for the person: as the one that stays has it, else as the absorbed one had it."""
    table = HeldCondition.__table__.c
    mine = (table.subject_kind == "contact") & (table.subject_id == contact)
    known = set(session.execute(select(table.playbook_key, table.condition, table.account_id).where(mine)).all())
    theirs = (table.subject_kind == "contact") & (table.subject_id == old)
    for row in session.execute(select(HeldCondition.__table__).where(theirs)).all():
        same = HeldCondition.id == row.id
        if (row.playbook_key, row.condition, row.account_id) in known:
            session.connection().execute(delete(HeldCondition).where(same))
        else:
            session.connection().execute(update(HeldCondition).where(same).values(subject_id=contact))
