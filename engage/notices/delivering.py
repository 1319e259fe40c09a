"""Hands news over: noted as tried, called with no session open, its end written down; again later where that is safe.

A webhook carries the same id each time and a message in Slack hurts nobody twice, so these are tried again, later each
time. A mail in doubt is never sent again. News that could not be delivered becomes a task; a letter does not: what it
tells of waits in the console and has a deadline of its own, and a task would be one more thing to tell of. What Slack
does not take of letters goes by mail.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, select, update
from sqlalchemy.orm import Session

from engage.channels.base import Accepted, EmailChannel, NotSent, Outcome, Rejected, Unknown
from engage.channels.calls.endpoints import Calls
from engage.channels.email.routing.lending import lend_routes
from engage.clock import Clock
from engage.db.bulk import insert_ignore
from engage.db.session import Database
from engage.keys import notice_of_letter, task_of_notice
from engage.notices.raising import NewNotice, raise_notices
from engage.notices.readers import Readers, readers_of
from engage.notices.tables import Notice, NoticeAttempt
from engage.notices.telling import COLLEAGUE
from engage.notices.wording import mail_of, slack_letter, slack_note
from engage.releases.library import Library
from engage.tasks.raising import NewTask, raise_tasks

log = logging.getLogger(__name__)

WINDOW = 25
LEASE = timedelta(seconds=60 + 10 * WINDOW)  # every call of a window may take its time
LATER = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
_TRIES_BY_SLACK = 3  # of a letter, before it goes by mail
_WORDS = {Accepted: "accepted", Rejected: "rejected", NotSent: "not_sent", Unknown: "unknown"}
LOST = "the process died while it handed this over"
FAILED = {
    "ja": "「{}」への連絡が届きませんでした",
    "en": "What was to go to {} could not be delivered",
}


def deliver_notices(
    database: Database, library: Library, channel: EmailChannel, calls: Calls, clock: Clock, limit: int = 500
) -> int:
    """Hands over up to `limit` due notices, a window at a time; how many were taken."""
    taken = 0
    while taken < limit:
        with database.transaction() as session:
            rows, routes = _claim(session, channel, limit=min(WINDOW, limit - taken), now=clock.now())
            readers = readers_of(session, library, rows, now=clock.now())
        if not rows:
            break
        taken += len(rows)
        ended = [(row, _hand_over(row, readers, routes, calls, clock.now())) for row in rows]
        with database.transaction() as session:
            _finish(session, ended, now=clock.now())
    return taken


def _claim(
    session: Session, channel: EmailChannel, *, limit: int, now: datetime
) -> tuple[list[Row[Any]], EmailChannel]:
    """Takes due notices and notes their attempt; with the providers that their mails may go by.

    After a lost attempt it is taken again, unless it was a mail.
    """
    table: Table = Notice.__table__  # type: ignore[assignment]
    due = select(table).where(table.c.due_at <= now).order_by(table.c.due_at, table.c.id).limit(limit)
    found = session.execute(due.with_for_update(skip_locked=True)).all()
    left = _without_doubtful(session, found, now)
    mails = [row.id for row in left if row.kind == "mail"]
    lent = lend_routes(session, channel, len(mails), now=now)
    later = mails[lent.count :]
    if later:
        session.execute(update(Notice).where(Notice.id.in_(later)).values(due_at=lent.again_at))
    return _begin(session, [row.id for row in left if row.id not in later], now), lent.routes


def _without_doubtful(session: Session, found: Sequence[Row[Any]], now: datetime) -> list[Row[Any]]:
    """Those that may be handed over: a mail whose attempt was lost may have left, and ends here."""
    lost = [row for row in found if row.state == "sending"]
    _end(session, [(row, Unknown(LOST)) for row in lost], now=now)
    doubtful = {row.id: row for row in lost if row.kind == "mail"}
    for row in doubtful.values():
        session.execute(update(Notice).where(Notice.id == row.id).values(**_ended(row, "unknown", LOST, now)))
    _make_up_for(session, [(row, LOST) for row in doubtful.values()], now=now)
    return [row for row in found if row.id not in doubtful]


def _begin(session: Session, ids: Sequence[int], now: datetime) -> list[Row[Any]]:
    """Notes an attempt of each, before the call."""
    if not ids:
        return []
    table: Table = Notice.__table__  # type: ignore[assignment]
    started = update(Notice).where(Notice.id.in_(ids))
    session.execute(started.values(state="sending", fence=Notice.fence + 1, due_at=now + LEASE))
    rows = list(session.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id)).all())
    attempts = [{"notice_id": row.id, "number": row.fence, "started_at": now} for row in rows]
    insert_ignore(session, NoticeAttempt, attempts)
    return rows


def _hand_over(row: Row[Any], readers: Readers, channel: EmailChannel, calls: Calls, now: datetime) -> Outcome:
    """One call; no session is open here."""
    try:
        match row.kind:
            case "webhook":
                return calls.webhook(row.target, row.public_id, row.content, now=now)
            case "slack" if not row.about:
                return calls.slack_message(row.target, slack_note(row.content, readers.locale))
        reader = readers.reader(row)
        if reader is None or readers.sender is None:
            return Rejected("nobody is there to read it, or the team has no address")
        if row.kind == "slack":
            return calls.slack_message(row.target, slack_letter(row, reader))
        return channel.send([mail_of(row, reader, readers.sender, now=now)])[0]
    except Exception as error:
        log.exception("a notice could not be handed over", extra={"notice_id": row.public_id, "kind": row.kind})
        return Unknown(type(error).__name__)


def _finish(session: Session, ended: Sequence[tuple[Row[Any], Outcome]], *, now: datetime) -> None:
    _end(session, ended, now=now)
    failed = []
    for row, outcome in ended:
        values = _after(row, outcome, now)
        mine = update(Notice).where(Notice.id == row.id, Notice.fence == row.fence, Notice.state == "sending")
        changed = session.execute(mine.values(**values).returning(Notice.id)).first()
        if changed is not None and values["state"] in ("rejected", "unknown"):
            failed.append((row, values["reason"]))
    _make_up_for(session, failed, now=now)


def _make_up_for(session: Session, failed: Sequence[tuple[Row[Any], str]], *, now: datetime) -> None:
    """A task for news that nobody got; a mail for a letter that Slack did not take."""
    raise_tasks(session, [_task(row, reason, now) for row, reason in failed if not row.about], now=now)
    raise_notices(session, [_by_mail(row) for row, _ in failed if row.about and row.kind == "slack"], now=now)


def _after(row: Row[Any], outcome: Outcome, now: datetime) -> dict[str, Any]:
    """How the notice stands after an attempt."""
    if isinstance(outcome, Accepted):
        return _ended(row, "accepted", None, now)
    is_safe = isinstance(outcome, NotSent) or (isinstance(outcome, Unknown) and row.kind != "mail")
    tries = _TRIES_BY_SLACK if row.about and row.kind == "slack" else len(LATER)
    if is_safe and row.fence <= tries:
        pause = LATER[row.fence - 1]
        if isinstance(outcome, NotSent):
            pause = max(pause, timedelta(seconds=outcome.retry_after))
        return {"state": "queued", "reason": outcome.reason, "due_at": now + pause, "ended_at": None}
    state = "unknown" if isinstance(outcome, Unknown) and row.kind == "mail" else "rejected"
    return _ended(row, state, outcome.reason, now)


def _ended(row: Row[Any], state: str, reason: str | None, now: datetime) -> dict[str, Any]:
    """The notice when nothing more becomes of it; of a letter stays what it was about, neither its words nor links."""
    values = {"state": state, "reason": reason, "due_at": None, "ended_at": now}
    if not row.about:
        return values
    about = [{"name": one["name"], "count": one["count"], "ids": _ids(one)} for one in row.content["sections"]]
    return values | {"content": {"key": row.content["key"], "sections": about}}


def _ids(section: Mapping[str, Any]) -> list[str]:
    return [item["id"] for item in section["items"] if "id" in item]


def _by_mail(row: Row[Any]) -> NewNotice:
    """The same letter as a mail, if it did not go by mail anyway."""
    return NewNotice(
        key=notice_of_letter("mail", row.staff_id, row.content["key"]),
        kind="mail",
        target=COLLEAGUE,
        account_id=row.account_id,
        playbook_key=row.playbook_key,
        content={**row.content, "is_own": True},
        staff_id=row.staff_id,
        about=row.about,
    )


def _end(session: Session, ended: Sequence[tuple[Row[Any], Outcome]], *, now: datetime) -> None:
    for row, outcome in ended:
        word = next(word for kind, word in _WORDS.items() if isinstance(outcome, kind))
        attempt = update(NoticeAttempt).where(NoticeAttempt.notice_id == row.id, NoticeAttempt.number == row.fence)
        session.execute(attempt.values(ended_at=now, outcome=word, detail=getattr(outcome, "reason", None)))


def _task(row: Row[Any], reason: str, now: datetime) -> NewTask:
    return NewTask(
        key=task_of_notice(row.id),
        account_id=row.account_id,
        title={language: text.format(row.target) for language, text in FAILED.items()},
        note={"ja": reason, "en": reason},
        reason="notice_failed",
        due_at=now + timedelta(days=1),
        playbook_key=row.playbook_key,
    )
