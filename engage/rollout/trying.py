"""Templates tried on what is known of real customers: what each would lack, and what it would look like; reads only.

What only a run knows (its event, its answers to a form, the mails before) is taken from the template's sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import CHUNK, EVERYTHING, OF_WEEKS, Subject
from engage.customers.tables import Account
from engage.db.sets import one_of
from engage.journeys.knowing import know
from engage.language.compiling import CompiledTemplate
from engage.language.vocabulary import Vocabulary
from engage.messages.composing import FACTS_MISSING, Composer, company_of, inputs_of, why_held
from engage.messages.contexts import greeting, missing
from engage.messages.rendering import TemplateText
from engage.messages.salutations import Addressee, salute
from engage.messages.samples import contract_facts, overlaid
from engage.releases.library import Library

OF_A_RUN = ("event", "waited", "occurrence", "form", "sent", "question", "answers")
_NAMED = ("department", "title", "family_name", "given_name", "full_name", "family_reading", "given_reading")


@dataclass(frozen=True, slots=True)
class Trial:
    """One template for one account in one language: the fields that it lacks, or why it could not be made."""

    account: str
    account_name: str
    template: str
    locale: str
    lacks: tuple[str, ...]
    fails: str | None


def accounts_to_try(session: Session, most: int | None) -> list[int]:
    """The accounts that are no tests, the oldest first; at most so many."""
    asked = select(Account.id).where(Account.is_test.is_(False)).order_by(Account.id)
    return list(session.scalars(asked.limit(most) if most is not None else asked))


def try_on(
    session: Session, library: Library, templates: Sequence[CompiledTemplate], accounts: Sequence[int], *, now: datetime
) -> Iterator[list[Trial]]:
    """What goes wrong with each template for each account; a list for each account, empty where all is well."""
    vocabulary = library.vocabulary(session)
    composer = Composer(vocabulary)
    samples = {(one.name, one.locale): contract_facts(one, vocabulary) for one in templates}
    for start in range(0, len(accounts), CHUNK):
        chunk = accounts[start : start + CHUNK]
        names = {row.id: row for row in session.execute(_NAMES.where(one_of(_ACCOUNT.id, chunk)))}
        for account_id, known in facts_of(session, library, chunk, now=now).items():
            row = names[account_id]
            found = [_tried(one, composer, known, samples[one.name, one.locale]) for one in templates]
            yield [
                Trial(row.external_id or row.public_id, row.name, one.name, one.locale, lacks, fails)
                for one, (lacks, fails) in zip(templates, found, strict=True)
                if lacks or fails
            ]


def facts_of(
    session: Session, library: Library, accounts: Sequence[int], *, now: datetime
) -> dict[int, Mapping[str, Any]]:
    """What is known of each account and of the first of its people who could be written to."""
    subjects = [Subject("account", key, key, None, None) for key in accounts]
    known = know(session, library, subjects, now=now, reading=EVERYTHING | {OF_WEEKS})
    return {subject.id: facts | {"contact": _reader(facts)} for subject, facts in known.items()}


def tried_facts(template: TemplateText, vocabulary: Vocabulary, known: Mapping[str, Any]) -> dict[str, Any]:
    """The facts from which a template would be filled in for a customer."""
    return _said(template, Composer(vocabulary), known, contract_facts(template, vocabulary))


def _tried(
    template: TemplateText, composer: Composer, known: Mapping[str, Any], sample: Mapping[str, Any]
) -> tuple[tuple[str, ...], str | None]:
    inputs = inputs_of(template, _said(template, composer, known, sample))
    lacks = tuple(missing(inputs, template.meta.get("needs") or ()))
    held = None if lacks else why_held(template, inputs, purpose=str(template.meta.get("purpose")), render=True)
    return lacks, held if held and not held.startswith(FACTS_MISSING) else None


def _said(
    template: TemplateText, composer: Composer, known: Mapping[str, Any], sample: Mapping[str, Any]
) -> dict[str, Any]:
    of_the_run = {name: sample[name] for name in OF_A_RUN if name in sample}
    facts = overlaid(of_the_run, {name: value for name, value in known.items() if value is not None})
    topic = str(template.meta.get("topic") or "")
    said = composer.facts_in(template.locale, facts, sender=None, topic=topic)
    said["sender"] = known.get("csm") or said["team"]
    contact = known.get("contact") or {}
    named: dict[str, Any] = {name: contact.get(name) for name in _NAMED}
    who = Addressee(company=company_of(known), **named)
    return said | greeting(salute(who, template.locale))


def _reader(facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    people = facts.get("people") or ()
    return next((one.facts for one in people if not (one.is_staff or one.has_left)), None)


_ACCOUNT = Account.__table__.c
_NAMES = select(_ACCOUNT.id, _ACCOUNT.external_id, _ACCOUNT.public_id, _ACCOUNT.name)
