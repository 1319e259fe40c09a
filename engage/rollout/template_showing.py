"""The templates that are live, as the console shows them: what each is for, and how it reads for a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.customers.finding import find_account
from engage.errors import EngageError, NotFoundError
from engage.messages.charts import with_pictures
from engage.messages.composing import inputs_of, why_held
from engage.messages.contrast import in_scheme
from engage.messages.links import Links
from engage.messages.rendering import TemplateText, fill_email, fill_in_app
from engage.messages.samples import MESSAGE_ID, contract_facts
from engage.releases.library import Library, TemplateSource
from engage.rollout.trying import facts_of, tried_facts


@dataclass(frozen=True, slots=True)
class LiveTemplate:
    """One template of the newest release and the playbooks that send it."""

    name: str
    kind: str
    purpose: str
    topic: str | None
    description: Mapping[str, str] | None
    playbooks: Sequence[str]
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ShownTemplate:
    """One template filled in: its words, or why there are none."""

    locale: str
    subject: str = ""
    html: str = ""
    text: str = ""
    problem: str | None = None


def live_templates(session: Session, library: Library) -> list[LiveTemplate]:
    """Every template that a live playbook sends, by name."""
    senders: dict[str, list[str]] = {}
    versions: dict[str, Mapping[str, int]] = {}
    for live in library.live(session):
        for name, by_locale in live.templates.items():
            senders.setdefault(name, []).append(live.key)
            versions[name] = by_locale
    return [_live(session, library, name, senders[name], versions[name]) for name in sorted(versions)]


def find_live(session: Session, library: Library, name: str) -> LiveTemplate:
    """The live template of that name; NotFoundError where there is none."""
    found = next((one for one in live_templates(session, library) if one.name == name), None)
    if found is None:
        raise NotFoundError(f"no live playbook sends {name}", code="no_such_template")
    return found


def show(
    session: Session, library: Library, template: LiveTemplate, *, links: Links, account: str | None, now: datetime
) -> list[ShownTemplate]:
    """The template in each of its languages, from its sample or for an account; the links lead nowhere."""
    known = None
    if account:
        key = find_account(session, account).id
        known = facts_of(session, library, [key], now=now)[key]
    vocabulary = library.vocabulary(session)
    shown = []
    for locale, version in sorted(template.versions.items(), reverse=True):
        source = library.template(session, version)
        facts = contract_facts(source, vocabulary) if known is None else tried_facts(source, vocabulary, known)
        shown.append(_shown(source, facts, links.leading_nowhere(), locale))
    return shown


def in_colours(html: str, scheme: str) -> str:
    """The mail as readers see it who chose light or dark."""
    return in_scheme(html, scheme)


def _shown(source: TemplateText, facts: Mapping[str, Any], links: Links, locale: str) -> ShownTemplate:
    purpose = str(source.meta.get("purpose"))
    inputs = inputs_of(source, facts)
    held = why_held(source, inputs, purpose=purpose, render=False)
    if held:
        return ShownTemplate(locale, problem=held)
    try:
        if source.html:
            mail = fill_email(source, inputs, links=links, message_id=MESSAGE_ID, purpose=purpose)
            return ShownTemplate(locale, mail.subject, with_pictures(mail.html, links), mail.text)
        note = fill_in_app(source, inputs)
    except EngageError as error:
        return ShownTemplate(locale, problem=str(error))
    return ShownTemplate(locale, note.title, "", f"{note.body}\n\n{note.link or ''}".strip())


def _live(
    session: Session, library: Library, name: str, senders: Sequence[str], versions: Mapping[str, int]
) -> LiveTemplate:
    source: TemplateSource = library.template(session, next(iter(versions.values())))
    meta = source.meta
    return LiveTemplate(
        name=name,
        kind=source.kind,
        purpose=str(meta.get("purpose") or ""),
        topic=meta.get("topic"),
        description=meta.get("description"),
        playbooks=senders,
        versions=versions,
    )
