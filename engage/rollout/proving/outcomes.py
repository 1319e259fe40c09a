"""What came of a play, read from its store: messages, work, ends; with enough to judge and to tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.in_app.tables import InAppItem
from engage.customers.tables import Contact, Membership
from engage.journeys.tables import Enrolment
from engage.language.spec import Playbook, StopStep, walk
from engage.messages.tables import Message
from engage.rollout.proving.stores import Outbox
from engage.staff.tables import StaffMember
from engage.tasks.tables import Task

Kind = Literal["email", "in_app", "task", "held", "skipped", "ends"]
SENT: tuple[Kind, ...] = ("email", "in_app")
_KIND_OF: dict[str, Kind] = {"proposed": "held", "held": "held", "queued": "held"}


@dataclass(frozen=True, slots=True)
class Came:
    """One thing that came of it."""

    at: datetime
    kind: Kind
    what: str  # the template, the task's title, how the run ended
    playbook: str
    run: int | None = None
    step: str = ""
    who: str = ""  # the contact's id; of a task, the colleague's role
    roles: tuple[str, ...] = ()
    sender: str = ""  # the position of who signs; team
    reason: str = ""
    words: str = ""  # subject and text, or both titles of a task
    key: int = field(default=0, compare=False)  # the message's row
    zone: str | None = None


def read_outcomes(session: Session, playbooks: Iterable[Playbook], outbox: Outbox) -> list[Came]:
    """Everything that has come so far, in the order of time."""
    by_key = {playbook.key: playbook for playbook in playbooks}
    found = [*_messages(session, outbox), *_tasks(session), *_ends(session, by_key)]
    return sorted(found, key=lambda came: (came.at, came.kind != "email", came.key))


def _messages(session: Session, outbox: Outbox) -> Iterator[Came]:
    roles = _roles(session)
    shown = {item.message_id: f"{item.title}\n{item.body}" for item in session.scalars(select(InAppItem))}
    rows = session.execute(
        select(Message, Contact.external_id, Contact.time_zone, StaffMember.position)
        .join(Contact, Contact.id == Message.contact_id)
        .outerjoin(StaffMember, StaffMember.id == Message.sender_staff_id)
    )
    for message, who, zone, position in rows:
        mail = outbox.mails.get(message.public_id)
        went = message.state == "accepted" and message.carrier_id is None  # in another mail: that one has come
        yield Came(
            at=(message.accepted_at if went else message.ended_at) or message.created_at,
            kind=_email_or_in_app(message) if went else _KIND_OF.get(message.state, "skipped"),
            what=message.template_name,
            playbook=message.playbook_key or "",
            run=message.origin_id,
            step=message.step_id,
            who=who or "",
            roles=roles.get(message.contact_id, ()),
            sender=position or "team",
            reason=message.reason or ("" if went else message.state),
            words=f"{mail.subject}\n{mail.text}" if mail else shown.get(message.id, ""),
            key=message.id,
            zone=zone,
        )


def _email_or_in_app(message: Message) -> Kind:
    return "email" if message.channel == "email" else "in_app"


def _roles(session: Session) -> dict[int, tuple[str, ...]]:
    rows = session.execute(select(Membership.contact_id, Membership.roles).order_by(Membership.id))
    return {contact_id: tuple(roles) for contact_id, roles in rows}


def _tasks(session: Session) -> Iterator[Came]:
    for task in session.scalars(select(Task)):
        parts = task.key.split(":")
        is_step = parts[0] == "step" and len(parts) > 2
        titles: dict[str, Any] = task.title
        yield Came(
            at=task.created_at,
            kind="task",
            what=str(titles.get("en") or titles.get("ja") or ""),
            playbook=task.playbook_key or "",
            run=int(parts[1]) if is_step else None,
            step=parts[2] if is_step else "",
            who=task.role,
            reason=task.reason,
            words="\n".join(str(title) for title in titles.values()),
            key=task.id,
        )


def _ends(session: Session, playbooks: dict[str, Playbook]) -> Iterator[Came]:
    ended = select(Enrolment).where(Enrolment.state.in_(("done", "exited", "skipped")))
    for run in session.scalars(ended):
        reason = run.end_reason or ""
        yield Came(
            at=run.ended_at or run.entered_at,
            kind="ends",
            what=_how(run.state, reason, playbooks.get(run.playbook_key)),
            playbook=run.playbook_key,
            run=run.id,
            reason=reason,
            key=run.id,
        )


def _how(state: str, reason: str, playbook: Playbook | None) -> str:
    if state == "skipped":
        return "skipped"
    if state == "done":
        return "goal" if reason == "goal" else "finished"
    stops = {step.stop for step in walk(playbook.steps) if isinstance(step, StopStep)} if playbook else set()
    return "stopped" if reason in stops else "exit"
