"""A colleague's day as the sections of a letter, in the order of what cannot wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engage.messages.links import Asked, Links
from engage.messages.presenting import Waiting
from engage.notices.telling import content_of, section_of
from engage.reports.today import Today
from engage.staff.people import name_of
from engage.staff.tables import StaffMember
from engage.tasks.listing import ListedTask


def digest_of(today: Today, member: StaffMember, links: Links, *, now: datetime) -> dict[str, Any]:
    """The content of the letter; a section for each list that holds something."""
    return content_of(links.public_url, *_sections(today, member, links, now))


def _sections(today: Today, member: StaffMember, links: Links, now: datetime) -> Iterator[dict[str, Any]]:
    console = f"{links.public_url}/console"
    if today.approvals:
        approvals = [_approval(one, member, links, now) for one in today.approvals]
        yield section_of("approvals", approvals, count=today.approvals_count, url=f"{console}/approvals")
    if today.tasks:
        tasks = [_task(one, console) for one in today.tasks]
        yield section_of("tasks", tasks, count=today.tasks_count, url=f"{console}/tasks")
    if today.replies:
        replies = [
            {"what": one.what, "account": one.account, "contact": one.contact, "at": one.at.isoformat()}
            for one in today.replies
        ]
        yield section_of("replies", replies, count=today.replies_count, url=f"{console}/today")
    if today.sent:
        sent = [{"account": one.account, "playbooks": one.playbooks} for one in today.sent]
        rest = today.sent_accounts - len(sent)
        yield section_of("sent", sent, count=today.sent_count, rest=rest, url=f"{console}/today")
    doubts = {"unknowns": today.unknowns, "notices": today.failed_notices}
    if found := [{"what": what, "count": count} for what, count in doubts.items() if count]:
        yield section_of("doubts", found, count=sum(doubts.values()), rest=0)


def _approval(one: Waiting, member: StaffMember, links: Links, now: datetime) -> dict[str, Any]:
    """Shortly, with its reader's own link as long as that would decide."""
    is_own = one.assignee_name == name_of(member, member.locale)
    asked = Asked(one.public_id, member.public_id, one.expires_at) if one.expires_at > now else None
    return {
        "id": one.public_id,
        "account": one.account_name,
        "playbook": one.playbook_title,
        "subject": one.subject,
        "due": one.expires_at.isoformat(),
        "is_late": one.expires_at <= now,
        "instead_of": None if is_own else one.assignee_name,
        "decide": links.decision_url(asked) if asked else None,
        "console": f"{links.public_url}/console/approvals/{one.public_id}",
    }


def _task(one: ListedTask, console: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "account": one.account_name,
        "title": one.title,
        "due": one.due_at.isoformat(),
        "is_late": one.is_late,
        "console": f"{console}/tasks#{one.id}",
    }
