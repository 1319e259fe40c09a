"""A decision by the link of a letter: for one approval, one colleague and one time of asking, without a login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.errors import ConflictError, NotFoundError
from engage.messages.approvals import approve, is_asked, reject
from engage.messages.links import Links
from engage.messages.presenting import ApprovalView, find_approval, load
from engage.releases.library import Library
from engage.staff.people import names_of
from engage.staff.tables import StaffMember

VIA = "link"
Standing = Literal["open", "decided", "run_out", "passed_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a link opens: whose it is, the very message, and whether it may still decide."""

    member: StaffMember
    view: ApprovalView
    standing: Standing
    instead_of: Mapping[str, str] | None
    playbook: Mapping[str, str] | None


def open_link(session: Session, library: Library, links: Links, token: str, *, now: datetime) -> Opened:
    """Reads and changes nothing; NotFoundError for what we did not sign, or signed for somebody who has left."""
    asked = links.read_decision(token)
    member = session.scalar(select(StaffMember).where(StaffMember.public_id == asked.staff_id, StaffMember.is_active))
    if member is None:
        raise NotFoundError("the colleague this link was for is not here any more", code="bad_link")
    approval = find_approval(session, asked.approval_id)
    view = load(session, library, asked.approval_id, links=links, locale=member.locale)
    standing: Standing = "open"
    if view.state != "pending":
        standing = "decided"
    elif now >= asked.until or approval.state != "pending":
        standing = "run_out"
    elif not is_asked(session, member, approval):
        standing = "passed_on"
    other = session.get(StaffMember, approval.assignee_id or 0)
    title = library.title(session, view.playbook_key)
    return Opened(
        member=member,
        view=view,
        standing=standing,
        instead_of=names_of(other) if other is not None and other.id != member.id and standing == "open" else None,
        playbook={"ja": title.ja, "en": title.en} if title else None,
    )


def approve_by_link(
    session: Session, library: Library, links: Links, token: str, *, sha: str | None, version: int, now: datetime
) -> None:
    """Lets the message go as it was shown; a ConflictError where it is another one now, or the link decides no more."""
    opened = _still_open(session, library, links, token, now)
    by, about = opened.member.id, opened.view.public_id
    approve(session, library, about, links=links, by=by, sha=sha, version=version, via=VIA, now=now)


def reject_by_link(
    session: Session, library: Library, links: Links, token: str, *, reason: str, version: int, now: datetime
) -> None:
    """Takes the message back for a reason, under the same conditions."""
    opened = _still_open(session, library, links, token, now)
    by = opened.member.id
    reject(session, opened.view.public_id, by=by, reason=reason, version=version, via=VIA, now=now)


def _still_open(session: Session, library: Library, links: Links, token: str, now: datetime) -> Opened:
    opened = open_link(session, library, links, token, now=now)
    if opened.standing != "open":
        raise ConflictError("this link does not decide any more", code=f"link_{opened.standing}")
    return opened
