"""Which colleague a notice is for: whose letter it is; the account's owner or who stands in, the position, the team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.email.senders import Sender, writes_as
from engage.notices.wording import Reader
from engage.releases.library import Library
from engage.staff.colleagues import colleagues
from engage.staff.people import name_of
from engage.staff.presence import stand_ins
from engage.staff.tables import AccountOwner, StaffMember


@dataclass(frozen=True, slots=True)
class Readers:
    """Everybody whom a window of notices may be for."""

    members: Mapping[int, Reader]
    owners: Mapping[tuple[int, str], Reader]
    positions: Mapping[str, Reader]
    team: Reader | None
    sender: Sender | None
    locale: str

    def reader(self, notice: Any) -> Reader | None:
        """Who reads this one; nobody, where it is a letter to somebody who has left."""
        if notice.staff_id is not None:
            return self.members.get(notice.staff_id)
        owner = self.owners.get((notice.account_id, notice.target))
        return owner or self.positions.get(notice.target) or self.team


def readers_of(session: Session, library: Library, notices: Sequence[Any], *, now: datetime) -> Readers:
    """Looks up the colleagues of these notices and the team that signs."""
    vocabulary = library.vocabulary(session)
    locale, zone = vocabulary.defaults.locale, vocabulary.defaults.time_zone
    said = vocabulary.company.facts(locale).get("team") or {}
    address = str(said.get("email") or "")
    mailbox = (str(said.get("name") or ""), address) if address else None
    members = {one.id: one for one in session.scalars(select(StaffMember).where(StaffMember.is_active))}
    people = colleagues(session, vocabulary, now=now)

    def present(staff_id: int) -> Reader | None:
        """The colleague, or who stands in while they are away."""
        one = people[staff_id]
        there = (other for other in (one, *stand_ins(one, people)) if not other.is_away(now))
        member = members.get(next(there, one).id or 0)
        return _reader(member) if member else None

    owned = _owners(session, notices)
    placed = {str(one.position): one.id for one in sorted(members.values(), key=lambda one: -one.id)}
    return Readers(
        members={id_: _reader(member) for id_, member in members.items()},
        owners={key: reader for key, staff_id in owned.items() if (reader := present(staff_id))},
        positions={
            position: reader
            for position, staff_id in placed.items()
            if position not in ("csm", "sales") and (reader := present(staff_id))
        },
        team=Reader(mailbox[0], mailbox[1], locale, zone, is_team=True) if mailbox else None,
        sender=writes_as(mailbox, vocabulary.defaults.sending_domains) if mailbox else None,
        locale=locale,
    )


def _owners(session: Session, notices: Sequence[Any]) -> dict[tuple[int, str], int]:
    accounts = {notice.account_id for notice in notices if notice.account_id is not None}
    owned = (
        select(AccountOwner.account_id, AccountOwner.role, AccountOwner.staff_id)
        .where(AccountOwner.account_id.in_(accounts), AccountOwner.until.is_(None))
        .order_by(AccountOwner.since, AccountOwner.id)
    )
    return {(account_id, role): staff_id for account_id, role, staff_id in session.execute(owned)}


def _reader(member: StaffMember) -> Reader:
    language = "ja" if member.locale.startswith("ja") else "en"
    return Reader(name_of(member, language), member.email, member.locale, member.time_zone)
