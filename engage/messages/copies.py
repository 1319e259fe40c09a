"""Those who get a copy, as they are now: a mail keeps only who they are, and each gate reads them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Contact, Membership
from engage.db.sets import one_of
from engage.messages.policy.candidate import Candidate
from engage.messages.suppressed import Suppressed
from engage.messages.tables import GateCheck, Message


@dataclass(frozen=True, slots=True)
class Copied:
    """Somebody who is to get a copy."""

    id: int
    name: str
    user_id: str | None
    email: str | None
    address_key: str | None
    has_left: bool
    accounts: frozenset[int]


def load_copied(session: Session, ids: Iterable[int]) -> dict[int, Copied]:
    """These contacts with the accounts that they belong to; two statements, none for nobody."""
    wanted = set(ids)
    if not wanted:
        return {}
    members = select(Membership.contact_id, Membership.account_id)
    accounts: dict[int, set[int]] = defaultdict(set)
    for key, account_id in session.execute(
        members.where(one_of(Membership.contact_id, wanted), Membership.until.is_(None))
    ):
        accounts[key].add(account_id)
    columns = (Contact.id, Contact.external_id, Contact.public_id, Contact.email, Contact.address_key, Contact.left_at)
    return {
        row.id: Copied(
            id=row.id,
            name=row.external_id or row.public_id,
            user_id=row.external_id,
            email=row.email,
            address_key=row.address_key,
            has_left=row.left_at is not None,
            accounts=frozenset(accounts[row.id]),
        )
        for row in session.execute(select(*columns).where(one_of(Contact.id, wanted)))
    }


def had_copies(session: Session, message: Message) -> bool:
    """Whether somebody else got the mail, as the gate let them when it was handed over."""
    if not message.cc:
        return False
    let_through = (GateCheck.message_id == message.id, GateCheck.phase == "send", GateCheck.verdict == "allow")
    inputs = session.scalars(select(GateCheck.inputs).where(*let_through).order_by(GateCheck.id.desc())).first()
    return inputs is None or any(one["left_out"] is None for one in inputs.get("copies", ()))


def as_candidates(
    of: Candidate,
    copied: Iterable[Copied],
    account_id: int | None,
    *,
    suppressions: Suppressed,
    consents: Mapping[int, Mapping[str, Any]],
) -> tuple[Candidate, ...]:
    """The message once for each copy, with what is known of that reader."""
    return tuple(
        replace(
            of,
            contact_id=one.id,
            contact=one.name,
            address=one.email,
            has_left=one.has_left,
            is_member=account_id is None or account_id in one.accounts,
            suppressions=suppressions.of(one.address_key, one.user_id),
            consents=consents.get(one.id, {}),
        )
        for one in copied
    )
