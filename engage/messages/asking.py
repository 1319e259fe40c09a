"""Whom to ask before a message goes: the account's CSM by the touch model, or the executive in whose name it speaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Account
from engage.db.bulk import insert_ignore
from engage.ids import new_id
from engage.language.durations import Duration
from engage.language.vocabulary import Vocabulary
from engage.messages.contexts import RULE
from engage.messages.deadlines import deadline
from engage.messages.orders import ApprovalRule
from engage.messages.tables import Approval, Message
from engage.releases.library import Library, TemplateSource
from engage.staff.reaching import BURST
from engage.staff.tables import AccountOwner, SenderConsent, StaffMember

EXECUTIVES = ("ceo", "cs_head")
TOUCH_MODEL, SENDER_CONSENT = "touch_model", "sender_consent"
_OWNERS = ("csm", "sales")
CONSENT_WITHIN = Duration(3, "business days")

ConsentKey = tuple[int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A message that a colleague has to see first."""

    message_id: int
    account_id: int | None
    country: str | None
    rule: ApprovalRule | None
    executive_id: int | None = None


def kept_rule(rule: ApprovalRule | None) -> dict[str, Any]:
    """The rule as a message's inputs keep it, for the day when held facts arrive."""
    return {RULE: {"by": rule.by, "within": str(rule.within)}} if rule else {}


def rule_of(inputs: Mapping[str, Any]) -> ApprovalRule | None:
    """The rule that was kept with a message."""
    kept = inputs.get(RULE)
    return ApprovalRule(kept["by"], Duration.parse(kept["within"])) if kept else None


def ask(session: Session, vocabulary: Vocabulary, asks: Sequence[Ask], *, now: datetime) -> None:
    """Writes one pending approval for each message; an executive's consent comes before the CSM's word."""
    if not asks:
        return
    roles = {ask.rule.by for ask in asks if ask.rule and ask.executive_id is None}
    people = _people(session, {ask.account_id for ask in asks if ask.account_id}, roles)
    zones = _zones(session, people, asks)
    insert_ignore(session, Approval, [_row(ask, vocabulary, people, zones, now) for ask in asks])


def consents_given(session: Session, staff_ids: Iterable[int]) -> set[ConsentKey]:
    """Which template versions these executives agreed to sign."""
    wanted = set(staff_ids)
    if not wanted:
        return set()
    asked = select(SenderConsent.staff_id, SenderConsent.template_name, SenderConsent.template_sha)
    return {(row[0], row[1], row[2]) for row in session.execute(asked.where(SenderConsent.staff_id.in_(wanted)))}


def executive_to_ask(
    channel: str, sender: StaffMember | None, template: TemplateSource, consents: set[ConsentKey]
) -> int | None:
    """The executive who has yet to agree that this template version goes out in their name."""
    if channel != "email" or sender is None or sender.position not in EXECUTIVES:
        return None
    return None if (sender.id, template.name, template.sha) in consents else sender.id


def assignee_of(session: Session, account_id: int | None, role: str) -> int | None:
    """Who has a role at an account, or in the company; None when nobody does."""
    people = _people(session, {account_id} if account_id else set(), {role})
    return people.get((account_id, role)) or people.get((None, role))


def due_of(
    session: Session, library: Library, message: Message, staff_id: int | None, within: Duration, *, now: datetime
) -> datetime:
    """When a colleague's word on a message is too late, asked now."""
    colleague = session.get(StaffMember, staff_id) if staff_id else None
    account = session.get(Account, message.account_id) if message.account_id else None
    zone_name, country = colleague.time_zone if colleague else None, account.country if account else None
    return deadline(library.vocabulary(session), now, within, zone_name=zone_name, country=country)


def _row(
    ask: Ask,
    vocabulary: Vocabulary,
    people: Mapping[tuple[int | None, str], int],
    zones: Mapping[int, str],
    now: datetime,
) -> dict[str, Any]:
    by = ask.rule.by if ask.rule else "csm"
    assignee = ask.executive_id or people.get((ask.account_id, by)) or people.get((None, by))
    within = CONSENT_WITHIN if ask.executive_id or ask.rule is None else ask.rule.within
    return {
        "public_id": new_id("apr"),
        "message_id": ask.message_id,
        "cause": SENDER_CONSENT if ask.executive_id else TOUCH_MODEL,
        "state": "pending",
        "assignee_id": assignee,
        "asked_at": now,
        "expires_at": deadline(vocabulary, now, within, zone_name=zones.get(assignee or 0), country=ask.country),
        "version": 1,
        "edited": False,
        "edits": {},
        "tell_at": now + BURST,
    }


def _people(session: Session, accounts: set[int], roles: set[str]) -> dict[tuple[int | None, str], int]:
    """Owners by (account, role), everybody else by (None, position or role); the oldest colleague wins."""
    found: dict[tuple[int | None, str], int] = {}
    if accounts and roles.intersection(_OWNERS):
        owners = select(AccountOwner.account_id, AccountOwner.role, AccountOwner.staff_id).where(
            AccountOwner.account_id.in_(accounts), AccountOwner.role.in_(roles), AccountOwner.until.is_(None)
        )
        for account_id, role, staff_id in session.execute(owners.order_by(AccountOwner.since)):
            found[account_id, role] = staff_id
    others = roles.difference(_OWNERS)
    if others:
        members = select(StaffMember.id, StaffMember.position, StaffMember.role).where(StaffMember.is_active)
        for staff_id, position, role in session.execute(members.order_by(StaffMember.id.desc())):
            for name in others.intersection((position, role)):
                found[None, name] = staff_id
    return found


def _zones(session: Session, people: Mapping[tuple[int | None, str], int], asks: Sequence[Ask]) -> dict[int, str]:
    wanted = {*people.values(), *(ask.executive_id for ask in asks if ask.executive_id)}
    if not wanted:
        return {}
    asked = select(StaffMember.id, StaffMember.time_zone).where(StaffMember.id.in_(wanted))
    return {row.id: row.time_zone for row in session.execute(asked)}
