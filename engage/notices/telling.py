"""From what colleagues are to hear to letters: to whom, when, and how much in one.

The rule of bursts: a letter waits BURST from the first of its news, and holds everything of the same kind for the same
reader that came by then. The next letter of that kind comes PAUSE later at the earliest, unless it would be too late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.keys import notice_of_letter
from engage.language.vocabulary import Vocabulary
from engage.notices.raising import Kind, NewNotice, raise_notices
from engage.notices.tables import Notice
from engage.staff.colleagues import colleagues, team
from engage.staff.people import names_of
from engage.staff.presence import Colleague, route
from engage.staff.reaching import channel_of
from engage.staff.tables import StaffMember

PAUSE = timedelta(minutes=30)
MOST_SHOWN = 5  # of the news of a letter; the rest is counted, and a link leads to all
COLLEAGUE, TEAM = "colleague", "team"  # whom a letter by mail is for
_KINDS: dict[str, tuple[Kind, ...]] = {"mail": ("mail",), "slack": ("slack",), "both": ("mail", "slack"), "none": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that a colleague is to hear of; `id` is the row that it is about."""

    id: int
    key: str
    about: str  # one of staff.reaching.NEWS
    staff_id: int | None
    tell_at: datetime
    deadline: datetime | None = None
    may_pass_on: bool = True
    account_id: int | None = None
    playbook_key: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What one reader hears at once: news of one kind, the most urgent first."""

    reader: Colleague
    about: str
    news: Sequence[News]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """By which channels it goes; none where the reader wants to read of it in the digest only."""
        return _KINDS[channel_of(self.reader.channels, self.about)]


@dataclass(frozen=True, slots=True)
class Plan:
    """The letters to write now, and until when the other news waits, by the id of its row."""

    letters: Sequence[Letter]
    later: dict[int, datetime | None]
    people: Mapping[int, Colleague]


def plan_letters(session: Session, vocabulary: Vocabulary, news: Sequence[News], *, now: datetime) -> Plan:
    """Sorts news that is due by now, or will be within BURST, into letters and what has to wait."""
    people, everybody = colleagues(session, vocabulary, now=now), team(vocabulary)
    groups: dict[tuple[int | None, str], list[News]] = defaultdict(list)
    later: dict[int, datetime | None] = {}
    for one in news:
        found = route(one.staff_id, people, everybody, now=now, deadline=one.deadline, may_pass_on=one.may_pass_on)
        if found.at <= now:
            groups[found.reader.id, one.about].append(one)
        elif one.tell_at <= now:
            later[one.id] = found.at
    letters = []
    for (reader_id, about), group in groups.items():
        if min(one.tell_at for one in group) > now:
            continue  # its burst is not over
        free_at = _free_at(session, reader_id, about, now)
        if free_at > now and not any(one.deadline and one.deadline <= free_at + PAUSE for one in group):
            later |= {one.id: free_at for one in group}
            continue
        reader = everybody if reader_id is None else people[reader_id]
        letters.append(Letter(reader, about, sorted(group, key=lambda one: (one.deadline or one.tell_at, one.id))))
    return Plan(letters, later, people)


def post(session: Session, letter: Letter, content: Mapping[str, Any], *, now: datetime) -> int:
    """Writes the letter down for each channel of its reader; how many that were."""
    reader, first, is_alone = letter.reader, letter.news[0], len(letter.news) == 1
    notices = [
        NewNotice(
            key=notice_of_letter(kind, reader.id, first.key),
            kind=kind,
            target=str(reader.slack) if kind == "slack" else COLLEAGUE if reader.id is not None else TEAM,
            account_id=first.account_id if is_alone else None,
            playbook_key=(first.playbook_key or "") if is_alone else "",
            content={**content, "key": first.key, "is_own": kind == "mail" or reader.slack_is_own},
            staff_id=reader.id,
            about=letter.about,
        )
        for kind in letter.kinds
    ]
    return raise_notices(session, notices, now=now)


def content_of(public_url: str, *sections: Mapping[str, Any]) -> dict[str, Any]:
    """What a letter keeps to be written from: its sections, and where its reader changes how they are told."""
    return {"sections": list(sections), "settings": f"{public_url}/console/me"}


def section_of(
    name: str, items: Sequence[Mapping[str, Any]], *, count: int, url: str | None = None, rest: int | None = None
) -> dict[str, Any]:
    """One list of a letter: what is shown of it, how much there is, and how many entries are not shown."""
    return {"name": name, "count": count, "rest": count - len(items) if rest is None else rest, "url": url,
            "items": list(items)}  # fmt: skip


def stood_in_for(session: Session, letter: Letter) -> dict[int | None, dict[str, str]]:
    """The names, in both languages, of those for whom the reader stands in here."""
    others = {one.staff_id for one in letter.news if one.staff_id not in (None, letter.reader.id)}
    if letter.reader.id is None or not others:
        return {}
    return {one.id: names_of(one) for one in session.scalars(select(StaffMember).where(StaffMember.id.in_(others)))}


def _free_at(session: Session, reader_id: int | None, about: str, now: datetime) -> datetime:
    """When this reader may get the next letter of a kind."""
    mine = Notice.staff_id == reader_id if reader_id is not None else Notice.staff_id.is_(None)
    last = session.scalar(select(func.max(Notice.created_at)).where(mine, Notice.about == about))
    return last + PAUSE if last is not None else now
