"""Approval by exception: words that a person let go unchanged go again unasked, where all is in order; counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.ids import new_id
from engage.language.template_facts import OUR_LINKS
from engage.messages.contexts import RULE, find
from engage.messages.rendering import TemplateText, compiled
from engage.messages.tables import Approval, ApprovedText, Message

BY_EXCEPTION = "by_exception"
# Made when the mail is rendered, so no fact is lacking where they are not there yet.
_MADE_LATER = OUR_LINKS | {"unsubscribe_topic", "answer_url", "question", "merged"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many messages would have been asked about, and how many of them went unasked."""

    playbook_key: str | None
    asked: int
    by_exception: int

    @property
    def share(self) -> float:
        """The part that went unasked, from 0 to 1."""
        return self.by_exception / (self.asked + self.by_exception)


def is_complete(template: TemplateText, inputs: Mapping[str, Any]) -> bool:
    """Whether every fact that the words name is there, also those that they could do without."""
    named = (path for path in compiled(template).paths if path[0] not in _MADE_LATER)
    return all(find(inputs, path) not in (None, "", [], {}, ()) for path in named)


def approved_before(session: Session, version_ids: Sequence[int]) -> dict[int, str]:
    """Those of the template versions that a person let go unchanged, with the approval that says so."""
    if not version_ids:
        return {}
    asked = select(ApprovedText.template_version_id, Approval.public_id).join(
        Approval, Approval.id == ApprovedText.approval_id
    )
    rows = session.execute(asked.where(one_of(ApprovedText.template_version_id, version_ids)))
    return {row.template_version_id: row.public_id for row in rows}


def trust(session: Session, message: Message, approval: Approval) -> None:
    """A person decided: words approved as they were are trusted from now on; changed or rejected ones no longer."""
    version_id = message.template_version_id
    if approval.state == "approved" and not approval.edited:
        row = {"template_version_id": version_id, "approval_id": approval.id}
        insert_ignore(session, ApprovedText, [row])
    else:
        session.execute(delete(ApprovedText).where(ApprovedText.template_version_id == version_id))


def let_go(session: Session, trusted: Mapping[int, tuple[str, Mapping[str, Any]]], *, now: datetime) -> None:
    """Queues proposed messages unasked, with a row for each that names the approval (and its inputs less the rule)."""
    if not trusted:
        return
    queued: list[dict[str, Any]] = [
        {"id": key, "state": "queued", "inputs": {name: value for name, value in inputs.items() if name != RULE}}
        for key, (_, inputs) in trusted.items()
    ]
    session.execute(update(Message), queued)
    rows = [
        {
            "public_id": new_id("apr"),
            "message_id": key,
            "cause": BY_EXCEPTION,
            "state": "approved",
            "asked_at": now,
            "expires_at": now,
            "decided_at": now,
            "reason": f"the same words were approved before: {said}",
            "version": 1,
            "edited": False,
            "edits": {},
        }
        for key, (said, _) in trusted.items()
    ]
    insert_ignore(session, Approval, rows)


def shares(session: Session, *, since: datetime) -> list[Share]:
    """The share that went unasked since then, for each playbook, the largest number of messages first."""
    unasked = func.count().filter(Approval.cause == BY_EXCEPTION)
    rows = session.execute(
        select(Message.playbook_key, func.count(), unasked)
        .join(Approval, Approval.message_id == Message.id)
        .where(Approval.asked_at >= since)
        .group_by(Message.playbook_key)
        .order_by(func.count().desc(), Message.playbook_key)
    )
    return [Share(playbook_key=key, asked=total - auto, by_exception=auto) for key, total, auto in rows]


def total_of(shares: Sequence[Share]) -> Share | None:
    """All playbooks together; None where nothing was asked."""
    asked, auto = sum(one.asked for one in shares), sum(one.by_exception for one in shares)
    return Share(playbook_key=None, asked=asked, by_exception=auto) if asked + auto else None
