"""Whom a partner stands before: read for many messages at once, only where some are about a contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engage.customers.tables import Contract, Membership
from engage.db.sets import among
from engage.messages.policy.past_partner import CONTRACT, PARTNER, is_partners_business

_contracts, _members = Contract.__table__.c, Membership.__table__.c
# The current contract of an account is the active one that started last, as in the facts.
_CONTRACTS = (
    select(_contracts.id, _contracts.account_id, _contracts.contact_policy, _contracts.state)
    .where(or_(among(_contracts.id, "ids"), among(_contracts.account_id, "accounts")))
    .order_by(_contracts.starts_on.is_not(None), _contracts.starts_on, _contracts.id)
)
_ROLES = select(_members.account_id, _members.contact_id, _members.roles).where(
    among(_members.account_id, "accounts"), _members.until.is_(None)
)


@dataclass(frozen=True, slots=True)
class Partners:
    """The messages that are their partner's business, and who is a partner where."""

    closed: frozenset[int] = frozenset()
    partners: frozenset[tuple[int | None, int]] = field(default=frozenset())

    def are_passed(self, row: Any, contact_id: int) -> bool:
        """Whether the message would reach that reader past the partner."""
        return row.id in self.closed and (row.account_id, contact_id) not in self.partners


def load_partners(session: Session, rows: Sequence[Any]) -> Partners:
    """No statement where nothing is about a contract; the second one only where a partner stands between."""
    asked = [row for row in rows if row.topic == CONTRACT]
    if not asked:
        return Partners()
    policies = _policies(session, asked)
    closed = [row for row in asked if is_partners_business(policies.get(row.id), row.topic)]
    if not closed:
        return Partners()
    roles = session.execute(_ROLES, {"accounts": list({row.account_id for row in closed if row.account_id})})
    partners = frozenset((row.account_id, row.contact_id) for row in roles if PARTNER in row.roles)
    return Partners(frozenset(row.id for row in closed), partners)


def _policies(session: Session, asked: Sequence[Any]) -> Mapping[int, str | None]:
    """The contact policy of the contract that each message is about, or of its customer's current one."""
    named = {
        "ids": list({row.contract_id for row in asked if row.contract_id}),
        "accounts": list({row.account_id for row in asked if row.account_id and not row.contract_id}),
    }
    by_contract, current = dict[int, str](), dict[int, str]()
    for row in session.execute(_CONTRACTS, named):
        by_contract[row.id] = row.contact_policy
        if row.state == "active":
            current[row.account_id] = row.contact_policy
    return {row.id: by_contract.get(row.contract_id) or current.get(row.account_id) for row in asked}
