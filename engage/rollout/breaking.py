"""Circuit breakers over what comes back: too many bounces or complaints pause the playbook, or the sending domain.

What waits is kept. A task says why, and a person lets it go on; from then on only what happens later counts.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from engage.channels.email.routing.brakes import read_brakes
from engage.journeys.surroundings import Surroundings
from engage.keys import task_of_breaker
from engage.language.durations import Duration
from engage.messages.braking import OBJECT, slow_down, stop, sweep_brakes
from engage.messages.surges import WITHIN, surges
from engage.messages.tallies import WEEK, Cause, Fared, by_domain, by_playbook, how_mail_fared, tally
from engage.messages.thresholds import Threshold, too_much
from engage.releases.library import Library
from engage.releases.pauses import pauses
from engage.rollout.pausing import pause, published
from engage.staff.audit import last_done
from engage.tasks.raising import NewTask, raise_tasks

log = logging.getLogger(__name__)

BREAKER: Final = "engage"
READS: Final = "cs_head"
REPORT: Final = "engage reports deliverability"
_RESUMES = ("playbooks.resume", "sending.resume")
_TIME_TO_ACT = Duration(1, "business days")
_SAID = {
    "bounced": {
        "ja": "1週間に送った{sent}通のうち{count}通({share})が宛先不明で戻りました",
        "en": "{count} of the {sent} mails of a week bounced ({share})",
    },
    "complained": {
        "ja": "1週間に送った{sent}通のうち{count}通({share})が迷惑メールとして報告されました",
        "en": "{count} of the {sent} mails of a week were reported as spam ({share})",
    },
}
_TITLES = {
    "playbook": {
        "ja": "プレイブック「{name}」の配信を止めました。原因を確かめ、再開するかを決めてください",
        "en": "The playbook {name} is paused: find out why its mail is not wanted, then decide whether it goes on",
    },
    "sender": {
        "ja": "差出人ドメイン {name} からの配信を止めました。原因を確かめ、再開するかを決めてください",
        "en": "Nothing is sent from {name} any more: find out why, then decide whether it goes on",
    },
}
_WAYS_ON = {"playbook": "engage playbooks resume {name}", "sender": "engage sending resume {name}"}


def look_at_delivery(session: Session, library: Library, thresholds: tuple[Threshold, ...], *, now: datetime) -> int:
    """Counts what is new, and stops what goes badly; how many playbooks and domains were stopped or slowed."""
    tally(session, now=now)
    sweep_brakes(session, now=now)
    return _break(session, library, thresholds, now) + _slow(session, now)


def _break(session: Session, library: Library, thresholds: tuple[Threshold, ...], now: datetime) -> int:
    fared = _not_judged_yet(session, now) if thresholds else {}
    paused = set(pauses(session))
    can_be_paused = published(session) - paused if fared else set()
    stopped = 0
    for key, one in by_playbook(fared).items():
        passed = too_much(thresholds, one) if key in can_be_paused else None
        if passed is not None:
            pause(session, key, by=BREAKER, reason=_said(passed, one, "en"), now=now)
            stopped += _tell(session, library, _Stop("playbook", key, passed, one), now)
            paused.add(key)
    # A domain is judged by what goes on: one bad playbook that is paused by now does not stop all the others.
    others = {cause: one for cause, one in fared.items() if cause.playbook not in paused}
    known = read_brakes(session).stopping("sender", now)
    for domain, one in by_domain(others).items():
        passed = too_much(thresholds, one) if domain not in known else None
        if passed is not None:
            stop(session, "sender", domain, by=BREAKER, reason=_said(passed, one, "en"), now=now)
            stopped += _tell(session, library, _Stop("sender", domain, passed, one), now)
    return stopped


def _not_judged_yet(session: Session, now: datetime) -> dict[Cause, Fared]:
    """How mail fared in a week, without what happened before a person let that playbook or domain go on."""
    week = now - WEEK
    fared = {week: how_mail_fared(session, since=week, now=now)}
    resumed = last_done(session, _RESUMES, since=week)
    found = {}
    for cause in fared[week]:
        of_both = (resumed.get(("playbook", cause.playbook)), resumed.get((OBJECT, cause.domain)))
        since = max(filter(None, of_both), default=week)
        if since not in fared:
            fared[since] = how_mail_fared(session, since=since, now=now)
        found[cause] = fared[since].get(cause, Fared())
    return found


def _slow(session: Session, now: datetime) -> int:
    slowed = 0
    for surge in surges(session, now=now):
        reason = f"{surge.put_off} of {surge.of} mails were put off within an hour"
        slowed += slow_down(session, surge.domain, until=now + WITHIN, reason=reason, by=BREAKER, now=now)
    return slowed


@dataclass(frozen=True, slots=True)
class _Stop:
    kind: str  # playbook | sender
    name: str
    passed: Threshold
    fared: Fared


def _tell(session: Session, library: Library, one: _Stop, now: datetime) -> int:
    log.error("mail is stopped for what came back", extra={"kind": one.kind, "stopped": one.name})
    place = Surroundings(library.vocabulary(session)).place_of({})
    way_on = _WAYS_ON[one.kind].format(name=one.name)
    notes = {lang: f"{_said(one.passed, one.fared, lang)}\n{REPORT}\n{way_on}" for lang in ("ja", "en")}
    task = NewTask(
        key=task_of_breaker(one.kind, one.name, now),
        account_id=None,
        title={lang: words.format(name=one.name) for lang, words in _TITLES[one.kind].items()},
        note=notes,
        reason=f"too_much_{one.passed.kind}",
        role=READS,
        due_at=place.after(now, _TIME_TO_ACT),
        playbook_key=one.name if one.kind == "playbook" else None,
    )
    return raise_tasks(session, [task], now=now)


def _said(threshold: Threshold, fared: Fared, lang: str) -> str:
    count: Any = getattr(fared, threshold.kind)
    share = f"{count / max(fared.sent, count):.1%}"
    return _SAID[threshold.kind][lang].format(sent=f"{fared.sent:,}", count=f"{count:,}", share=share)
