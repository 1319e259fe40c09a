"""Hands news over: noted as tried, called with no session open, its end written down; again later where that is safe.

A webhook carries the same id each time and a line in Slack hurts nobody twice, so these are tried again, later each
time. A mail in doubt is never sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, select, update
from sqlalchemy.orm import Session

from engage.channels.base import Accepted, EmailChannel, NotSent, Outcome, Rejected, Unknown
from engage.channels.calls.endpoints import Calls
from engage.clock import Clock
from engage.db.bulk import insert_ignore
from engage.db.session import Database
from engage.keys import task_of_notice
from engage.notices.readers import Readers, readers_of
from engage.notices.tables import Notice, NoticeAttempt
from engage.notices.wording import line_of, mail_of
from engage.releases.library import Library
from engage.tasks.raising import NewTask, raise_tasks

log = logging.getLogger(__name__)

WINDOW = 25
LEASE = timedelta(seconds=60 + 10 * WINDOW)  # every call of a window may take its time
LATER = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
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
            rows = _claim(session, limit=min(WINDOW, limit - taken), now=clock.now())
            readers = readers_of(session, library, rows)
        if not rows:
            break
        taken += len(rows)
        ended = [(row, _hand_over(row, readers, channel, calls, clock.now())) for row in rows]
        with database.transaction() as session:
            _finish(session, ended, now=clock.now())
    return taken


def _claim(session: Session, *, limit: int, now: datetime) -> list[Row[Any]]:
    """Takes due notices and notes their attempt; after a lost one again, unless it was a mail."""
    table: Table = Notice.__table__  # type: ignore[assignment]
    due = select(table).where(table.c.due_at <= now).order_by(table.c.due_at, table.c.id).limit(limit)
    found = session.execute(due.with_for_update(skip_locked=True)).all()
    lost = [row for row in found if row.state == "sending"]
    _end(session, [(row, Unknown(LOST)) for row in lost], now=now)
    doubtful = {row.id for row in lost if row.kind == "mail"}
    if doubtful:
        gone = update(Notice).where(Notice.id.in_(doubtful))
        session.execute(gone.values(state="unknown", due_at=None, reason=LOST, ended_at=now))
        raise_tasks(session, [_task(row, LOST, now) for row in lost if row.id in doubtful], now=now)
    ids = [row.id for row in found if row.id not in doubtful]
    if not ids:
        return []
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
            case "slack":
                return calls.line(row.target, line_of(row.content, readers.locale))
        reader = readers.reader(row)
        if reader is None or readers.sender is None:
            return Rejected("nobody has this role, and the team has no address")
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
            failed.append(_task(row, values["reason"], now))
    raise_tasks(session, failed, now=now)


def _after(row: Row[Any], outcome: Outcome, now: datetime) -> dict[str, Any]:
    """How the notice stands after an attempt."""
    if isinstance(outcome, Accepted):
        return {"state": "accepted", "reason": None, "due_at": None, "ended_at": now}
    is_safe = isinstance(outcome, NotSent) or (isinstance(outcome, Unknown) and row.kind != "mail")
    if is_safe and row.fence <= len(LATER):
        pause = LATER[row.fence - 1]
        if isinstance(outcome, NotSent):
            pause = max(pause, timedelta(seconds=outcome.retry_after))
        return {"state": "queued", "reason": outcome.reason, "due_at": now + pause, "ended_at": None}
    state = "unknown" if isinstance(outcome, Unknown) and row.kind == "mail" else "rejected"
    return {"state": state, "reason": outcome.reason, "due_at": None, "ended_at": now}


def _end(session: Session, ended: Sequence[tuple[Row[Any], Outcome]], *, now: datetime) -> None:
    for row, outcome in ended:
        word = {Accepted: "accepted", Rejected: "rejected", NotSent: "not_sent", Unknown: "unknown"}[type(outcome)]
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
