"""Which colleague a notice is for: the account's owner, the person of that position, else the team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.email.senders import Sender, writes_as
from engage.notices.wording import Reader
from engage.releases.library import Library
from engage.staff.people import name_of
from engage.staff.tables import AccountOwner, StaffMember


@dataclass(frozen=True, slots=True)
class Readers:
    """Everybody whom a window of notices may be for."""

    owners: Mapping[tuple[int, str], Reader]
    positions: Mapping[str, Reader]
    team: Reader | None
    sender: Sender | None
    locale: str

    def reader(self, notice: Any) -> Reader | None:
        """Who reads this one."""
        owner = self.owners.get((notice.account_id, notice.target))
        return owner or self.positions.get(notice.target) or self.team


def readers_of(session: Session, library: Library, notices: Sequence[Any]) -> Readers:
    """Looks up the colleagues of these notices and the team that signs."""
    vocabulary = library.vocabulary(session)
    locale = vocabulary.defaults.locale
    team = vocabulary.company.facts(locale).get("team") or {}
    address = str(team.get("email") or "")
    mailbox = (str(team.get("name") or ""), address) if address else None
    accounts = {notice.account_id for notice in notices if notice.account_id is not None}
    owned = (
        select(AccountOwner.account_id, AccountOwner.role, StaffMember)
        .join(StaffMember, StaffMember.id == AccountOwner.staff_id)
        .where(AccountOwner.account_id.in_(accounts), AccountOwner.until.is_(None), StaffMember.is_active)
        .order_by(AccountOwner.since, AccountOwner.id)
    )
    people = select(StaffMember).where(StaffMember.position.is_not(None), StaffMember.is_active)
    return Readers(
        owners={(account_id, role): _reader(member) for account_id, role, member in session.execute(owned)},
        positions={
            str(member.position): _reader(member)
            for member in session.scalars(people.order_by(StaffMember.id.desc()))
            if member.position not in ("csm", "sales")
        },
        team=Reader(mailbox[0], mailbox[1], locale) if mailbox else None,
        sender=writes_as(mailbox, vocabulary.defaults.sending_domains) if mailbox else None,
        locale=locale,
    )


def _reader(member: StaffMember) -> Reader:
    return Reader(name_of(member, "ja" if member.locale.startswith("ja") else "en"), member.email, member.locale)
