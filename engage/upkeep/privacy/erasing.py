"""Erasing a person: their rows stay and count, but nothing in them tells who it was; and nobody ever mails them again.

Customers are made from events, so the events are scrubbed, too: a replay makes one nameless person of them. What is
kept of their addresses and ids is a keyed hash among the suppressions, by which the gate knows them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, or_, select, text, update
from sqlalchemy.orm import Session

from engage.customers.tables import Contact, Membership
from engage.db.bulk import insert_ignore
from engage.db.session import dialect_of
from engage.db.sets import one_of
from engage.events.tables import Event, EventKey, EventProblem
from engage.ids import Seal
from engage.journeys.ending import end_runs
from engage.journeys.tables import Enrolment
from engage.messages.cancelling import PENDING, cancel_messages
from engage.messages.inbound.tables import InboundRaw
from engage.messages.suppressing_by_hand import OBJECT
from engage.messages.tables import Approval, Message, SharedSuppression, Suppression
from engage.messages.withdrawing import withdraw_from_gone
from engage.staff.audit import record
from engage.staff.tables import AuditEntry
from engage.tasks.tables import Task
from engage.upkeep.privacy.places import PLACES, Place, place_of
from engage.upkeep.privacy.reading import (
    Row,
    bytes_that_mention,
    deeds_about,
    rows_of,
    rows_that_mention,
    rows_with_address,
)
from engage.upkeep.privacy.scrubbing import GONE, Scrubber
from engage.upkeep.privacy.traces import Traces, traces_of

ERASED = "person_erased"
_LOCK = text("SELECT pg_advisory_xact_lock(4711, 1)")  # as resolving does: nobody writes the person back meanwhile


@dataclass(frozen=True, slots=True)
class Erasure:
    """What erasing touches: how many rows by table, what ends, and who else is written to at the same address."""

    person: str
    rows: Mapping[str, int]
    mentions: Mapping[str, int]
    running: int
    pending: int
    shared_with: tuple[str, ...]
    messages: tuple[str, ...]  # to them, with a copy to them, or naming them: for files outside the database


def foresee(session: Session, seal: Seal, contact: Contact) -> Erasure:
    """What erasing this person would touch; changes nothing."""
    scrubber = Scrubber(traces_of(session, contact), seal)
    traces = scrubber.traces
    rows = Counter({place.name: sum(1 for _ in rows_of(session, place, traces)) for place in PLACES})
    named = {place: [row for row, _ in rows_that_mention(session, place, scrubber)] for place in PLACES}
    mentions = Counter({place.name: len(found) for place, found in named.items()})
    mentions["inbound_raws"] = sum(1 for _ in bytes_that_mention(session, scrubber))
    told_of = (row["public_id"] for row in named[place_of(Message)])
    return _told(session, traces, rows, mentions, told_of)


def erase(session: Session, seal: Seal, contact: Contact, *, by: str, now: datetime) -> Erasure:
    """Erases this person in one transaction, and notes that it was done, without a word of who it was.

    1. Holds what writes people down, and the contact, so that no digest and no delivery has them in hand.
    2. Ends their runs and takes back what waits for them, or would tell others of them.
    3. Bares their rows, then takes them out of the rows of their customers, then their addresses out of everybody's.
    4. Keeps the keyed hashes by which the gate knows them again.
    """
    if dialect_of(session) == "postgresql":
        session.execute(_LOCK)
    session.execute(select(Contact.id).where(Contact.id == contact.id).with_for_update())
    foreseen = foresee(session, seal, contact)
    _let_go(session, traces_of(session, contact), now)
    scrubber = Scrubber(traces_of(session, contact), seal)
    _take_back_mentions(session, scrubber, now)
    objects = _objects(session, scrubber.traces)
    quoting = list(bytes_that_mention(session, scrubber))
    session.execute(delete(InboundRaw).where(one_of(InboundRaw.inbound_id, quoting)))
    for place in PLACES:
        _bare(session, place, scrubber)
    for place in PLACES:
        _write(session, place, rows_that_mention(session, place, scrubber))
    _forget_deeds(session, scrubber, objects)
    _forget_problems(session, scrubber)
    for place in PLACES:
        _write(session, place, rows_with_address(session, place, scrubber))
    _never_again(session, scrubber, now)
    detail = {"rows": dict(foreseen.rows), "mentions": dict(foreseen.mentions)}
    record(
        session, actor=by, action="privacy.erase", object_kind="contact", object_id=contact.public_id, now=now,
        detail=detail,
    )  # fmt: skip
    session.expire_all()
    return foreseen


def _told(
    session: Session, traces: Traces, rows: Counter[str], mentions: Counter[str], told_of: Iterable[str]
) -> Erasure:
    waiting = select(Message.id).where(one_of(Message.id, traces.message_ids), Message.state.in_(PENDING))
    running = select(Enrolment.id).where(one_of(Enrolment.id, traces.enrolment_ids), Enrolment.state == "running")
    at_theirs = select(Message.public_id, Message.contact_id, Message.cc)
    asked = at_theirs.where(or_(one_of(Message.id, traces.message_ids), one_of(Message.account_id, traces.account_ids)))
    people = set(traces.contact_ids)
    read = [row.public_id for row in session.execute(asked) if not people.isdisjoint((row.contact_id, *row.cc))]
    return Erasure(
        person=traces.contact.public_id,
        rows={name: count for name, count in rows.items() if count},
        mentions={name: count for name, count in mentions.items() if count},
        running=len(session.scalars(running).all()),
        pending=len(session.scalars(waiting).all()),
        shared_with=tuple(dict.fromkeys(who for several in traces.shared.values() for who in several)),
        messages=tuple(sorted({*read, *told_of})),
    )


def _let_go(session: Session, traces: Traces, now: datetime) -> None:
    """They belong to no customer any more, so no step finds them; what waits is taken back and asks the next."""
    of_theirs = one_of(Membership.contact_id, traces.contact_ids)
    session.execute(update(Membership).where(of_theirs, Membership.until.is_(None)).values(until=now))
    here = (one_of(Contact.id, traces.contact_ids), Contact.left_at.is_(None))
    session.execute(update(Contact).where(*here).values(left_at=now))
    running = (one_of(Enrolment.id, traces.enrolment_ids), Enrolment.state == "running")
    end_runs(session, session.scalars(select(Enrolment.id).where(*running)).all(), reason=ERASED, now=now)
    withdraw_from_gone(session, traces.contact_ids, now=now)


def _take_back_mentions(session: Session, scrubber: Scrubber, now: datetime) -> None:
    """A mail to somebody else that would tell of them does not leave; its step learns that it was taken back."""
    place = place_of(Message)
    waiting = [row["id"] for row, _ in rows_that_mention(session, place, scrubber) if row["state"] in PENDING]
    cancel_messages(session, waiting, reason=ERASED, now=now)


def _bare(session: Session, place: Place, scrubber: Scrubber) -> None:
    if place.removed and place.theirs is not None:
        session.execute(delete(place.sql).where(place.theirs(scrubber.traces)))
    elif place.changed:
        rows = list(rows_of(session, place, scrubber.traces))
        bare = [{name: change(scrubber, row[name]) for name, change in place.changed.items()} for row in rows]
        if place.table is Event:
            _rename_keys(session, rows, bare)
        _write(session, place, zip(rows, bare, strict=True))


def _rename_keys(session: Session, rows: Sequence[Row], bare: Sequence[Row]) -> None:
    """The once-key of an event that names the person stands in a table of its own, too."""
    for row, clean in zip(rows, bare, strict=True):
        if row["message_id"] != clean["message_id"]:
            here = (EventKey.source_id == row["source_id"], EventKey.message_id == row["message_id"])
            session.execute(update(EventKey).where(*here).values(message_id=clean["message_id"]))


def _objects(session: Session, traces: Traces) -> set[str]:
    """The public ids of what is theirs, under which deeds are noted."""
    found = set(session.scalars(select(Message.public_id).where(one_of(Message.id, traces.message_ids))))
    found |= set(session.scalars(select(Approval.public_id).where(one_of(Approval.message_id, traces.message_ids))))
    return found | set(session.scalars(select(Task.public_id).where(one_of(Task.contact_id, traces.contact_ids))))


def _forget_deeds(session: Session, scrubber: Scrubber, objects: Iterable[str]) -> None:
    ids = [row["id"] for row in deeds_about(session, scrubber.traces, set(objects))]
    session.execute(update(AuditEntry).where(one_of(AuditEntry.id, ids)).values(detail={}))
    # Its fingerprint has no key: whoever guesses the address would know it again.
    about_address = (one_of(AuditEntry.id, ids), AuditEntry.object_kind == OBJECT)
    session.execute(update(AuditEntry).where(*about_address).values(object_id=GONE))


def _forget_problems(session: Session, scrubber: Scrubber) -> None:
    """A message that could not be taken is kept as it came: one of theirs is emptied whole."""
    named = [
        row.id
        for row in session.execute(select(EventProblem.id, EventProblem.body, EventProblem.reason))
        if scrubber.everywhere(row.body) != row.body or scrubber.everywhere(row.reason) != row.reason
    ]
    emptied = update(EventProblem).where(one_of(EventProblem.id, named))
    session.execute(emptied.values(body={}, reason=GONE))


def _never_again(session: Session, scrubber: Scrubber, now: datetime) -> None:
    """Nobody mails them, under whatever name they come again; no address of theirs is kept for that."""
    traces, seal = scrubber.traces, scrubber.seal
    for table in (Suppression, SharedSuppression):
        session.execute(delete(table).where(one_of(table.address_key, traces.addresses)))
    theirs = (one_of(Suppression.by, traces.public_ids), Suppression.reason != "erased")
    session.execute(update(Suppression).where(*theirs).values(proof={}))
    keys = [seal.of_address(one) for one in traces.addresses] + [seal.of_user(one) for one in traces.user_ids]
    said = {"topic": "*", "reason": "erased", "source": "privacy", "at": now, "by": None, "message": None, "proof": {}}
    insert_ignore(session, Suppression, [{"address_key": key, **said} for key in sorted(keys)])


def _write(session: Session, place: Place, rows: Iterable[tuple[Row, Row]]) -> None:
    """Gives each row, found by its key, its other values."""
    keys = list(place.sql.primary_key)
    bound = [
        {f"key_{column.name}": row[column.name] for column in keys} | {f"to_{name}": to for name, to in clean.items()}
        for row, clean in rows
    ]
    if bound:
        names = [name.removeprefix("to_") for name in bound[0] if name.startswith("to_")]
        to = {name: bindparam(f"to_{name}", type_=place.sql.c[name].type) for name in names}
        here = [column == bindparam(f"key_{column.name}") for column in keys]
        session.connection().execute(update(place.sql).where(*here).values(to), bound)
