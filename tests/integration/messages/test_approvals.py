"""What a colleague saw is what the customer gets; nobody overwrites anybody; nothing is dropped by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engage.db.session import Database
from engage.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from engage.messages import approvals as desk
from engage.messages.cancelling import cancel_pending
from engage.messages.drafting import draft
from engage.messages.rendering import RenderError, render_email
from engage.messages.tables import Approval, Message, Suppression
from engage.releases.library import Library
from engage.releases.tables import Release
from engage.staff.tables import AuditEntry, SenderConsent
from engage.tasks.tables import Task
from engage.testing import MONDAY
from tests.integration.messages.scene import (
    CSM_APPROVES,
    LINKS,
    VOCABULARY,
    approval_of,
    days,
    events,
    only_message,
    play,
    propose,
)

LATER = MONDAY + timedelta(hours=1)


def view_of(database: Database, approval_id: str) -> desk.ApprovalView:
    with database.reading() as session:
        return desk.load(session, Library(), approval_id, links=LINKS)


def approve(database: Database, approval_id: str, by: int, **said: Any) -> None:
    with database.transaction() as session:
        desk.approve(session, Library(), approval_id, links=LINKS, by=by, now=LATER, **said)


def edit(database: Database, approval_id: str, by: int, **said: Any) -> None:
    with database.transaction() as session:
        desk.edit(session, Library(), approval_id, links=LINKS, by=by, now=LATER, **said)


def reject(database: Database, approval_id: str, by: int, reason: str = "already met them") -> None:
    with database.transaction() as session:
        desk.reject(session, approval_id, by=by, reason=reason, now=LATER)


def expire(database: Database, at: Any) -> int:
    with database.transaction() as session:
        return desk.expire_approvals(session, Library(), now=at)


def test_what_was_seen_is_what_is_kept_and_sent(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast)
    seen = view_of(database, approval_id)
    approve(database, approval_id, cast.csm, sha=seen.sha, version=seen.version)
    message = only_message(database)
    with database.reading() as session:
        sent = render_email(Library(), session, message, links=LINKS)

    assert (message.state, message.due_at) == ("queued", LATER)
    assert (sent.subject, sent.html, sent.text, sent.sha) == (seen.subject, seen.html, seen.text, seen.sha)
    assert (message.html, message.sha) == (seen.html, seen.sha)
    assert approval_of(database, approval_id).decided_by_id == cast.csm
    assert events(database) == ["approval.approved"]


def test_bytes_that_differ_from_those_approved_are_an_error(database: Database) -> None:
    cast = play(database)
    approve(database, propose(database, cast), cast.csm)
    message = only_message(database)
    message.html = (message.html or "") + " "
    with database.reading() as session, pytest.raises(RenderError, match="not the one that was approved"):
        render_email(Library(), session, message, links=LINKS)


def test_the_page_shows_who_writes_to_whom(database: Database) -> None:
    cast = play(database)
    view = view_of(database, propose(database, cast, sender=cast.csm))

    assert view.sender == ("Sato", "sato@sample.example")
    assert view.to == ("山田 愛子", "aiko@customer.example")
    assert (view.account_name, view.assignee_name, view.problem) == ("株式会社青葉", "Sato", None)
    assert [part.text for part in view.parts][:2] == ["株式会社青葉", "営業部"]


def test_the_list_shows_the_most_urgent_first_and_ones_own(database: Database) -> None:
    cast = play(database)
    later = propose(database, cast, visit=2, now=MONDAY + days(1))
    sooner = propose(database, cast)
    with database.reading() as session:
        found = desk.list_pending(session, Library(), links=LINKS)
        own = desk.list_pending(session, Library(), links=LINKS, assignee_id=cast.other_csm)

    assert [one.public_id for one in found] == [sooner, later]
    assert found[0].subject == "株式会社青葉様のご利用状況"
    assert own == []


def test_a_changed_mail_cannot_be_approved_unseen(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast)
    seen = view_of(database, approval_id)
    edit(database, approval_id, cast.csm, version=1, subject="山田様へ")

    with pytest.raises(ConflictError, match="changed"):
        approve(database, approval_id, cast.leader, version=seen.version)
    with pytest.raises(ConflictError, match="changed"):
        approve(database, approval_id, cast.leader, sha=seen.sha)
    assert only_message(database).state == "proposed"


def test_an_edit_changes_words_in_html_and_text_and_nothing_else(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast)
    before = view_of(database, approval_id)
    (key,) = [part.key for part in before.parts if "1,200名" in part.text]
    edit(
        database,
        approval_id,
        cast.csm,
        version=1,
        subject="ご利用状況\r\nBcc: x",
        parts={key: "<b>1,200名</b>です。\n次の行"},
    )
    after = view_of(database, approval_id)
    approval = approval_of(database, approval_id)

    assert after.subject == "ご利用状況 Bcc: x"
    assert after.html is not None
    assert "&lt;b&gt;1,200名&lt;/b&gt;です。<br>次の行" in after.html
    assert "<b>1,200名</b>です。\n次の行" in after.text
    assert "/click/" in after.html
    assert after.sha != before.sha
    assert (approval.version, approval.edited) == (2, True)
    assert approval.edits["before"]["parts"][key].startswith("サポート窓口です。")
    approve(database, approval_id, cast.csm, sha=after.sha)
    assert only_message(database).sha == after.sha


def test_declared_closures_give_a_colleague_more_time(database: Database) -> None:
    cast = play(database)
    closed = {"calendars": {"JP": ["2026-11-17..2026-11-20"]}}
    with database.transaction() as session:
        session.add(Release(created_at=MONDAY, author="test", vocabulary=VOCABULARY | closed, playbooks={}))
    approval_id = propose(database, cast)

    # Tuesday to Friday closed, a weekend, Labour Thanksgiving Day: Tuesday and Wednesday are the two open days.
    assert approval_of(database, approval_id).expires_at == MONDAY + days(9)


def test_a_weekend_is_nobodys_patience(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast, now=MONDAY + days(2))  # Wednesday
    expire(database, MONDAY + days(4))
    escalated = approval_of(database, approval_id)

    assert (escalated.assignee_id, escalated.expires_at) == (cast.leader, MONDAY + days(9))


def test_after_an_executives_consent_the_csm_has_the_open_days_of_the_customer(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast, sender=cast.ceo)
    with database.transaction() as session:
        desk.approve(session, Library(), approval_id, links=LINKS, by=cast.ceo, now=MONDAY + days(4))

    assert approval_of(database, approval_id).expires_at == MONDAY + days(9)


def test_a_form_sent_back_unchanged_is_no_edit(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast)
    view = view_of(database, approval_id)
    edit(database, approval_id, cast.csm, version=1, subject=view.subject, parts={p.key: p.text for p in view.parts})

    assert approval_of(database, approval_id).version == 1


def test_two_people_cannot_overwrite_each_other(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast)
    edit(database, approval_id, cast.csm, version=1, subject="one")

    with pytest.raises(ConflictError, match="somebody else"):
        edit(database, approval_id, cast.leader, version=1, subject="two")
    assert view_of(database, approval_id).subject == "one"


@pytest.mark.parametrize(
    "said", [{"subject": " \n "}, {"subject": "x" * 300}, {"parts": {"99": "x"}}, {"parts": {"a": ""}}]
)
def test_a_bad_edit_is_refused(database: Database, said: dict[str, Any]) -> None:
    cast = play(database)
    approval_id = propose(database, cast)

    with pytest.raises(InputError):
        edit(database, approval_id, cast.csm, version=1, **said)


def test_only_those_concerned_may_decide(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast)

    with pytest.raises(PermissionDeniedError):
        approve(database, approval_id, cast.other_csm)
    with pytest.raises(NotFoundError):
        approve(database, "apr_none", cast.csm)
    approve(database, approval_id, cast.leader)
    with pytest.raises(ConflictError, match="already"):
        reject(database, approval_id, cast.csm)


def test_a_rejection_takes_the_message_back_and_tells_its_journey_why(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast)
    with pytest.raises(InputError, match="say why"):
        reject(database, approval_id, cast.csm, reason=" ")
    reject(database, approval_id, cast.csm)
    message, approval = only_message(database), approval_of(database, approval_id)
    with database.reading() as session:
        actions = session.scalars(select(AuditEntry.action)).all()

    assert (message.state, message.reason, message.due_at) == ("cancelled", "rejected_by_colleague", None)
    assert (approval.state, approval.reason) == ("rejected", "already met them")
    assert events(database) == ["message.rejected", "approval.rejected"]
    assert actions == ["approval.rejected"]


def test_a_late_approval_goes_to_a_second_person_then_becomes_a_task_and_can_still_be_given(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast)

    assert expire(database, MONDAY + days(1)) == 0
    assert expire(database, MONDAY + days(2)) == 1
    escalated = approval_of(database, approval_id)
    assert (escalated.state, escalated.assignee_id, escalated.escalated_from_id) == ("pending", cast.leader, cast.csm)
    assert expire(database, MONDAY + days(3)) == 0

    assert expire(database, MONDAY + days(4)) == 1
    with database.reading() as session:
        task = session.scalars(select(Task)).one()
    assert (task.reason, task.staff_id, task.account_id) == ("approval_expired", cast.leader, cast.account_id)
    assert set(task.title) == {"ja", "en"}
    assert approval_of(database, approval_id).state == "expired"
    assert only_message(database).state == "proposed"
    assert expire(database, MONDAY + days(9)) == 0

    approve(database, approval_id, cast.csm)
    assert only_message(database).state == "queued"


def test_an_executives_consent_lets_all_go_that_waited_for_it(database: Database) -> None:
    cast = play(database)
    with database.transaction() as session:
        orders = [cast.order(sender=cast.ceo, visit=visit) for visit in (1, 2)]
        orders.append(cast.order(sender=cast.ceo, visit=3, approval=CSM_APPROVES))
        draft(session, Library(), orders, now=MONDAY)
        first, *_others = session.scalars(select(Approval.public_id).order_by(Approval.id)).all()
    for stranger in (cast.leader, cast.csm):
        with pytest.raises(PermissionDeniedError):
            approve(database, first, stranger)
    approve(database, first, cast.ceo)
    with database.reading() as session:
        states = session.scalars(select(Message.state).order_by(Message.visit)).all()
        consents = session.execute(select(SenderConsent.template_name, SenderConsent.template_sha)).all()
        last = session.scalars(select(Approval).order_by(Approval.id.desc()).limit(1)).one()

    assert states == ["queued", "queued", "proposed"]
    assert [tuple(row) for row in consents] == [("first-use/admin", "email-ja")]
    assert (last.state, last.cause, last.assignee_id) == ("pending", "touch_model", cast.csm)


def test_after_an_executives_consent_nobody_is_asked_about_a_mail_that_may_not_go(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast, sender=cast.ceo)
    with database.transaction() as session:
        stopped = {"address_key": "aiko@customer.example", "topic": "*"}
        session.add(Suppression(**stopped, reason="complained", source="test", at=MONDAY))
    approve(database, approval_id, cast.ceo)

    assert (only_message(database).state, only_message(database).reason) == ("skipped", "address_suppressed")
    assert approval_of(database, approval_id).state == "withdrawn"


def test_an_executive_who_does_not_answer_becomes_a_task_and_nobody_agrees_instead(database: Database) -> None:
    cast = play(database)
    with database.transaction() as session:
        draft(session, Library(), [cast.order(sender=cast.ceo)], now=MONDAY)
    expire(database, MONDAY + days(9))
    with database.reading() as session:
        task = session.scalars(select(Task)).one()
        approval = session.scalars(select(Approval)).one()

    assert (approval.state, approval.assignee_id) == ("expired", cast.ceo)
    assert task.reason == "approval_expired"


def test_a_journey_that_ends_takes_back_what_waits_and_withdraws_the_question(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast, origin="enrolment", origin_id=7)
    with database.transaction() as session:
        cancelled = cancel_pending(session, enrolment_ids=[7, 8], reason="exit", now=LATER)
        again = cancel_pending(session, enrolment_ids=[7], reason="exit", now=LATER)

    assert (cancelled, again) == (1, 0)
    assert only_message(database).state == "cancelled"
    assert approval_of(database, approval_id).state == "withdrawn"
    assert events(database) == ["message.cancelled"]


def test_an_in_app_message_is_shown_edited_and_kept_as_text(database: Database) -> None:
    cast = play(database)
    approval_id = propose(database, cast, channel="in_app", templates=cast.in_app, template="first-use/note")
    assert view_of(database, approval_id).html is None
    edit(database, approval_id, cast.csm, version=1, subject="見出し", parts={"0": "本文"})
    approve(database, approval_id, cast.csm, sha=view_of(database, approval_id).sha)
    message = only_message(database)

    assert (message.state, message.subject, message.text, message.html) == ("queued", "見出し", "本文", None)
