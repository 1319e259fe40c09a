"""Finding the rows that are a person's, and those of their customers that speak of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint, cast, false, func, or_, select
from sqlalchemy.orm import Session

from engage.channels.email.inbound.letter import read_letter
from engage.db.sets import one_of
from engage.messages.inbound.tables import InboundEmail, InboundRaw
from engage.messages.suppressing_by_hand import fingerprint_of
from engage.staff.tables import AuditEntry
from engage.upkeep.privacy.places import Place, place_of
from engage.upkeep.privacy.scrubbing import Scrubber
from engage.upkeep.privacy.traces import Traces

Row = dict[str, Any]
_AT_ONCE = 500


def rows_of(session: Session, place: Place, traces: Traces) -> Iterator[Row]:
    """The rows of a table that are the person's."""
    if place.theirs is not None:
        yield from _rows(session, place, place.theirs(traces))


def rows_that_mention(session: Session, place: Place, scrubber: Scrubber) -> Iterator[tuple[Row, Row]]:
    """Rows of their customers that are not theirs and speak of them; with the columns as they are without that."""
    if place.at_account is None:
        return
    here = place.at_account(scrubber.traces)
    theirs = place.theirs(scrubber.traces) if place.theirs is not None else None
    for row in _rows(session, place, here if theirs is None else here & ~func.coalesce(theirs, false())):
        told = {name: row[name] for name in place.mentions.split()}
        clean = {name: scrubber.at_their_customers(scrubber.with_bare_events(value)) for name, value in told.items()}
        if clean != told:
            yield row, clean


def rows_with_address(session: Session, place: Place, scrubber: Scrubber) -> Iterator[tuple[Row, Row]]:
    """Rows of anybody in which an address of theirs stands; with the columns as they are without it."""
    texts = [column for column in place.sql.columns if _holds_text(column) and not column.primary_key]
    if not texts or not scrubber.traces.addresses:
        return
    wanted = (f"%{address}%" for address in sorted(scrubber.traces.addresses))
    said = or_(*(cast(column, String).ilike(address) for address in wanted for column in texts))
    for row in _rows(session, place, said):
        told = {column.name: row[column.name] for column in texts}
        clean = {
            column.name: scrubber.key(row[column.name]) if _is_key(column) else scrubber.everywhere(row[column.name])
            for column in texts
        }
        if clean != told:
            yield row, clean


def bytes_that_mention(session: Session, scrubber: Scrubber) -> Iterator[int]:
    """Whose bytes to let go of: mail of others, of their customers or of nobody known, that speaks of them anywhere.

    What is attached to such a mail is not looked into.
    """
    at_theirs = one_of(InboundEmail.account_id, scrubber.traces.account_ids)
    here = (or_(at_theirs, InboundEmail.account_id.is_(None)), InboundRaw.inbound_id == InboundEmail.id)
    for inbound_id in session.scalars(select(InboundEmail.id).where(*here).order_by(InboundEmail.id)).all():
        raw = session.scalars(select(InboundRaw.raw).where(InboundRaw.inbound_id == inbound_id)).one()
        if scrubber.is_told_by(_words(bytes(raw))):
            yield inbound_id


def _words(raw: bytes) -> str:
    """All that a mail says, with what it quotes and whom its headers name."""
    letter = read_letter(raw)
    return "\n".join((*(letter.header(name) for name in dict.fromkeys(letter.message.keys())), letter.text))


def deeds_about(session: Session, traces: Traces, objects: set[str]) -> Iterator[Row]:
    """What was done to the person, to things of theirs, by their public ids, and about their addresses."""
    about = objects | traces.public_ids | {fingerprint_of(one) for one in traces.addresses}
    yield from _rows(session, place_of(AuditEntry), AuditEntry.object_id.in_(sorted(about)))


def _rows(session: Session, place: Place, where: Any) -> Iterator[Row]:
    asked = select(place.sql).where(where).order_by(*place.sql.primary_key)
    for rows in session.execute(asked).mappings().partitions(_AT_ONCE):
        yield from (dict(row) for row in rows)


def _holds_text(column: Any) -> bool:
    return isinstance(column.type, String | JSON)


def _is_key(column: Any) -> bool:
    """Whether no two rows may have the same: what stands for an address there has to stay apart, too."""
    constraints = (one for one in column.table.constraints if isinstance(one, UniqueConstraint))
    return any(column.name in constraint.columns for constraint in constraints)
