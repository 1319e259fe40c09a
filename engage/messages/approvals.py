"""A colleague sees the very mail, then lets it go, changes it or takes it back; what was approved is what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.db.session import nudge
from engage.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from engage.messages.asking import SENDER_CONSENT
from engage.messages.cancelling import cancel_messages
from engage.messages.consenting import give_sender_consent, pass_on
from engage.messages.editing import clean, clean_subject, text_after, with_parts
from engage.messages.exceptions import trust
from engage.messages.expiring import expire_approvals
from engage.messages.links import Links
from engage.messages.news import tell
from engage.messages.presenting import OPEN, ApprovalView, list_pending, load, render, texts_of
from engage.messages.rendering import RenderedEmail, fingerprint
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.staff import audit
from engage.staff.colleagues import stands_in
from engage.staff.people import person
from engage.staff.tables import StaffMember

__all__ = ["ApprovalView", "approve", "edit", "expire_approvals", "list_pending", "load", "reject"]


def edit(
    session: Session,
    library: Library,
    public_id: str,
    *,
    links: Links,
    by: int,
    version: int,
    subject: str | None = None,
    parts: Mapping[str, str] | None = None,
    now: datetime,
) -> Approval:
    """Keeps the changed words with a new fingerprint; refused when somebody else changed them meanwhile.

    `parts` are the texts by the keys that `load` gave them; those that say the same stay as they are.
    """
    approval, message, member = _decidable(session, public_id, by=by, version=version)
    before = render(session, library, links, message)
    old = texts_of(before)
    changed = _really_changed(old, parts or {})
    title = before.subject if subject is None else clean_subject(subject)
    after = _changed(before, message, title, changed)
    if after == before:
        return approval
    approval.edits = {
        "before": approval.edits.get("before")
        or {"subject": before.subject, "parts": {str(k): old[k] for k in changed}},
        "after": {"subject": after.subject, "parts": {str(number): text for number, text in changed.items()}},
    }
    approval.edited, approval.version = True, approval.version + 1
    _keep(message, after)
    _note(session, member, "approval.edited", approval, now)
    return approval


def approve(
    session: Session,
    library: Library,
    public_id: str,
    *,
    links: Links,
    by: int,
    sha: str | None = None,
    version: int | None = None,
    via: str | None = None,
    now: datetime,
) -> Approval:
    """Lets the message go with exactly these bytes; `sha` and `version` say which mail the person saw."""
    approval, message, member = _decidable(session, public_id, by=by, version=version)
    rendered = render(session, library, links, message)
    if sha is not None and sha != rendered.sha:
        raise ConflictError("the mail has changed since it was shown", code="mail_changed", hint="look at it again")
    _keep(message, rendered)
    if approval.cause == SENDER_CONSENT:
        give_sender_consent(session, library, message, staff_id=member.id, now=now)
        if pass_on(session, library, approval, message, now=now):
            _note(session, member, "approval.sender_consent", approval, now, via)
            return approval
    _decide(approval, "approved", member, now)
    approval.sha = rendered.sha
    session.flush()
    trust(session, message, approval)
    message.state, message.reason, message.due_at = "queued", None, max(message.due_at or now, now)
    _note(session, member, "approval.approved", approval, now, via)
    tell(session, "approved", [message], now=now, noun="approval")
    nudge(session, "deliver")
    return approval


def reject(
    session: Session,
    public_id: str,
    *,
    by: int,
    reason: str,
    version: int | None = None,
    via: str | None = None,
    now: datetime,
) -> Approval:
    """Takes the message back for a reason that its author will read; its journey is told."""
    if not reason.strip():
        raise InputError("say why: the author of the playbook learns from it", code="no_reason")
    approval, message, member = _decidable(session, public_id, by=by, version=version)
    _decide(approval, "rejected", member, now)
    approval.reason = clean(reason)
    session.flush()
    trust(session, message, approval)
    cancel_messages(session, [message.id], reason="rejected_by_colleague", now=now, told="rejected")
    session.refresh(message)
    _note(session, member, "approval.rejected", approval, now, via)
    tell(session, "rejected", [message], now=now, noun="approval")
    return approval


def is_asked(session: Session, member: StaffMember, approval: Approval) -> bool:
    """Whether it is this colleague who is asked now, or somebody for whom they stand in."""
    if member.id == approval.assignee_id:
        return True
    return approval.cause != SENDER_CONSENT and stands_in(session, member.id, approval.assignee_id)


def _decidable(
    session: Session, public_id: str, *, by: int, version: int | None
) -> tuple[Approval, Message, StaffMember]:
    """The approval and its message, locked, if this person may decide now."""
    locked = select(Approval).where(Approval.public_id == public_id).with_for_update()
    approval = session.scalar(locked.execution_options(populate_existing=True))
    if approval is None:
        raise NotFoundError("there is no such approval", where=public_id, hint="engage approvals list")
    message = session.get_one(Message, approval.message_id, with_for_update=True, populate_existing=True)
    if approval.state not in OPEN or message.state != "proposed":
        raise ConflictError(f"this was decided already: {approval.state}", code="already_decided", where=public_id)
    if version is not None and version != approval.version:
        raise ConflictError("somebody else has changed it meanwhile", code="stale", hint="look at it again")
    member = person(session, by)
    if not _may_decide(session, member, approval):
        raise PermissionDeniedError("this is not yours to decide", where=public_id)
    return approval, message, member


def _may_decide(session: Session, member: StaffMember, approval: Approval) -> bool:
    """The one asked, who stands in for them, or a leader; in an executive's name only the executive."""
    if not member.is_active:
        return False
    if is_asked(session, member, approval):
        return True
    if approval.cause == SENDER_CONSENT:
        return False
    if member.role in ("leader", "admin") or member.id == approval.escalated_from_id:
        return True
    return approval.assignee_id is None and member.role == "csm"


def _keep(message: Message, rendered: RenderedEmail) -> None:
    message.subject, message.text, message.sha = rendered.subject, rendered.text, rendered.sha
    message.html = rendered.html if message.channel == "email" else None


def _really_changed(old: list[str], parts: Mapping[str, str]) -> dict[int, str]:
    """A form sends every text back; only those that say something else count."""
    changed = {}
    for key, typed in parts.items():
        if not key.isdigit() or int(key) >= len(old):
            raise InputError("the message has no such paragraph", code="no_such_part", where=key)
        if clean(typed) != clean(old[int(key)]):
            changed[int(key)] = clean(typed)
    return changed


def _changed(before: RenderedEmail, message: Message, subject: str, changed: Mapping[int, str]) -> RenderedEmail:
    if message.channel == "email":
        html = with_parts(before.html, changed)
        text = text_after(before.text, before.html, html, changed, locale=message.locale) if changed else before.text
    else:
        html, text = "", changed.get(0, before.text)
    return RenderedEmail(subject, html, text, fingerprint(subject, html, text))


def _decide(approval: Approval, state: str, member: StaffMember, now: datetime) -> None:
    approval.state, approval.decided_at, approval.decided_by_id = state, now, member.id
    approval.version += 1


def _note(
    session: Session, member: StaffMember, action: str, approval: Approval, now: datetime, via: str | None = None
) -> None:
    audit.record(
        session,
        actor=member.public_id,
        action=action,
        object_kind="approval",
        object_id=approval.public_id,
        now=now,
        detail={"via": via} if via else None,
    )
