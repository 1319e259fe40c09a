"""Who looks after an account, as CSM or for sales; a change keeps its history."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.staff.tables import AccountOwner

OWNER_ROLES = ("csm", "sales")


def set_owner(
    session: Session, account_id: int, staff_id: int, *, role: Literal["csm", "sales"], now: datetime
) -> bool:
    """Makes a colleague the account's CSM or salesperson from now on; tells whether that is news."""
    current = session.scalars(
        select(AccountOwner).where(
            AccountOwner.account_id == account_id, AccountOwner.role == role, AccountOwner.until.is_(None)
        )
    ).all()
    if any(owner.staff_id == staff_id for owner in current):
        return False
    for owner in current:
        owner.until = now
    session.add(AccountOwner(account_id=account_id, staff_id=staff_id, role=role, since=now, until=None))
    session.flush()
    return True
