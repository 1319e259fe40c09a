"""A mail sent to a colleague to look at: no row of the ledger, marked in its subject, with links that lead nowhere.

It counts nowhere: reports, budgets and receipts know messages by their rows, and this has none.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.channels.base import Accepted, EmailChannel, Mailbox, OutboundEmail, Outcome
from engage.errors import ConflictError, InputError
from engage.ids import new_id
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail
from engage.messages.unsubscribing import unsubscribe_headers
from engage.staff.audit import record
from engage.staff.tables import StaffMember

ORIGIN = "trial"
MARK = "[TEST]"


def insist_on_colleague(session: Session, address: str) -> None:
    """Refuses an address that belongs to none of our people: a trial is no way to write to a customer."""
    ours = select(StaffMember.id).where(func.lower(StaffMember.email) == address.strip().lower(), StaffMember.is_active)
    if session.scalar(ours) is None:
        raise InputError(
            f"{address} belongs to none of our people",
            code="not_ours",
            hint="engage users add it first, or say --outside if it is meant",
        )


def trial_mail(
    mail: RenderedEmail, *, sender: Mailbox, to: str, purpose: str, links: Links, now: datetime
) -> OutboundEmail:
    """The mail as a customer would get it, but for its subject, its reader and where its links lead."""
    message_id = new_id("test")
    return OutboundEmail(
        message_id=message_id,
        attempt=1,
        from_name=sender[0],
        from_address=sender[1],
        reply_to=None,
        to_name="",
        to_address=to,
        cc=(),
        subject=f"{MARK} {mail.subject}",
        html=mail.html,
        text=mail.text,
        headers=(
            ("Auto-Submitted", "auto-generated"),
            *unsubscribe_headers(links, message_id, purpose=purpose, has_copies=False),
        ),
        category=ORIGIN,
        sent_at=now,
    )


def send_trial(channel: EmailChannel, email: OutboundEmail) -> Accepted:
    """Hands it over once; raises ConflictError with what the provider said where it was not taken."""
    (outcome,) = channel.send([email])
    if isinstance(outcome, Accepted):
        return outcome
    raise ConflictError(f"the test mail was not accepted: {_reason(outcome)}", code="not_accepted")


def note_trial(session: Session, template: str, *, to: str, outside: bool, by: str, now: datetime) -> None:
    """Writes down who sent which template to whom; of an address outside, only that it was one."""
    detail = {"outside": outside} if outside else {"to": to}
    record(
        session,
        actor=by,
        action="templates.send_test",
        object_kind="template",
        object_id=template,
        detail=detail,
        now=now,
    )


def _reason(outcome: Outcome) -> str:
    return getattr(outcome, "reason", type(outcome).__name__)
