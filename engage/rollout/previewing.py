"""The very messages that playbooks would send to a real account now: every step, every locale; reads only.

Recipients, sender, copies, facts, salutation and text come from the functions that send. Nothing is written, and the
links are signed with a key of their own: they look right and lead nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import EVERYTHING, OF_WEEKS, Subject
from engage.customers.finding import find_account
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.journeys.addressing import Addressed, approval_of, copies_of, recipients_of, sender_of
from engage.journeys.knowing import know
from engage.journeys.surroundings import Surroundings
from engage.language.expressions import Expression
from engage.language.questions import QUESTION
from engage.language.spec import AnyStep, AskStep, ChooseStep, EmailStep, InAppStep, Playbook
from engage.language.steps import inside, messages_in
from engage.messages.composing import Composer, company_of, inputs_of, salutation_of, why_held
from engage.messages.contexts import find
from engage.messages.foreseeing import Answer, Foreseen, foresee
from engage.messages.links import Links
from engage.messages.rendering import TemplateText, fill_email, fill_in_app
from engage.rollout.sources import Source
from engage.staff.people import name_of
from engage.staff.tables import StaffMember

MESSAGE_ID = "preview"
_MOST_SUBJECTS = 5
_ALL = EVERYTHING | {OF_WEEKS}
NOBODY = "nobody_found"
Conditions = tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """One message to one person in one locale; `held` says why it would wait, `not_now` which condition fails."""

    playbook: str
    step: str
    channel: str
    template: str
    locale: str
    is_readers: bool  # the reader's own locale
    subject_of_run: str
    to: tuple[str, str]
    cc: tuple[str, ...] = ()
    sender: tuple[str, str] = ("", "")
    approved_by: str | None = None
    not_now: str | None = None
    held: str | None = None
    gate: Answer | None = None  # what the gate says now; None where nobody would get it
    subject: str = ""
    html: str = ""
    text: str = ""
    link: str | None = None


def preview_account(
    session: Session, source: Source, account: str, *, key: str | None, public_url: str, now: datetime
) -> list[Previewed]:
    """What the playbooks, or one of them, would send; raises NotFoundError for an account that is not there."""
    found = find_account(session, account)
    preview = _Preview(session, source, Links("preview", public_url), now)
    return [one for playbook in source.playbooks(key) for one in preview.of(playbook, found)]


class _Preview:
    def __init__(self, session: Session, source: Source, links: Links, now: datetime) -> None:
        self.session, self.source, self.links, self.now = session, source, links, now
        vocabulary = source.library.vocabulary(session)
        self.composer, self.surroundings = Composer(vocabulary), Surroundings(vocabulary)

    def of(self, playbook: Playbook, account: Account) -> Iterator[Previewed]:
        """The messages of one playbook for each of its subjects at the account."""
        for subject, name in _subjects(self.session, playbook, account):
            known = know(self.session, self.source.library, [subject], now=self.now, reading=_ALL).get(subject, {})
            sent: dict[str, Any] = {}
            for step, ways in _with_ways(playbook.steps):
                for message in messages_in(step):
                    facts = {**known, "sent": dict(sent), "waited": {"happened": False}}
                    facts |= {QUESTION: {"key": step.question}} if isinstance(step, AskStep) else {}
                    asked = [*ways, *([step.if_] if step.if_ is not None else [])]
                    failing = next((str(one) for one in asked if not one.holds(facts)), None)
                    yield from self._step(playbook, message, facts, subject, name=name, not_now=failing)
                    # As if each message before had been sent just now: that is what a reminder speaks of.
                    sent[str(step.id).replace("-", "_")] = {"state": "accepted", "at": self.now.isoformat()}

    def _step(
        self,
        playbook: Playbook,
        step: EmailStep | InAppStep,
        facts: Mapping[str, Any],
        subject: Subject,
        *,
        name: str,
        not_now: str | None,
    ) -> Iterator[Previewed]:
        channel = "email" if isinstance(step, EmailStep) else "in_app"
        rule = approval_of(step, facts, self.surroundings)
        common: dict[str, Any] = {
            "playbook": playbook.key,
            "step": str(step.id),
            "channel": channel,
            "subject_of_run": name,
            "approved_by": rule.by if rule else None,
            "not_now": not_now,
        }
        addressed = recipients_of(playbook, step, facts, subject.contact_id)
        if not addressed:
            yield Previewed(**common, template=step.template, locale="", is_readers=False, to=("", ""), held=NOBODY)
        for number, one in enumerate(addressed):
            people = [each.person for each in addressed]
            cc = copies_of(playbook, step, facts, people) if number == 0 else ()
            mine = {**facts, "contact": one.person.facts}
            yield from self._person(common, playbook, step, subject, one, mine, cc)

    def _person(
        self,
        common: Mapping[str, Any],
        playbook: Playbook,
        step: EmailStep | InAppStep,
        subject: Subject,
        addressed: Addressed,
        facts: Mapping[str, Any],
        cc: Sequence[int],
    ) -> Iterator[Previewed]:
        contact, template = self.session.get_one(Contact, addressed.person.id), addressed.template
        sender_id = sender_of(playbook, step, facts)
        sender = self.session.get(StaffMember, sender_id) if sender_id != "team" else None
        copied = [self.session.get_one(Contact, key).email or "" for key in cc]
        versions = self.source.templates(self.session, playbook.key, template)
        own = _own_locale(facts, versions)
        gate = None
        if versions:
            foreseen = _foreseen(playbook, step, subject, versions[own], contact_id=contact.id, sender=sender, cc=cc)
            gate = foresee(self.session, self.source.library, foreseen, now=self.now)
        for locale, version in sorted(versions.items(), key=lambda pair: pair[0] != own):
            topic = _topic(playbook, step, version)
            said = self.composer.facts_in(locale, facts, sender=sender, topic=topic)
            said |= salutation_of(contact, company_of(facts), locale)
            yield Previewed(
                **common,
                template=template,
                locale=locale,
                is_readers=locale == own,
                to=(name_in(contact, locale), contact.email or ""),
                cc=tuple(copied),
                sender=_signed(sender, said, locale),
                gate=gate,
                **self._words(version, said),
            )

    def _words(self, version: TemplateText, said: Mapping[str, Any]) -> dict[str, Any]:
        """The text as it would be sent, or why it would wait."""
        purpose = str(version.meta.get("purpose") or "relationship")
        inputs = inputs_of(version, said)
        held = why_held(version, inputs, purpose=purpose, render=True)
        if held is not None:
            return {"held": held}
        if version.html:
            mail = fill_email(version, inputs, links=self.links, message_id=MESSAGE_ID, purpose=purpose)
            return {"subject": mail.subject, "html": mail.html, "text": mail.text}
        shown = fill_in_app(version, inputs)
        return {"subject": shown.title, "text": shown.body, "link": shown.link}


def _topic(playbook: Playbook, step: EmailStep | InAppStep, version: TemplateText) -> str:
    return str(step.topic or playbook.topic or version.meta.get("topic") or "")


def _foreseen(
    playbook: Playbook,
    step: EmailStep | InAppStep,
    subject: Subject,
    version: TemplateText,
    *,
    contact_id: int,
    sender: StaffMember | None,
    cc: Sequence[int],
) -> Foreseen:
    """The message as the gate would find it."""
    return Foreseen(
        channel="email" if isinstance(step, EmailStep) else "in_app",
        topic=_topic(playbook, step, version),
        purpose=str(version.meta.get("purpose") or "relationship"),
        hours=step.hours or playbook.hours,
        contact_id=contact_id,
        account_id=subject.account_id or 0,
        contract_id=subject.contract_id,
        playbook_key=playbook.key,
        step_id=str(step.id),
        cc=tuple(cc),
        locale=version.locale,
        sender_staff_id=sender.id if sender else None,
    )


def _with_ways(
    steps: Sequence[AnyStep], ways: tuple[Expression, ...] = ()
) -> Iterator[tuple[AnyStep, tuple[Expression, ...]]]:
    """Every step with the conditions of the ways that lead to it."""
    for step in steps:
        yield step, ways
        conditions = [way.if_ for way in step.choose] if isinstance(step, ChooseStep) else []
        for number, (_, inner) in enumerate(inside(step)):
            condition = conditions[number] if conditions else None
            yield from _with_ways(inner, (*ways, condition) if condition is not None else ways)


def _subjects(session: Session, playbook: Playbook, account: Account) -> Iterator[tuple[Subject, str]]:
    """Whom the playbook runs for at the account."""
    match playbook.subject:
        case "account":
            yield Subject("account", account.id, account.id, None, None), account.name
        case "contract":
            contracts = select(Contract).where(Contract.account_id == account.id, Contract.state == "active")
            for contract in session.scalars(contracts.order_by(Contract.id).limit(_MOST_SUBJECTS)):
                yield Subject("contract", contract.id, account.id, None, contract.id), contract.name
        case "contact":
            members = select(Contact).join(Membership, Membership.contact_id == Contact.id)
            here = (Membership.account_id == account.id, Membership.until.is_(None), Contact.left_at.is_(None))
            for contact in session.scalars(members.where(*here).order_by(Contact.id).limit(_MOST_SUBJECTS)):
                yield Subject("contact", contact.id, account.id, contact.id, None), contact.email or ""


def _own_locale(facts: Mapping[str, Any], versions: Mapping[str, TemplateText]) -> str:
    """The reader's language where the template is written in it, else English, else whatever there is."""
    said = str(find(facts, ("contact", "locale")) or find(facts, ("account", "locale")) or "en")
    return next((one for one in (said, said[:2], "en") if one in versions), next(iter(versions), ""))


def name_in(contact: Contact, locale: str) -> str:
    """The contact's name in the order of the language."""
    names = [contact.family_name, contact.given_name]
    if locale != "ja":
        names.reverse()
    return " ".join(name for name in names if name) or contact.full_name or ""


def _signed(sender: StaffMember | None, said: Mapping[str, Any], locale: str) -> tuple[str, str]:
    if sender is not None:
        return name_of(sender, "ja" if locale == "ja" else "en"), sender.email
    return str(find(said, ("team", "name")) or ""), str(find(said, ("team", "email")) or "")
