"""Who is left alone so that an effect can be seen: drawn once for each account, by a lot that never changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject
from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.ids import stable_fraction
from engage.journeys.shadows import shadowed
from engage.journeys.tables import Exposure
from engage.language.experiments import is_owed
from engage.language.vocabulary import Vocabulary
from engage.releases.library import Library, LivePlaybook

CONTROL, HOLDOUT = "@control_group", "@holdout"  # in place of a split's step
ALL_PLAYBOOKS = "*"  # in place of a playbook's key
HELD_OUT, TREATED = "held_out", "treated"
CONTROL_GROUP = "control_group"
WHY = {
    HELD_OUT: {
        "ja": "このプレイブックの効果を確かめるための対照群です",
        "en": "in the holdout of this playbook, so that its effect can be seen",
    },
    CONTROL_GROUP: {
        "ja": "全体の効果を確かめるための対照群です",
        "en": "in the control group, which no playbook writes to",
    },
}

Way = tuple[str, int | None, str]  # playbook key, account, CONTROL or HOLDOUT


@dataclass(frozen=True, slots=True)
class Lot:
    """One draw: which way an account goes."""

    way: Way
    goes: str
    share: Decimal


def draw_lots(
    session: Session,
    library: Library,
    entrants: Sequence[tuple[LivePlaybook, Subject] | None],
    known: Mapping[Subject, Mapping[str, Any]],
) -> list[tuple[Lot, ...]]:
    """The lots of each entrant, in their order (None draws none): what was drawn before holds, whatever the shares."""
    vocabulary = library.vocabulary(session)
    shares = {live.version_id: _shares(session, library, live, vocabulary) for live, _ in filter(None, entrants)}
    asked = [(one[1], _asked(one[1], shares[one[0].version_id])) if one else None for one in entrants]
    accounts = {way[1] for one in asked if one for way, _ in one[1]}
    before = _drawn_before(session, accounts) if accounts else {}
    return [
        tuple(_lot(way, share, before.get(way), known[one[0]]) for way, share in one[1]) if one else () for one in asked
    ]


def reason_of(lots: Sequence[Lot]) -> str | None:
    """Why the entrant is left alone; None where it is not."""
    held = [lot for lot in lots if lot.goes == HELD_OUT]
    if not held:
        return None
    return CONTROL_GROUP if held[0].way[2] == CONTROL else HELD_OUT


def keep_lots(session: Session, drawn: Sequence[tuple[int, Sequence[Lot]]], *, now: datetime) -> None:
    """Writes down who was left alone and who was not, once for each account, with the run that it began with."""
    rows = [
        {
            "playbook_key": lot.way[0],
            "account_id": lot.way[1],
            "step_id": lot.way[2],
            "way": lot.goes,
            "share": f"{lot.share}%",
            "enrolment_id": enrolment_id,
            "at": now,
        }
        for enrolment_id, lots in drawn
        for lot in lots
    ]
    if rows:
        insert_ignore(session, Exposure, rows)


def _shares(
    session: Session, library: Library, live: LivePlaybook, vocabulary: Vocabulary
) -> list[tuple[str, str, Decimal]]:
    """What is drawn for a playbook: for which playbooks, what, and the share left alone."""
    group, holdout = vocabulary.experiments.control_group, live.playbook.holdout
    if group is None and holdout is None:
        return []
    if is_owed(live.playbook, _metas(session, library, live)):
        return []
    key = shadowed(live.key)  # a version on trial leaves the same ones alone
    found = [(ALL_PLAYBOOKS, CONTROL, group.share)] if group is not None and key not in group.spares else []
    return [*found, (key, HOLDOUT, holdout)] if holdout is not None else found


def _asked(subject: Subject, shares: Sequence[tuple[str, str, Decimal]]) -> list[tuple[Way, Decimal]]:
    if subject.account_id is None:
        return []
    return [((key, subject.account_id, what), share) for key, what, share in shares]


def _metas(session: Session, library: Library, live: LivePlaybook) -> Iterator[Mapping[str, Any]]:
    for versions in live.templates.values():
        for version_id in versions.values():
            yield library.template(session, version_id).meta


def _drawn_before(session: Session, accounts: set[int | None]) -> dict[Way, str]:
    rows = select(Exposure.playbook_key, Exposure.account_id, Exposure.step_id, Exposure.way).where(
        one_of(Exposure.account_id, accounts), Exposure.step_id.in_((CONTROL, HOLDOUT))
    )
    return {(key, account_id, step): way for key, account_id, step, way in session.execute(rows)}


def _lot(way: Way, share: Decimal, before: str | None, facts: Mapping[str, Any]) -> Lot:
    return Lot(way, before or drawn(way[2], way[0], str(facts["account"]["external_id"]), share), share)


def drawn(what: str, playbook_key: str, account: str, share: Decimal) -> str:
    """The way of an account (by its external id, the same in every installation) on the line from 0 to 100."""
    return HELD_OUT if Decimal(stable_fraction(what, playbook_key, account)) * 100 < share else TREATED
