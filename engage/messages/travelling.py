"""Losers of the touch budget that travel in a mail to the same person: which may, in what, and what becomes of them.

A message that travels is `merged` and shares the fate of its carrier; when the carrier does not go after all, it waits
for itself again. So nothing is lost, and nothing is said twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, select, text, update
from sqlalchemy.orm import Session

from engage.db.session import nudge
from engage.db.sets import one_of
from engage.messages import status
from engage.messages.composing import FACTS_MISSING, failure
from engage.messages.contexts import missing
from engage.messages.ledger import hold
from engage.messages.links import Links
from engage.messages.news import tell
from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Merge, Reason, Verdict
from engage.messages.priorities import Priorities
from engage.messages.rendering import SECTIONS, Section, compiled, fill_section
from engage.messages.tables import Message
from engage.releases.library import Library

BROKEN_FOR = timedelta(hours=6)  # how long one that cannot be made waits before it is tried again
_PROBE = Links("only to see whether a section can be made", "https://probe.invalid")
_messages: Table = Message.__table__  # type: ignore[assignment]
_carriers = _messages.alias("carriers")
# Spelled out as in the partial index: SQLite uses one only where the statement repeats its words.
_TRAVELLING = text("messages.state = 'merged'")
_ON_THEIR_WAY = (status.SENDING, status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Deck:
    """The mails that leave now, by whom they go to and in whose name."""

    session: Session
    library: Library
    leaving: dict[tuple[Any, ...], list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def board(self, leaving: Iterable[Candidate]) -> None:
        """Notes mails that leave now."""
        for one in leaving:
            self.leaving[_together(one)].append(one)

    def carrier_of(self, loser: Candidate) -> Candidate | None:
        """The first of them that may take this one along; None where it cannot travel at all."""
        if not _is_own_mail(loser) or compiled(self._template(loser)).section is None:
            return None
        return next((one for one in self.leaving[_together(loser)] if self._takes(one, loser)), None)

    def _takes(self, carrier: Candidate, loser: Candidate) -> bool:
        """It must have a place for it, and its reader a way to stop the topic of what travels in it."""
        if not _is_own_mail(carrier) or not compiled(self._template(carrier)).carries:
            return False
        is_stoppable = ("unsubscribe_url",) in compiled(self._template(loser)).section_paths
        return loser.topic == carrier.topic or loser.purpose == "transactional" or is_stoppable

    def _template(self, one: Candidate) -> Any:
        return self.library.template(self.session, one.template)


def _is_own_mail(one: Candidate) -> bool:
    """What was approved is sent as it was approved, and who gets a copy reads only what is meant for them."""
    return one.channel == "email" and not one.is_approved and not one.copies


def _together(one: Candidate) -> tuple[Any, ...]:
    """Nobody signs for another, and nothing hides behind another purpose."""
    return one.account_id, one.contact_id, one.purpose, one.locale, one.sender


def losers_beside(session: Session, library: Library, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """What waits for room to go to the same people: it may travel in these mails. Locked, where nobody else has it."""
    budgets = library.vocabulary(session).budgets
    contacts = {row.contact_id for row in rows if row.channel == "email" and row.html is None}
    if not budgets.when_short.merges() or not contacts:
        return []
    waiting = select(_messages).where(
        _messages.c.state == status.QUEUED,
        _messages.c.channel == "email",
        _messages.c.html.is_(None),
        _messages.c.reason.startswith(Reason.BUDGET_USED_UP),
        one_of(_messages.c.contact_id, contacts),
        _messages.c.id.not_in([row.id for row in rows]),
    )
    found = session.execute(waiting.order_by(_messages.c.id).with_for_update(skip_locked=True)).all()
    priorities = Priorities(session, library)
    return [row for row in found if budgets.when_short.of(priorities.of(row.playbook_key)) == "merge"]


def fold(
    session: Session, library: Library, rows: Sequence[Row[Any]], verdicts: Mapping[int, Verdict], *, now: datetime
) -> list[Row[Any]]:
    """Puts each message that is to travel into its carrier; the rows as they are then. A broken one stops no other."""
    taken: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        verdict = verdicts.get(row.id)
        if isinstance(verdict, Merge) and not _is_broken(session, library, row, now):
            taken[verdict.into].append(row)
    former = {row.id for row in rows if isinstance(verdicts.get(row.id), Allow) and row.inputs.get(SECTIONS)}
    changed = [row for row in rows if row.id in taken or row.id in former]
    if not changed:
        return list(rows)
    travelling: list[dict[str, Any]] = [
        {"id": row.id, "state": status.MERGED, "due_at": None, "carrier_id": into, "reason": verdicts[row.id].said}  # type: ignore[union-attr]
        for into, several in taken.items()
        for row in several
    ]
    # Surely not sent: another mail than an earlier attempt would have carried is no drift.
    carrying: list[dict[str, Any]] = [
        {"id": row.id, "inputs": _without(row.inputs) | _sections(taken.get(row.id, ())), "sha": None}
        for row in changed
    ]
    for given in (travelling, carrying):
        if given:
            session.execute(update(Message), given)
    again = {row.id: row for row in session.execute(select(_messages).where(one_of(_messages.c.id, {*taken, *former})))}
    return [again.get(row.id, row) for row in rows]


def _sections(travelling: Iterable[Row[Any]]) -> dict[str, Any]:
    kept = [
        {
            "message": row.public_id,
            "template": row.template_version_id,
            "purpose": row.purpose,
            "inputs": _without(row.inputs),
        }
        for row in travelling
    ]
    return {SECTIONS: kept} if kept else {}


def _without(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != SECTIONS}


def _is_broken(session: Session, library: Library, row: Row[Any], now: datetime) -> bool:
    """Whether it cannot be made; then it is held with the reason."""
    template = library.template(session, row.template_version_id)
    lacking = missing(row.inputs, template.meta.get("needs") or ())
    reason = f"{FACTS_MISSING}: {', '.join(lacking)}" if lacking else None
    if reason is None:
        try:
            fill_section(Section(template, row.inputs, row.public_id, row.purpose), links=_PROBE)
        except Exception as error:
            reason = failure(error)
    if reason is not None:
        hold(session, row.id, until=now + BROKEN_FOR, reason=reason)
    return reason is not None


def follow_carriers(session: Session, *, now: datetime) -> int:
    """Ends what travelled as its carrier ended; where that did not go, it waits for itself again. How many."""
    asked = (
        select(_messages, _carriers.c.state.label("fate"), _carriers.c.accepted_at.label("fate_at"))
        .outerjoin(_carriers, _carriers.c.id == _messages.c.carrier_id)
        .where(_TRAVELLING, _carriers.c.state.is_(None) | _carriers.c.state.not_in(_ON_THEIR_WAY))
        .with_for_update(of=_messages, skip_locked=True)
    )
    rows = session.execute(asked).all()
    if not rows:
        return 0
    session.execute(update(Message), [{"id": row.id, **_fate(row, now)} for row in rows])
    tell(session, "accepted", [row for row in rows if row.fate == status.ACCEPTED and row.wakes], now=now)
    tell(session, "rejected", [row for row in rows if row.fate == status.REJECTED], now=now)
    if any(row.fate not in (status.ACCEPTED, status.REJECTED) for row in rows):
        nudge(session, "deliver")
    return len(rows)


def _fate(row: Row[Any], now: datetime) -> dict[str, Any]:
    went, ended = row.fate == status.ACCEPTED, row.fate in (status.ACCEPTED, status.REJECTED)
    return {
        "state": row.fate if ended else status.QUEUED,
        "accepted_at": row.fate_at if went else None,
        "ended_at": now if ended else None,
        "due_at": None if ended else now,
        "carrier_id": row.carrier_id if ended else None,
        "reason": row.reason if ended else None,
    }
