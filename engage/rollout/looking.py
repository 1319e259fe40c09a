"""A look whether a playbook works: a task says what was found, and the playbook is paused where its author asked it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engage.journeys.surroundings import Surroundings
from engage.keys import task_of_look
from engage.language.durations import Duration
from engage.language.expecting import Expect
from engage.releases.library import Library, LivePlaybook
from engage.reports.lift import LOOKER, Lift, measure
from engage.reports.lift_words import verdict_said
from engage.rollout.pausing import pause
from engage.tasks.raising import NewTask, raise_tasks

READS = "cs_head"  # whose position it is to look; the task is the team's where nobody has it
_TIME_TO_ACT = Duration(5, "business days")
_TITLES = {
    True: {
        "ja": "「{title}」を一時停止しました。見直すか、再開するかを決めてください",
        "en": "{title} is paused: it showed no effect. Change it, or let it go on",
    },
    False: {"ja": "「{title}」の効果を確認してください", "en": "See what {title} has moved"},
}


def look(session: Session, library: Library, live: LivePlaybook, expect: Expect, *, now: datetime) -> int:
    """Says what was found, once for each verdict; 1 when somebody was told."""
    found = measure(session, library, live, expect, now=now)
    if not _is_worth_telling(found, now):
        return 0
    if found.stops:
        pause(session, live.key, by=LOOKER, reason=verdict_said(found, "en"), now=now)
    return raise_tasks(session, [_task(session, library, found, now)], now=now)


def _is_worth_telling(found: Lift, now: datetime) -> bool:
    """That there are too few yet is told when they are too few after twice the time, too."""
    patience = found.began is not None and now < found.began + 2 * found.expect.look_after.delta
    return found.verdict != "too_few" or not patience


def _task(session: Session, library: Library, found: Lift, now: datetime) -> NewTask:
    playbook, began = found.playbook, found.began or now
    place = Surroundings(library.vocabulary(session)).place_of({})
    title, command = playbook.title, f"engage reports lift {playbook.key}"
    return NewTask(
        key=task_of_look(playbook.key, began, found.verdict),
        account_id=None,
        title={lang: text.format(title=title.for_locale(lang)) for lang, text in _TITLES[found.stops].items()},
        note={lang: f"{verdict_said(found, lang)}\n{command}" for lang in ("ja", "en")},
        reason=f"look_{found.verdict}",
        role=READS,
        due_at=place.after(now, _TIME_TO_ACT),
        playbook_key=playbook.key,
    )
