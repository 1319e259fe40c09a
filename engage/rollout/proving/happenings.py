"""What happens in an example: each row of `then` done as it is done in life, by the same functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.base import Receipt
from engage.channels.in_app.tables import InAppItem
from engage.customers.tables import Contact
from engage.errors import EngageError, InputError
from engage.events.intake import accept
from engage.events.recording import record
from engage.events.tables import SOURCE_IMPORT
from engage.ids import new_id
from engage.journeys.starting_by_hand import Wish, start_by_hand
from engage.language.examples import Happening
from engage.language.questions import QUESTION
from engage.language.spec import Playbook
from engage.messages.answering import answer
from engage.messages.judging import clicked
from engage.messages.reactions import react
from engage.messages.receipts import record_receipts
from engage.messages.rendering import compiled
from engage.messages.tables import Message
from engage.messages.targets import targets_of
from engage.messages.unsubscribing import stop_topic
from engage.rollout.proving.cast import ACCOUNT, CONTRACT, Actor, Call, Cast, account_call, event_call
from engage.rollout.stage import Stage
from engage.tasks.raising import finish_task
from engage.tasks.tables import Task

_NOBODY_SAID = "there is nobody called {} among the contacts"


class CannotHappenError(InputError):
    """A row of `then` that makes no sense where it stands."""

    code = "cannot_happen"


@dataclass(frozen=True)
class Scene:
    """Where a happening takes place."""

    stage: Stage
    cast: Cast
    playbook: Playbook
    account: str = ACCOUNT
    newcomers: dict[str, Actor] = field(default_factory=dict)  # by id: who was not there from the start

    def happens(self, row: Happening, moments: Sequence[datetime]) -> None:
        """Does what the row says, at each of the moments; raises CannotHappenError where that is impossible."""
        who = self._who(row)
        try:
            if row.event is not None:
                self._events(row, who, moments)
            else:
                _DOING[row.what](self, row, who, moments[-1])
        except CannotHappenError:
            raise
        except EngageError as error:
            raise CannotHappenError(str(error), hint=error.hint) from error

    def say(self, calls: list[Call], moment: datetime) -> None:
        """What the customer's systems send; it is learned now."""
        now = self.stage.clock.now()
        about = [{"timestamp": moment.isoformat(), **_about(self.account, call)} for call in calls]
        stamped = [{"messageId": new_id("exa"), **call} for call in about]
        with self.stage.database.transaction() as session:
            result = accept(session, SOURCE_IMPORT, stamped, received_at=now, sent_at=now)
        if result.problems:
            raise CannotHappenError(result.problems[0].reason)

    def _who(self, row: Happening) -> str | None:
        person = self._person(row.by)
        if person is None and row.by is not None and row.contact is None:
            known = ", ".join((*(one.id for one in self.cast.people), *self.newcomers))
            raise CannotHappenError(_NOBODY_SAID.format(row.by), hint=f"there are: {known}")
        return person.id if person else row.by

    def _person(self, said: str | None) -> Actor | None:
        """Whom a row means: somebody of the cast, or who came later, by id before role."""
        if said in self.newcomers:
            return self.newcomers[said]
        by_role = (one for one in self.newcomers.values() if said in one.roles)
        return self.cast.person(said) or next(by_role, None)

    def _events(self, row: Happening, who: str | None, moments: Sequence[datetime]) -> None:
        name = str(row.event)
        by = who if row.by is not None or not name.startswith(("contract.", "handoff.")) else None
        call = event_call(name, row.properties, by)
        self.say([{"timestamp": moment.isoformat(), **call} for moment in moments], moments[-1])

    def _account(self, row: Happening, who: str | None, moment: datetime) -> None:
        self.say([account_call(row.account or {})], moment)

    def _group(self, row: Happening, who: str | None, moment: datetime) -> None:
        facts = (row.goal if row.what == "goal" else row.handoff) or {}
        self.say([account_call({f"{row.what}_{name}": value for name, value in facts.items()})], moment)

    def _contract(self, row: Happening, who: str | None, moment: datetime) -> None:
        self.say([event_call("contract.updated", row.contract or {})], moment)

    def _contact(self, row: Happening, who: str | None, moment: datetime) -> None:
        known = self._person(row.by)
        roles = row.roles if row.roles is not None else (known.roles if known else ())
        person = Actor(known.id if known else str(row.by), tuple(roles), row.contact or {})
        joins: list[Call] = [{"type": "group", "userId": person.id, "groupId": ACCOUNT, "traits": {}}]
        call = person.call()
        if known is not None and "email" not in (row.contact or {}):
            del call["traits"]["email"]
        self.say([call, *([] if known else joins)], moment)
        if known is None or known.id in self.newcomers:
            self.newcomers[person.id] = person

    def _answer(self, row: Happening, who: str | None, moment: datetime) -> None:
        said = dict(row.answer or {})
        day, comment = said.pop("date", ""), said.pop("comment", "")
        [(question, choice)] = said.items() if len(said) == 1 else [("", "")]
        with self.stage.database.transaction() as session:
            message = self._last_mail(session, who if row.by else None, asks=(question, str(choice)))
            form = {"choice": str(choice), f"date.{choice}": str(day), "comment": str(comment), "own": "yes"}
            signed = (message.public_id, question, str(choice))
            answer(session, self.stage.library, signed, form, now=self.stage.clock.now())

    def _fill(self, row: Happening, who: str | None, moment: datetime) -> None:
        with self.stage.database.transaction() as session:
            for step_id, said in (row.fill or {}).items():
                open_tasks = session.scalars(select(Task).where(Task.state == "open").order_by(Task.id.desc()))
                task = next((one for one in open_tasks if one.key.split(":")[2:3] == [step_id] and one.fields), None)
                if task is None:
                    raise CannotHappenError(f"the form of the step {step_id} is not open then")
                answers = {name: _written(value) for name, value in said.items()}
                now = self.stage.clock.now()
                finish_task(session, task.public_id, by="example", outcome=None, now=now, answers=answers)

    def _start(self, row: Happening, who: str | None, moment: datetime) -> None:
        kind = self.playbook.subject
        wish = Wish(
            playbook=self.playbook.key,
            account=self.account,
            by="example",
            contact=who if kind == "contact" else None,
            contract=CONTRACT if kind == "contract" else None,
        )
        with self.stage.database.transaction() as session:
            start_by_hand(session, self.stage.library, wish, now=self.stage.clock.now())

    def _clicks(self, row: Happening, who: str | None, moment: datetime) -> None:
        now, library = self.stage.clock.now(), self.stage.library
        with self.stage.database.transaction() as session:
            message = self._last_mail(session, who if row.by else None)
            page = next(targets_of(library, session, message), None)
            if page is None:
                raise CannotHappenError("the last mail has no link")
            reader = session.get_one(Contact, message.contact_id)
            record(session, [clicked(message, page, at=now, is_shared_box=reader.is_shared_box, now=now)])

    def _bounces(self, row: Happening, who: str | None, moment: datetime) -> None:
        now = self.stage.clock.now()
        with self.stage.database.transaction() as session:
            message = self._last_mail(session, who if row.by else None)
            receipt = Receipt("example", new_id("rcp"), message.public_id, "bounced", now, "550", message.address, {})
            record_receipts(session, [receipt], now=now)

    def _unsubscribes(self, row: Happening, who: str | None, moment: datetime) -> None:
        topic = str(row.unsubscribes)
        with self.stage.database.transaction() as session:
            mails = self._mails(session, who)
            last = next((mail for mail in mails if mail.topic == topic), None)
            if last is not None:
                stop_topic(session, last.public_id, source="example", now=self.stage.clock.now(), is_own=True)
        if last is None:
            self.say([event_call("consent.withdrawn", {"topic": topic}, who)], moment)

    def _sees(self, row: Happening, who: str | None, moment: datetime) -> None:
        shown = select(InAppItem).order_by(InAppItem.id.desc())
        if row.by:
            shown = shown.join(Contact, Contact.id == InAppItem.contact_id).where(Contact.external_id == who)
        with self.stage.database.transaction() as session:
            item = session.scalars(shown).first()
            if item is None:
                raise CannotHappenError("nothing has been shown in the product before that")
            react(session, item.contact_id, [item.public_id], "seen", now=self.stage.clock.now())

    def _last_mail(self, session: Session, who: str | None, asks: tuple[str, str] | None = None) -> Message:
        for mail in self._mails(session, who):
            if asks is None or self._asks(session, mail, *asks):
                return mail
        what = f" that asks {'.'.join(asks)}" if asks else ""
        raise CannotHappenError(f"no mail{what} has been sent before that")

    def _asks(self, session: Session, mail: Message, question: str, choice: str) -> bool:
        """Whether a link of the mail leads to this choice."""
        links = compiled(self.stage.library.template(session, mail.template_version_id)).answers
        return (question, choice) in links or (mail.inputs.get(QUESTION) or {}).get("key") == question

    def _mails(self, session: Session, who: str | None) -> list[Message]:
        """The mails that were handed over, to one person or to anybody; the newest first."""
        sent = select(Message).where(Message.state == "accepted", Message.channel == "email")
        if who is not None:
            sent = sent.join(Contact, Contact.id == Message.contact_id).where(Contact.external_id == who)
        return list(session.scalars(sent.order_by(Message.accepted_at.desc(), Message.id.desc())))


def _about(account: str, call: Call) -> Call:
    """The call about this account."""
    said = {**call, "groupId": account} if "groupId" in call else dict(call)
    return {**said, "context": {**call["context"], "groupId": account}} if "context" in call else said


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_DOING: Mapping[str, Callable[[Scene, Happening, str | None, datetime], None]] = {
    "account": Scene._account,
    "contact": Scene._contact,
    "contract": Scene._contract,
    "goal": Scene._group,
    "handoff": Scene._group,
    "answer": Scene._answer,
    "fill": Scene._fill,
    "start": Scene._start,
    "clicks": Scene._clicks,
    "bounces": Scene._bounces,
    "unsubscribes": Scene._unsubscribes,
    "sees": Scene._sees,
}
