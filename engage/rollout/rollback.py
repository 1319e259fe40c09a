"""An earlier release made live again: as a new one, since history is never rewritten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.errors import InputError, NotFoundError
from engage.releases.tables import Release
from engage.rollout.apply import newest_release, publish_release


def earlier_release(session: Session, release_id: int | None = None) -> Release:
    """The release with this id, or the last one that said something else than what is live."""
    live = newest_release(session)
    if live is None:
        raise NotFoundError("nothing is live yet", hint="engage playbooks apply")
    if release_id is None:
        earlier = session.scalars(select(Release).where(Release.id < live.id).order_by(Release.id.desc()))
        found = next((one for one in earlier if not _same(one, live)), None)
        if found is None:
            raise NotFoundError("there is no earlier release", hint="engage playbooks apply")
        return found
    chosen = session.get(Release, release_id)
    if chosen is None:
        raise NotFoundError(f"there is no release {release_id}", hint=f"the live one is {live.id}")
    if _same(chosen, live):
        raise InputError(f"release {release_id} is what is live", hint="name an earlier one")
    return chosen


def roll_back(session: Session, release_id: int | None, *, author: str, now: datetime, note: str = "") -> Release:
    """Makes an earlier release live again as a new one; whoever is inside a playbook stays on his version."""
    earlier = earlier_release(session, release_id)
    note = note or f"as release {earlier.id}"
    return publish_release(
        session, earlier.vocabulary, dict(earlier.playbooks), dict(earlier.templates), author=author, now=now,
        note=note, action="playbooks.rollback",
    )  # fmt: skip


def _same(one: Release, other: Release) -> bool:
    return (one.vocabulary, one.playbooks, one.templates) == (other.vocabulary, other.playbooks, other.templates)
