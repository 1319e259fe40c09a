"""From a message row to the very bytes the customer reads; compiled once per template version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from jinja2 import Template, TemplateError
from markupsafe import Markup
from sqlalchemy.orm import Session

from engage.errors import EngageError
from engage.language.questions import QUESTION
from engage.language.template_facts import ANSWER_URL, CONFIRM, PREFERENCES, UNSUBSCRIBE
from engage.language.templates import SECTION
from engage.messages.following import Following
from engage.messages.formats import html_lines, safe_url
from engage.messages.links import Links
from engage.messages.marks import mark_links
from engage.messages.sandbox import compile_source, paths_used
from engage.messages.textpart import derive_text, drop_tag_lines, tidy

SECTIONS = "_sections"  # where a mail's inputs keep what travels in it; templates cannot reach such names
_LINE_ENDS = re.compile(r"\s+")


class RenderError(EngageError):
    """A message cannot be made from its template and its facts; it is held, never sent with a hole."""

    code = "render_failed"


class TemplateText(Protocol):
    """What rendering needs of a template version, as the library holds it."""

    @property
    def name(self) -> str: ...
    @property
    def locale(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def text(self) -> str | None: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...


class Templates(Protocol):
    """Where template versions come from."""

    def template(self, session: Session, template_version_id: int) -> TemplateText:
        """The template version with that id."""


class Renderable(Protocol):
    """What rendering needs of a message, a row of the ledger or a part of one."""

    @property
    def public_id(self) -> str: ...
    @property
    def template_version_id(self) -> int: ...
    @property
    def purpose(self) -> str: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def html(self) -> str | None: ...
    @property
    def text(self) -> str | None: ...
    @property
    def sha(self) -> str | None: ...
    @property
    def link_base(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """The words of one mail and their fingerprint."""

    subject: str
    html: str
    text: str
    sha: str


@dataclass(frozen=True, slots=True)
class RenderedInApp:
    """The words of one in-app message; the link is where it leads, if anywhere."""

    title: str
    body: str
    link: str | None
    sha: str


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A template version ready to be filled in."""

    subject: Template
    html: Template | None
    text: Template
    link: Template | None
    paths: frozenset[tuple[str, ...]]
    answers: tuple[tuple[str, str], ...] = ()
    """The questions and choices that it links to."""
    section: tuple[Template, Template] | None = None
    """What it says where it travels in another mail, as HTML and as text."""
    section_paths: frozenset[tuple[str, ...]] = frozenset()

    @property
    def carries(self) -> bool:
        """Whether it has a place for what travels in it."""
        return (SECTION,) in self.paths


@dataclass(frozen=True, slots=True)
class Section:
    """What another message says in a mail; its links speak for that message."""

    template: TemplateText
    facts: Mapping[str, Any]
    message_id: str
    purpose: str


def fingerprint(*parts: str) -> str:
    """The SHA-256 that says whether two messages are the same to the last byte."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def compiled(template: TemplateText) -> CompiledTemplate:
    """The template ready to be filled in; raises PlaybookError with every place that is wrong."""
    link, section = str(template.meta.get("link") or ""), str(template.meta.get(SECTION) or "")
    return _compiled(template.name, template.locale, template.subject, template.html, template.text, link, section)


def render_email(library: Templates, session: Session, message: Renderable, *, links: Links) -> RenderedEmail:
    """The mail of a message: the stored bytes where a person approved them, else made from its facts.

    A message that is made again was surely not handed over before. Only how its links are made may have changed since.
    """
    if message.html is not None:
        return _stored(message)
    rendered = _made(library, session, message, links)
    if message.sha in (None, rendered.sha) or _way_of_then(library, session, message, links) is not None:
        return rendered
    raise RenderError("the mail made now differs from the one made before", code="render_drift")


def links_as_sent(library: Templates, session: Session, message: Renderable, *, links: Links) -> Links:
    """The links in the way in which those of a message were made when it was handed over."""
    is_made = message.html is None and message.sha is not None
    found = _way_of_then(library, session, message, links) if is_made else None
    return found or links.beginning_with(message.link_base or links.public_url)


def _way_of_then(library: Templates, session: Session, message: Renderable, links: Links) -> Links | None:
    ways = links.as_before(message.link_base or links.public_url)
    return next((way for way in ways if _made(library, session, message, way).sha == message.sha), None)


def _made(library: Templates, session: Session, message: Renderable, links: Links) -> RenderedEmail:
    return fill_email(
        library.template(session, message.template_version_id),
        message.inputs,
        links=links,
        message_id=message.public_id,
        purpose=message.purpose,
        sections=[_section(library, session, kept) for kept in message.inputs.get(SECTIONS) or ()],
    )


def _section(library: Templates, session: Session, kept: Mapping[str, Any]) -> Section:
    return Section(library.template(session, kept["template"]), kept["inputs"], kept["message"], kept["purpose"])


def fill_email(
    template: TemplateText,
    facts: Mapping[str, Any],
    *,
    links: Links,
    message_id: str,
    purpose: str,
    sections: Sequence[Section] = (),
) -> RenderedEmail:
    """One template with one set of facts, and what travels in it; the same facts make the same bytes."""
    ready = compiled(template)
    context = _context(ready, facts, links=links, message_id=message_id, purpose=purpose)
    travelling = [fill_section(section, links=links) for section in sections]
    if travelling:
        context[SECTION] = "\n".join(text for _, text in travelling)
    with _said_clearly(template):
        subject = _one_line(ready.subject.render(context))
        following = Following(links, message_id, facts)
        text = tidy(following.text(ready.text.render(context)))
        context["salutation"] = html_lines(facts.get("salutation", ""))
        if travelling:
            context[SECTION] = Markup("\n".join(html for html, _ in travelling))  # noqa: S704  made by our templates
        html = ready.html.render(context) if ready.html else ""
        html = following.html(html)
    if not subject:
        raise RenderError("the subject is empty", where=_place(template))
    return RenderedEmail(subject, html, text, fingerprint(subject, html, text))


def fill_section(section: Section, *, links: Links) -> tuple[str, str]:
    """What a message says where it travels in another mail: as HTML and as text."""
    ready = compiled(section.template)
    said = {"message_id": section.message_id, "purpose": section.purpose}
    context = _context(ready, section.facts, links=links, **said)
    with _said_clearly(section.template):
        if ready.section is None:
            raise RenderError("it has nothing to say in another mail")
        following = Following(links, section.message_id, section.facts)
        html, text = (part.render(context) for part in ready.section)
        return following.html(html), tidy(following.text(text))


def _context(
    ready: CompiledTemplate, facts: Mapping[str, Any], *, links: Links, message_id: str, purpose: str
) -> dict[str, Any]:
    """The facts with the links that are this message's own."""
    context = dict(facts)
    if purpose != "transactional":
        context[UNSUBSCRIBE] = links.unsubscribe_url(message_id)
        if (PREFERENCES,) in ready.paths:
            context[PREFERENCES] = links.preferences_url(message_id)
    if (CONFIRM,) in ready.paths:
        context[CONFIRM] = links.confirm_url(message_id)
    if ready.answers:
        context[ANSWER_URL] = _answer_urls(ready.answers, links, message_id)
    if key := (facts.get(QUESTION) or {}).get("key"):
        context[QUESTION] = _with_links(facts[QUESTION], lambda choice: links.answer_url(message_id, key, choice))
    return context


def render_in_app(library: Templates, session: Session, message: Renderable) -> RenderedInApp:
    """The in-app message: the stored words where a person approved them, else made from its facts."""
    template = library.template(session, message.template_version_id)
    filled = fill_in_app(template, message.inputs)
    if message.text is None:
        return filled
    title, body = message.subject or "", message.text
    return RenderedInApp(title, body, filled.link, fingerprint(title, "", body))


def fill_in_app(template: TemplateText, facts: Mapping[str, Any]) -> RenderedInApp:
    """One in-app template with one set of facts: plain text, and a link that only opens a page."""
    ready = compiled(template)
    with _said_clearly(template):
        title = _one_line(ready.subject.render(facts))
        body = tidy(ready.text.render(facts)).rstrip("\n")
        link = safe_url(ready.link.render(facts).strip()) if ready.link else None
    return RenderedInApp(title, body, link, fingerprint(title, "", body))


def _stored(message: Renderable) -> RenderedEmail:
    subject, html, text = message.subject or "", message.html or "", message.text or ""
    sha = fingerprint(subject, html, text)
    if sha != message.sha:
        raise RenderError("the stored mail is not the one that was approved", code="render_drift")
    return RenderedEmail(subject, html, text, sha)


@lru_cache(maxsize=1024)
def _compiled(
    name: str, locale: str, subject: str, html: str, text: str | None, link: str, section: str
) -> CompiledTemplate:
    where = f"{name}/{locale}"
    spoken = drop_tag_lines(text if text else derive_text(html, locale=locale, follow=True))
    own = frozenset(paths_used(section, locale=locale, where=where))
    sources = (subject, html, spoken, link)
    paths = own.union(path for source in sources for path in paths_used(source, locale=locale, where=where))
    return CompiledTemplate(
        subject=compile_source(subject.strip(), locale=locale, html=False, where=f"{where}/subject"),
        html=compile_source(mark_links(html, where), locale=locale, html=True, where=f"{where}/body") if html else None,
        text=compile_source(spoken, locale=locale, html=False, where=f"{where}/text"),
        link=compile_source(link, locale=locale, html=False, where=f"{where}/link") if link else None,
        paths=paths,
        section=_compiled_section(section, locale, where) if section else None,
        section_paths=own,
        answers=tuple(sorted((path[1], path[2]) for path in paths if path[0] == ANSWER_URL and len(path) == 3)),
    )


def _compiled_section(section: str, locale: str, where: str) -> tuple[Template, Template]:
    spoken = drop_tag_lines(derive_text(section, locale=locale, follow=True))
    place = f"{where}/{SECTION}"
    marked = mark_links(section, place)
    return (
        compile_source(marked, locale=locale, html=True, where=place),
        compile_source(spoken, locale=locale, html=False, where=place),
    )


def _answer_urls(answers: Iterable[tuple[str, str]], links: Links, message_id: str) -> dict[str, dict[str, str]]:
    urls: dict[str, dict[str, str]] = {}
    for question, choice in answers:
        urls.setdefault(question, {})[choice] = links.answer_url(message_id, question, choice)
    return urls


def _with_links(question: Mapping[str, Any], link: Callable[[str], str]) -> dict[str, Any]:
    """The question with a link on each of its choices."""
    choices = [{**choice, ANSWER_URL: link(choice["key"])} for choice in question.get("choices") or ()]
    return {**question, "choices": choices}


def _one_line(text: str) -> str:
    """A header value: no line end can get into it."""
    return _LINE_ENDS.sub(" ", text).strip()


@contextmanager
def _said_clearly(template: TemplateText) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # whatever a fact does to a filter concerns its own message only
        is_known = isinstance(error, TemplateError | ValueError | TypeError)
        raise RenderError(str(error) if is_known else _named(error), where=_place(template)) from error


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _place(template: TemplateText) -> str:
    return f"{template.name}/{template.locale}"
