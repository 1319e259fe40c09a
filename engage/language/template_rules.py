"""Rules over each template: files present, facts known, MJML that carries everything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engage.errors import PlaybookError, Problem
from engage.language.catalogue import Catalogue, nearest
from engage.language.compiling import compile_template
from engage.language.template_facts import CONTEXT, TemplateSourceError, facts_named
from engage.language.templates import ALLOWED, LOCALES, REQUIRED, SourceFile, Template, place_of
from engage.language.workspace import Workspace

_INDEX = re.compile(r"\[\d+\]")


def files_are_complete(workspace: Workspace) -> Iterator[Problem]:
    """A template has its locales, each locale its files, and no file that nobody reads."""
    for template in workspace.templates.values():
        for locale in (locale for locale in LOCALES if locale not in template.locales):
            message, hint = f"{template.name} has no texts in {locale}", f"write {template.name}/{locale}/"
            yield template.document.problem([], "missing-locale", message, hint=hint)
        for locale, files in template.locales.items():
            yield from _files(template, locale, set(files))


def _files(template: Template, locale: str, names: set[str]) -> Iterator[Problem]:
    kind = template.meta.kind
    for choice in REQUIRED[kind]:
        if not names & set(choice):
            message = f"{template.name}/{locale} has no {' or '.join(choice)}"
            yield template.document.problem([], "missing-file", message)
    if {"body.mjml", "body.html"} <= names:
        message = f"{template.name}/{locale} has both body.mjml and body.html"
        yield template.document.problem([], "double-body", message, hint="keep one")
    for name in sorted(names - set(ALLOWED[kind])):
        close = nearest(name, ALLOWED[kind])
        hint = f"did you mean {close}?" if close else f"there are: {', '.join(ALLOWED[kind])}"
        message = f"{template.name}/{locale}/{name} is read by nobody"
        yield template.document.problem([], "unknown-file", message, hint=hint)


def topics_are_declared(workspace: Workspace) -> Iterator[Problem]:
    """The topic of a template is one that customers can opt out of."""
    for template in workspace.templates.values():
        topic = template.meta.topic
        if topic and topic not in workspace.vocabulary.topics:
            close = nearest(topic, workspace.vocabulary.topics)
            hint = f"did you mean {close}?" if close else "declare it in _shared/topics.yaml"
            yield template.document.problem(["topic"], "unknown-topic", f"nobody declared the topic {topic}", hint=hint)


def needs_are_known(workspace: Workspace) -> Iterator[Problem]:
    """A fact that nobody knows would hold the message for ever."""
    for template in workspace.templates.values():
        for number, need in enumerate(template.meta.needs):
            path = _INDEX.sub("", need)
            if workspace.catalogue.kind(path) is None and path not in CONTEXT:
                place: list[str | int] = ["needs", number]
                hint = _meant(path, workspace.catalogue)
                yield template.document.problem(place, "unknown-fact", f"nobody knows the fact {need}", hint=hint)


def facts_are_known(workspace: Workspace) -> Iterator[Problem]:
    """Every fact that a template or a shared piece names is in the catalogue."""
    for file in _sources(workspace):
        try:
            named = facts_named(file.text)
        except TemplateSourceError as error:
            place = place_of(file.text, error.offset)
            yield Problem(file.file, *place, "template-syntax", f"this is no template: {error.message}")
            continue
        for fact in named:
            if workspace.catalogue.kind(fact.path) is None:
                place = place_of(file.text, fact.offset)
                hint = _meant(fact.path, workspace.catalogue)
                yield Problem(file.file, *place, "unknown-fact", f"nobody knows the fact {fact.path}", hint)


def templates_compile(workspace: Workspace) -> Iterator[Problem]:
    """Includes resolve, and MJML carries every tag."""
    for template in workspace.templates.values():
        for locale in template.locales:
            try:
                compile_template(template, locale, workspace.layout)
            except PlaybookError as error:
                yield from error.problems


def _sources(workspace: Workspace) -> Iterator[SourceFile]:
    for template in workspace.templates.values():
        for files in template.locales.values():
            yield from files.values()
    yield from workspace.layout.values()


def _meant(path: str, catalogue: Catalogue) -> str:
    close = catalogue.nearest(path) or nearest(path, CONTEXT)
    return f"did you mean {close}?" if close else "declare it in _shared/facts.yaml"


TEMPLATE_RULES = (files_are_complete, topics_are_declared, needs_are_known, facts_are_known, templates_compile)
