"""A plan: what publishing would change, and for whom; played with the real engine on copies of the present."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.db.session import Database
from engage.journeys.tables import Enrolment
from engage.releases.library import Library
from engage.rollout.apply import newest_release
from engage.rollout.comparing import Difference, compare
from engage.rollout.differences import Change, PublishedSet, differences, fingerprint, of_release
from engage.rollout.outlook import Entry, Held, Load, Outlook, nothing, read_outlook
from engage.rollout.patching import texts_reach
from engage.rollout.simulate import Progress, rehearse
from engage.rollout.simulation import SKIPPED, Told
from engage.rollout.stage import Stage
from engage.rollout.versions import Publish

OpenStage = Callable[[], AbstractContextManager[Stage]]
RULE = {
    "ja": (
        "今の状態の写しの上で、公開しない場合と公開した場合をそれぞれ実際の仕組みで動かし、その差を示しています。"
        "お客様の新しい動きはなく、社内の確認はすぐに承認されるものとしています。返信や利用があれば届かない連絡も含みます。"
    ),
    "en": (
        "Played with the real engine on two copies of the present: once as it is, once with this published; shown is "
        "the difference. Customers do nothing new and colleagues agree at once, so mails are included that an answer "
        "or a use would spare."
    ),
}


@dataclass(frozen=True)
class Proposal:
    """What is to go live: how to publish it, and what it says."""

    publish: Publish
    says: PublishedSet


@dataclass(frozen=True)
class Plan:
    """What changes, who is touched by it, and what the days to come look like then."""

    made_at: datetime
    until: datetime
    release: int | None  # live when the plan was made
    files: str  # the fingerprint of what is to go live
    changes: tuple[Change, ...]
    enters: tuple[Entry, ...]
    leaves: tuple[Entry, ...]
    retimed: tuple[tuple[Entry, Entry], ...]
    told: Difference[Told]  # messages and work that are new, that are gone, that come at another time
    inside: Mapping[str, int]  # who is in a playbook that changes, and stays on the version it began with
    texts_reach: Mapping[str, int]  # who is in a playbook of which only texts change: `apply --patch` gives them these
    after: Outlook
    before_days: Mapping[date, Load]

    @property
    def touched(self) -> frozenset[str]:
        """The accounts for whom something differs."""
        entered = (*self.enters, *self.leaves, *(after for _, after in self.retimed))
        told = (*self.told.new, *self.told.gone, *(after for _, after in self.told.moved))
        return frozenset([one.account for one in entered] + [one.account for one in told if one.account])

    @property
    def names(self) -> Mapping[str, str]:
        """The names of all accounts, by external id."""
        return self.after.names

    def collisions(self) -> Counter[tuple[str, str, str, str]]:
        """How many messages were held up: by (playbook, hold or skip, policy, reason)."""
        return Counter((one.playbook, one.verdict, one.policy, _why(one)) for one in self.after.held)


def make_plan(
    database: Database,
    library: Library,
    proposal: Proposal,
    open_stage: OpenStage,
    *,
    now: datetime,
    until: datetime,
    locale: str,
    progress: Callable[[str], AbstractContextManager[Progress]],
) -> Plan:
    """The plan of publishing the proposal now; `open_stage` opens a copy of the present each time it is called."""
    with database.reading() as session:
        release = newest_release(session)
        says_now = of_release(session, library, release)
        changes = differences(says_now, proposal.says, locale=locale)
        inside = _inside(session, changes)
        reach = texts_reach(session, says_now, proposal.says, changes)
    before = nothing(now, until) if release is None else _play(open_stage, None, until, progress, "as it is")
    after = before if not changes else _play(open_stage, proposal.publish, until, progress, "with the change")
    entered = compare(before.entries, after.entries)
    return Plan(
        made_at=now,
        until=until,
        release=release.id if release else None,
        files=fingerprint(proposal.says),
        changes=changes,
        enters=entered.new,
        leaves=entered.gone,
        retimed=entered.moved,
        told=compare(_without_skips(before), _without_skips(after)),
        inside=inside,
        texts_reach=reach,
        after=after,
        before_days=before.days,
    )


def _play(
    open_stage: OpenStage,
    publish: Publish | None,
    until: datetime,
    progress: Callable[[str], AbstractContextManager[Progress]],
    name: str,
) -> Outlook:
    with open_stage() as stage, progress(name) as told:
        return read_outlook(stage, rehearse(stage, publish, until=until, progress=told))


def _without_skips(outlook: Outlook) -> Iterable[Told]:
    return (one for one in outlook.played.told if one.kind != SKIPPED)


def _inside(session: Session, changes: Iterable[Change]) -> dict[str, int]:
    keys = [one.name for one in changes if one.kind == "playbook"]
    rows = session.execute(
        select(Enrolment.playbook_key, func.count())
        .where(Enrolment.state == "running", Enrolment.playbook_key.in_(keys))
        .group_by(Enrolment.playbook_key)
        .order_by(Enrolment.playbook_key)
    )
    return dict(rows.all())


def _why(one: Held) -> str:
    return one.reason.partition(":")[0]
