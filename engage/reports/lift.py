"""What a playbook has moved: those who got it beside those who were left alone, and what may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from engage.language.expecting import Expect, window_of
from engage.language.spec import Playbook
from engage.language.vocabulary import Vocabulary
from engage.releases.library import Library, LivePlaybook
from engage.reports.entrants import Comparison, Entrant, comparison_of, entrants
from engage.reports.outcomes import reached, renewed
from engage.reports.shares import Difference, Share, difference, enough
from engage.staff.audit import entries_about

LOOKER = "engage"  # who pauses a playbook after a look
Verdict = Literal["better", "worse", "no_effect", "too_few", "no_comparison"]


@dataclass(frozen=True, slots=True)
class Group:
    """One side: how many accounts came in, how many are due to be judged, and what became of those that count."""

    came: int
    due: int
    share: Share


@dataclass(frozen=True, slots=True)
class Lift:
    """What is known of a playbook's effect now."""

    playbook: Playbook
    expect: Expect
    within: str
    comparison: Comparison
    since: datetime | None
    began: datetime | None
    got_it: Group
    left_alone: Group
    difference: Difference | None
    needed: tuple[int, int] | None
    verdict: Verdict

    @property
    def stops(self) -> bool:
        """Whether its author wants it paused for what was found; only its own holdout can say so."""
        decided = self.comparison == "holdout" and self.verdict in ("no_effect", "worse")
        return decided and self.expect.stop_if is not None


def expectation_of(playbook: Playbook) -> Expect | None:
    """What its author expects; of a playbook that only leaves accounts alone, that the goal is reached more often."""
    goal = playbook.goal
    if playbook.expect is not None or playbook.holdout is None or goal is None or goal.event is None:
        return playbook.expect
    days = max(1, goal.within.roughly.days) if goal.within else 90
    return Expect.model_validate({"metric": "goal", "look_after": f"{days} days"})


def measure(
    session: Session,
    library: Library,
    live: LivePlaybook,
    expect: Expect,
    *,
    now: datetime,
    since: datetime | None = None,
) -> Lift:
    """Counts both sides and says what may be said; who came in before a stop, or before `since`, counts no more."""
    playbook, vocabulary = live.playbook, library.vocabulary(session)
    comparison, start = trial_of(session, library, live, expect, since=since)
    people = entrants(session, live.key, comparison, since=start)
    within = window_of(expect, playbook.goal.within if playbook.goal else None)
    due = [one for one in people if one.at + expect.look_after.delta <= now]
    known = _outcomes(session, playbook, expect, due, within.roughly)
    got_it, left_alone = (_group(people, due, known, side) for side in (False, True))
    apart = difference(got_it.share, left_alone.share)
    needed = None if comparison == "none" else _needed(playbook, vocabulary, expect, got_it.share, left_alone.share)
    return Lift(
        playbook=playbook,
        expect=expect,
        within=str(within),
        comparison=comparison,
        since=start,
        began=people[0].at if people else None,
        got_it=got_it,
        left_alone=left_alone,
        difference=apart,
        needed=needed,
        verdict=verdict_of(apart, worth=float(expect.at_least) / 100, compared=comparison != "none"),
    )


def trial_of(
    session: Session, library: Library, live: LivePlaybook, expect: Expect, *, since: datetime | None = None
) -> tuple[Comparison, datetime | None]:
    """With whom is compared, and from when on an account counts."""
    metas = (library.template(session, id_).meta for ids in live.templates.values() for id_ in ids.values())
    start = max(filter(None, (since, _said(expect), stopped_at(session, live.key))), default=None)
    return comparison_of(live.playbook, library.vocabulary(session), metas), start


def verdict_of(apart: Difference | None, *, worth: float, compared: bool = True) -> Verdict:
    """What an interval allows to say: an effect, for the better or the worse, none that is worth it, or nothing yet."""
    if not compared:
        return "no_comparison"
    if apart is None:
        return "too_few"
    if apart.low > 0:
        return "better"
    if apart.high < 0:
        return "worse"
    return "no_effect" if apart.high < worth else "too_few"


def stopped_at(session: Session, key: str) -> datetime | None:
    """When a look last paused the playbook."""
    stops = (one for one in entries_about(session, "playbook", key) if one.action == "playbooks.pause")
    return max((one.at for one in stops if one.actor == LOOKER), default=None)


def _said(expect: Expect) -> datetime | None:
    return datetime.combine(expect.since, time(), tzinfo=UTC) if expect.since else None


def _outcomes(
    session: Session, playbook: Playbook, expect: Expect, due: Sequence[Entrant], within: timedelta
) -> dict[int, bool]:
    if expect.metric == "renewal_rate":
        return renewed(session, due, within=within)
    name = expect.event or (playbook.goal.event if playbook.goal else None)
    if name is None:
        return {}  # a version from before the goal had to be an event
    return reached(session, name, due, within=within, of_person=playbook.subject == "contact")


def _group(people: Sequence[Entrant], due: Sequence[Entrant], known: dict[int, bool], side: bool) -> Group:
    judged = [known[one.enrolment_id] for one in due if one.is_left_alone is side and one.enrolment_id in known]
    came, are_due = (sum(one.is_left_alone is side for one in some) for some in (people, due))
    return Group(came, are_due, Share(sum(judged), len(judged)))


def _needed(
    playbook: Playbook, vocabulary: Vocabulary, expect: Expect, got_it: Share, left_alone: Share
) -> tuple[int, int]:
    """How many of each would be enough, at the rate at which accounts are left alone."""
    group = vocabulary.experiments.control_group
    held = playbook.holdout or (group.share if group else None)
    ratio = float((100 - held) / held) if held and held < 100 else 1.0
    share = (left_alone.reached + got_it.reached + 1) / (left_alone.of + got_it.of + 2)
    return enough(share, float(expect.at_least) / 100, ratio)
