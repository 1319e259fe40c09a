"""What one colleague has before them today: what waits for their word, what is to be done, what went out, who answered.

The digest mail and the console's first page say the same: both show this.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engage.calendars.business_days import ONE_DAY
from engage.calendars.zones import day_of, start_of
from engage.customers.tables import Account, Contact
from engage.events.tables import Event
from engage.messages.links import Links
from engage.messages.presenting import Waiting, contact_name, count_pending, list_pending
from engage.messages.tables import Message
from engage.messages.unknowns import list_unknowns
from engage.notices.tables import Notice
from engage.releases.library import Library
from engage.staff.colleagues import colleagues, covered_by
from engage.staff.presence import Colleague
from engage.staff.tables import AccountOwner, StaffMember
from engage.tasks.listing import ListedTask, tasks_due

MOST_SHOWN = 20
REPLIES = ("replied", "answered")


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out to one account: how many messages of which playbook."""

    account: str
    playbooks: Sequence[tuple[dict[str, str], int]]


@dataclass(frozen=True, slots=True)
class Answered:
    """A customer who replied to a mail or answered a question."""

    what: str
    account: str
    contact: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Each list holds the most urgent ones, beside it how many there are in all."""

    approvals: Sequence[Waiting]
    approvals_count: int
    tasks: Sequence[ListedTask]
    tasks_count: int
    sent: Sequence[Sent]
    sent_count: int  # messages, not accounts
    sent_accounts: int
    replies: Sequence[Answered]
    replies_count: int
    unknowns: int  # messages that may or may not have gone; told to administrators
    failed_notices: int
    since: datetime  # what went out and who answered is told from then on

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.approvals or self.tasks or self.sent or self.replies or self.unknowns or self.failed_notices)


def today_of(session: Session, library: Library, member: StaffMember, *, links: Links, now: datetime) -> Today:
    """Everything for this colleague, and for those who are away and for whom they stand in."""
    vocabulary = library.vocabulary(session)
    one = colleagues(session, vocabulary, now=now)[member.id]
    covered = covered_by(session, vocabulary, member.id, now=now)
    whose = {member.id, *covered}
    since, tomorrow = _last_open_day(one, now), start_of(day_of(now, one.zone) + ONE_DAY, one.zone)
    tasks, tasks_count = tasks_due(session, whose, until=tomorrow, now=now, limit=MOST_SHOWN)
    sent, sent_count = _sent(session, library, whose, since)
    replies, replies_count = _replies(session, whose, since, member.locale)
    is_admin = member.role == "admin"
    return Today(
        approvals=list_pending(
            session, library, links=links, assignee_id=member.id, instead_of=covered, limit=MOST_SHOWN
        ),
        approvals_count=count_pending(session, assignee_id=member.id, instead_of=covered),
        tasks=tasks,
        tasks_count=tasks_count,
        sent=sent[:MOST_SHOWN],
        sent_count=sent_count,
        sent_accounts=len(sent),
        replies=replies,
        replies_count=replies_count,
        unknowns=len(list_unknowns(session, now=now)) if is_admin else 0,
        failed_notices=_failed_notices(session, since) if is_admin else 0,
        since=since,
    )


def _last_open_day(one: Colleague, now: datetime) -> datetime:
    """When the last working day before today began for them."""
    day = one.calendar.roll_back(day_of(now, one.zone) - ONE_DAY)
    return start_of(day, one.zone)


def _owned(whose: Collection[int]) -> Select[int]:
    return select(AccountOwner.account_id).where(AccountOwner.staff_id.in_(whose), AccountOwner.until.is_(None))


def _sent(session: Session, library: Library, whose: Collection[int], since: datetime) -> tuple[list[Sent], int]:
    """What went out to their accounts, those with the most messages first; and how many messages that were."""
    counted = (
        select(Account.id, Account.name, Message.playbook_key, func.count().label("count"))
        .join(Account, Account.id == Message.account_id)
        .where(Message.account_id.in_(_owned(whose)), Message.accepted_at >= since)
        .group_by(Account.id, Account.name, Message.playbook_key)
        .order_by(func.count().desc(), Account.name, Message.playbook_key)
    )
    found: dict[int, Sent] = {}
    total = 0
    for account_id, name, key, count in session.execute(counted):
        title = library.title(session, key)
        named = {"ja": title.ja, "en": title.en} if title else {"ja": key or "-", "en": key or "-"}
        sent = found.setdefault(account_id, Sent(name, []))
        found[account_id] = Sent(name, [*sent.playbooks, (named, count)])
        total += count
    return list(found.values()), total


def _replies(session: Session, whose: Collection[int], since: datetime, locale: str) -> tuple[list[Answered], int]:
    """Who replied or answered at their accounts, the newest first; and how many there are."""
    theirs = (Event.name.in_(REPLIES), Event.occurred_at >= since, Event.account_id.in_(_owned(whose)))
    said = (
        select(Event.name, Account.name, Contact, Event.occurred_at)
        .join(Account, Account.id == Event.account_id)
        .outerjoin(Contact, Contact.id == Event.contact_id)
        .where(*theirs)
        .order_by(Event.occurred_at.desc(), Event.id.desc())
        .limit(MOST_SHOWN)
    )
    found = [
        Answered(what, account, contact_name(contact, locale) if contact else "", at)
        for what, account, contact, at in session.execute(said)
    ]
    return found, session.scalar(select(func.count()).select_from(Event).where(*theirs)) or 0


def _failed_notices(session: Session, since: datetime) -> int:
    failed = Notice.state.in_(("rejected", "unknown"))
    return session.scalar(select(func.count()).select_from(Notice).where(failed, Notice.created_at >= since)) or 0
