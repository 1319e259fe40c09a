"""Where people are: every table that can hold something of a person, how their rows are found, what erasing leaves.

A test holds it against the tables and columns that there are: who adds one says here what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, false, or_, select

from engage.channels.in_app.tables import InAppDisplay, InAppInbox, InAppItem
from engage.customers.tables import Account, Consent, ConsentRecord, Contact, ContactAlias, Contract, Membership
from engage.db.base import Base
from engage.db.sets import one_of
from engage.events.tables import Event, EventProblem
from engage.journeys.tables import Enrolment, HeldCondition, StepRun, Wait, WouldHaveSent
from engage.messages.inbound.tables import InboundEmail, InboundRaw
from engage.messages.tables import Approval, Attempt, Click, ClickVerdict, GateCheck, Message, Receipt
from engage.notices.tables import Notice, NoticeAttempt
from engage.staff.tables import AuditEntry
from engage.surveys.tables import Answer
from engage.tasks.tables import Task
from engage.upkeep.privacy import become
from engage.upkeep.privacy.become import Change
from engage.upkeep.privacy.traces import Traces, is_theirs

Of = Callable[[Traces], ColumnElement[bool]]


@dataclass(frozen=True, eq=False)
class Place:
    """One table: which rows are the person's, what becomes of their columns, which of them stay as they are.

    `mentions` names the columns that may speak of them in the other rows of their customers, which `at_account` finds.
    Where rows are `removed`, nothing of them is left.
    """

    table: type[Base]
    theirs: Of | None = None
    changed: Mapping[str, Change] = field(default_factory=dict)
    kept: str = ""
    mentions: str = ""
    at_account: Of | None = None
    removed: bool = False

    @property
    def sql(self) -> Table:
        """The table as SQL has it."""
        found: Table = self.table.__table__  # type: ignore[assignment]
        return found

    @property
    def name(self) -> str:
        """The table's name."""
        return self.sql.name


def _of_contacts(column: Any) -> Of:
    return lambda traces: one_of(column, traces.contact_ids)


def _of_messages(column: Any) -> Of:
    return lambda traces: one_of(column, traces.message_ids)


def _of_clicks(traces: Traces) -> ColumnElement[bool]:
    return ClickVerdict.click_id.in_(select(Click.id).where(one_of(Click.message_id, traces.message_ids)))


def _of_runs(column: Any) -> Of:
    return lambda traces: one_of(column, traces.enrolment_ids)


def _at(column: Any) -> Of:
    return lambda traces: one_of(column, traces.account_ids)


def _through(column: Any, table: Any) -> Of:
    """Rows that belong to a row of their customers in another table."""
    return lambda traces: column.in_(select(table.id).where(one_of(table.account_id, traces.account_ids)))


def _subject(traces: Traces) -> ColumnElement[bool]:
    return (HeldCondition.subject_kind == "contact") & one_of(HeldCondition.subject_id, traces.contact_ids)


def _mails(traces: Traces) -> ColumnElement[bool]:
    """Mail that they wrote, and mail of servers about what we wrote to them."""
    return or_(one_of(InboundEmail.contact_id, traces.contact_ids), one_of(InboundEmail.from_key, traces.addresses))


def _news_of_runs(traces: Traces) -> ColumnElement[bool]:
    return or_(false(), *(Notice.key.like(f"step:{run_id}:%") for run_id in traces.enrolment_ids))


def _news(traces: Traces) -> ColumnElement[bool]:
    """News of their customers, and letters about several that have not left: of others no words are kept."""
    waits = Notice.about.is_not(None) & Notice.account_id.is_(None) & Notice.due_at.is_not(None)
    return or_(one_of(Notice.account_id, traces.account_ids), waits)


def _all(change: Change, columns: str) -> dict[str, Change]:
    return dict.fromkeys(columns.split(), change)


_OF_PERSON = "family_name given_name full_name family_reading given_reading department title locale time_zone"
_OF_ACCOUNT = "external_id name country region locale time_zone segment touch_model phase"
PLACES = (
    Place(
        Contact,
        _of_contacts(Contact.id),
        {"external_id": become.user, "traits": become.traits, "said_at": become.empty}
        | _all(become.nothing, f"email address_key {_OF_PERSON} away_until"),
        kept="public_id",
    ),
    Place(ContactAlias, _of_contacts(ContactAlias.contact_id), kept="external_id", removed=True),
    Place(Membership, _of_contacts(Membership.contact_id), kept="roles"),
    Place(
        Consent,
        _of_contacts(Consent.contact_id),
        {"evidence": become.proof},
        kept="topic state basis source record_id",
    ),
    Place(
        ConsentRecord,
        _of_contacts(ConsentRecord.contact_id),
        {"address": become.address, "evidence": become.proof},
        kept="public_id topic state basis source said_by",
    ),
    Place(
        Event,
        lambda traces: is_theirs(traces.contact_ids, traces.user_ids),
        _all(become.user, "user_id anonymous_id")
        | {"message_id": become.key, "properties": become.bare, "context": become.empty},
        kept="type name group_id",
        mentions="properties context",
        at_account=_at(Event.account_id),
    ),
    Place(EventProblem, kept="code place reason body"),  # found by what it says, and emptied whole
    Place(
        Message,
        _of_contacts(Message.contact_id),
        {"inputs": become.empty, "reason": become.code} | _all(become.nothing, "address subject html text"),
        kept="public_id origin step_id channel playbook_key template_name locale topic purpose cc hours state delivery"
        " sha link_base mail_id",
        mentions="inputs subject html text reason",
        at_account=_at(Message.account_id),
    ),
    Place(
        Attempt,
        _of_messages(Attempt.message_id),
        {"detail": become.nothing},
        kept="provider domain outcome provider_id",
    ),
    Place(
        Receipt,
        _of_messages(Receipt.message_id),
        {"natural_key": become.key, "reason": become.nothing, "raw": become.empty},
        kept="provider kind",
    ),
    Place(
        GateCheck,
        _of_messages(GateCheck.message_id),
        {"inputs": become.swept},
        kept="phase verdict policy reason",
        mentions="inputs",
        at_account=_through(GateCheck.message_id, Message),
    ),
    Place(
        Approval,
        _of_messages(Approval.message_id),
        {"reason": become.nothing, "edits": become.empty},
        kept="public_id cause state sha",
        mentions="reason edits",
        at_account=_through(Approval.message_id, Message),
    ),
    Place(
        Click,
        _of_messages(Click.message_id),
        {"url": become.site} | _all(become.nothing, "user_agent network"),
        kept="method",
    ),
    Place(ClickVerdict, _of_clicks, kept="verdict reasons"),
    Place(Answer, _of_contacts(Answer.contact_id), {"comment": become.nothing}, kept="public_id question choice day"),
    Place(
        InAppItem,
        _of_contacts(InAppItem.contact_id),
        _all(become.gone, "title body") | {"link": become.nothing},
        kept="public_id locale display priority frequency pages",
        mentions="title body link",
        at_account=_at(InAppItem.account_id),
    ),
    Place(InAppDisplay, _of_contacts(InAppDisplay.contact_id), {"session": become.sealed}, kept="display"),
    Place(InAppInbox, _of_contacts(InAppInbox.contact_id)),
    Place(  # before the rows by which it is found; `bytes_that_mention` finds it in other people's mail
        InboundRaw,
        lambda traces: InboundRaw.inbound_id.in_(select(InboundEmail.id).where(_mails(traces))),
        kept="raw",
        removed=True,
    ),
    Place(
        InboundEmail,
        _mails,
        _all(become.gone, "from_name from_address subject text")
        | _all(become.empty, "recipients attachments findings")
        | {"from_key": become.address, "header_id": become.sealed},
        kept="public_id natural_key door kind meaning matched_by decided_by decision",
        mentions="from_name subject text recipients attachments findings",
        at_account=_at(InboundEmail.account_id),
    ),
    Place(
        Enrolment,
        _of_runs(Enrolment.id),
        _all(become.run, "trigger memory"),
        kept="public_id playbook_key subject_kind occurrence state step_id end_reason",
        mentions="trigger memory",
        at_account=_at(Enrolment.account_id),
    ),
    Place(
        StepRun,
        _of_runs(StepRun.enrolment_id),
        {"detail": become.decided, "inputs": become.empty},
        kept="step_id decision",
        mentions="detail inputs",
        at_account=_through(StepRun.enrolment_id, Enrolment),
    ),
    Place(Wait, _of_runs(Wait.enrolment_id), kept="purpose event_name"),
    Place(HeldCondition, _subject, kept="playbook_key condition subject_kind contract state", removed=True),
    Place(
        WouldHaveSent,
        _of_contacts(WouldHaveSent.contact_id),
        {"reason": become.code},
        kept="step_id channel template_name locale outcome",
    ),
    Place(
        Task,
        _of_contacts(Task.contact_id),
        {"title": become.swept, "note": become.empty, "answers": become.empty, "outcome": become.gone},
        kept="public_id key role fields reason playbook_key state done_by",
        mentions="title note answers outcome",
        at_account=_at(Task.account_id),
    ),
    Place(
        Notice,
        _news_of_runs,
        {"content": become.news, "reason": become.code},
        kept="public_id key kind about target playbook_key state",
        mentions="content reason",
        at_account=_news,
    ),
    Place(
        NoticeAttempt,
        kept="outcome",
        mentions="detail",
        at_account=_through(NoticeAttempt.notice_id, Notice),
    ),
    Place(AuditEntry, kept="actor action object_kind object_id detail"),  # found by the public ids of what is theirs
    Place(Account, kept=f"public_id {_OF_ACCOUNT} said_at", mentions="traits", at_account=_at(Account.id)),
    Place(
        Contract,
        kept="public_id external_id name starts_on ends_on notice_deadline currency sold_by contact_policy state"
        " said_at",
        mentions="traits",
        at_account=_at(Contract.account_id),
    ),
)
BESIDE = frozenset({"suppressions", "shared_suppressions", "event_keys"})
"""Tables that erasing treats by itself: what tells the person is the key there."""
NOBODY = frozenset({
    "account_owners", "approved_texts", "brakes", "console_sessions", "delivery_hours", "exposures",
    "handover_batches", "in_app_keys", "leases", "login_throttles", "mailbox_states", "paused_playbooks",
    "playbook_versions", "releases", "sender_consents", "shadows", "staff_absences", "staff_members",
    "staff_reaches", "template_versions", "write_keys",
})  # fmt: skip
"""Tables in which no customer is: what is published, our own people, the work of the engine."""


def place_of(table: type[Base]) -> Place:
    """The place that a table is."""
    return next(one for one in PLACES if one.table is table)
