"""Finds the mail that the same person gets from the same step for another customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from engage.customers.tables import Contact
from engage.db.base import UtcDateTime
from engage.db.sets import among
from engage.messages.policy.one_mail import WITHIN
from engage.messages.tables import Message
from engage.releases.library import Library, LivePlaybook

_GOING = ("proposed", "queued", "held", "sending", "accepted", "unknown", "merged")

_mail, _twin = aliased(Message), aliased(Message)
_reader, _same = aliased(Contact), aliased(Contact)
# Who reads them comes first, as a set of its own: a database that has no figures yet would begin with all of a step.
_readers = (
    select(_mail.id, _mail.playbook_key, _mail.step_id, _mail.account_id, _same.id.label("contact_id"))
    .join(_reader, _reader.id == _mail.contact_id)
    .join(_same, _same.address_key == _reader.address_key)
    .where(
        among(_mail.id, "ids"),
        _mail.channel == "email",
        _mail.purpose != "transactional",
        _mail.contract_id.is_(None),  # each contract is a matter of its own
    )
    .cte("readers")
    .prefix_with("MATERIALIZED")
)
# Nothing is asked of `origin`: SQLite would read all that have it.
TWINS = (
    select(_readers.c.id, _readers.c.playbook_key, _twin.public_id)
    .join(_twin, _twin.contact_id == _readers.c.contact_id)
    .where(
        _twin.channel == "email",
        _twin.playbook_key == _readers.c.playbook_key,
        _twin.step_id == _readers.c.step_id,
        _twin.account_id != _readers.c.account_id,
        _twin.id < _readers.c.id,
        _twin.state.in_(_GOING),
        _twin.created_at >= bindparam("since", type_=UtcDateTime()),
    )
    .order_by(_readers.c.id, _twin.id.desc())
)

# The same for a mail that nobody has written yet.
_AHEAD = (
    select(_twin.public_id)
    .join(_same, _same.id == _twin.contact_id)
    .where(_twin.channel == "email", _twin.state.in_(_GOING))
    .order_by(_twin.id)
    .limit(1)
)


def twin_ahead(session: Session, library: Library, mail: Any, *, now: datetime) -> str | None:
    """The mail that would make this one, with the columns of a row, one too many if it were written now."""
    is_meant = mail.channel == "email" and mail.purpose != "transactional" and mail.contract_id is None
    if not is_meant or not mail.address_key or _is_for_each(library.named(session, mail.playbook_key)):
        return None
    step = (_twin.playbook_key == mail.playbook_key, _twin.step_id == mail.step_id)
    elsewhere = (_same.address_key == mail.address_key, _twin.account_id != mail.account_id)
    return session.scalar(_AHEAD.where(*step, *elsewhere, _twin.created_at >= now - WITHIN))


def twins_of(session: Session, library: Library, ids: Sequence[int], *, now: datetime) -> dict[int, str]:
    """For each of these mails the earlier one (by its public id) that makes it one too many.

    A playbook that says `every_account` writes to such a person for each customer.
    """
    found = session.execute(TWINS, {"ids": list(ids), "since": now - WITHIN}).all()
    if not found:
        return {}
    return {row.id: row.public_id for row in found if not _is_for_each(library.named(session, row.playbook_key))}


def _is_for_each(live: LivePlaybook | None) -> bool:
    return live is not None and live.playbook.every_account
