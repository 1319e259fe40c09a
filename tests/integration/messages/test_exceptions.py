"""Approval by exception: the same words go again unasked, everything else is asked about as ever; both are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from engage.db.session import Database
from engage.messages import approvals as desk
from engage.messages.drafting import draft
from engage.messages.exceptions import BY_EXCEPTION, shares, total_of
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.testing import MONDAY
from tests.integration.messages.scene import CSM_APPROVES, LINKS, Cast, play, propose

IN_ORDER = replace(CSM_APPROVES, good_standing=True)


def write_again(database: Database, cast: Cast, **said: Any) -> tuple[str, str | None]:
    """A second mail; its state, and why it was approved."""
    with database.transaction() as session:
        (key,) = draft(session, Library(), [cast.order(visit=2, sender=cast.csm, **said)], now=MONDAY)
        approval = select(Approval.cause).where(Approval.message_id == key, Approval.state == "approved")
        return session.get_one(Message, key).state, session.scalar(approval)


def decide(database: Database, cast: Cast, *, reject: bool = False, edit: bool = False, visit: int = 1) -> None:
    """A person decides on a mail."""
    asked = propose(database, cast, sender=cast.csm, visit=visit)
    with database.transaction() as session:
        by: dict[str, Any] = {"by": cast.csm, "now": MONDAY}
        if reject:
            desk.reject(session, asked, reason="not like this", **by)
            return
        if edit:
            desk.edit(session, Library(), asked, links=LINKS, version=1, subject="Another subject", **by)
        desk.approve(session, Library(), asked, links=LINKS, **by)


def test_words_that_a_person_let_go_unchanged_go_again_unasked(database: Database) -> None:
    cast = play(database)
    decide(database, cast)

    assert write_again(database, cast, approval=IN_ORDER) == ("queued", BY_EXCEPTION)
    with database.reading() as session:
        (share,) = found = shares(session, since=MONDAY)
        (unasked,) = session.scalars(select(Approval).where(Approval.cause == BY_EXCEPTION))
        message = session.get_one(Message, unasked.message_id)
    assert (share.playbook_key, share.asked, share.by_exception, share.share) == ("first-use", 1, 1, 0.5)
    assert total_of(found) == replace(share, playbook_key=None)
    assert unasked.decided_by_id is None and "apr_" in (unasked.reason or "")
    assert "_approval" not in message.inputs


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("its touch model always asks", {"approval": CSM_APPROVES}),
        ("the account is not in order", {"approval": replace(CSM_APPROVES, good_standing=False)}),
        ("other words", {"approval": IN_ORDER, "channel": "in_app", "template": "first-use/note"}),
    ],
)
def test_everything_else_is_asked_about(database: Database, why: str, said: dict[str, Any]) -> None:
    cast = play(database)
    decide(database, cast)
    templates = {"templates": cast.in_app} if "channel" in said else {}

    assert write_again(database, cast, **said, **templates) == ("proposed", None)


@pytest.mark.parametrize("after", [{"reject": True}, {"edit": True}])
def test_words_that_somebody_did_not_let_go_as_they_were_are_trusted_no_longer(
    database: Database, after: dict[str, bool]
) -> None:
    cast = play(database)
    assert write_again(database, cast, approval=IN_ORDER) == ("proposed", None)
    decide(database, cast)
    decide(database, cast, visit=3, **after)

    assert write_again(database, cast, approval=IN_ORDER, origin_id=2) == ("proposed", None)
