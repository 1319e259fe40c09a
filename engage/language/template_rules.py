"""Rules over each template: files present, facts known, MJML that carries everything."""

from __future__ import annotations

from collections.abc import Iterator

from engage.errors import PlaybookError, Problem
from engage.language.answer_rules import answer_links_lead_to_choices
from engage.language.compiling import compile_template
from engage.language.contract_rules import CONTRACT_RULES, fact_meant
from engage.language.guessing import way_out
from engage.language.template_facts import ANSWER_URL, TemplateSourceError, facts_named, root_of
from engage.language.templates import ALLOWED, LOCALES, REQUIRED, Template, place_of
from engage.language.workspace import Workspace


def files_are_complete(workspace: Workspace) -> Iterator[Problem]:
    """A template lacks a language or a file, or has one that nobody reads.

    Codes: missing-locale, missing-file, double-body, unknown-file
    Why: a mail needs subject and body in each language; two bodies, or a misspelt file, are not what anybody meant.
    Way out: write what is missing; delete or rename what is too much.
    Wrong (missing-file):
        # file: email_templates/welcome/new/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/new/ja/body.html
        <p>ようこそ</p>
        # file: email_templates/welcome/new/en/body.html
        <p>Welcome</p>
    Right:
        steps: [{email: welcome/hello}]
    Wrong (double-body):
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/hello/en/body.html
        <p>Welcome</p>
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/hello/en/body.txt
        Welcome
    Wrong (unknown-file):
        # file: email_templates/welcome/hello/en/boddy.txt
        Welcome
    Right:
        # file: email_templates/welcome/hello/en/merged.html
        <p>Welcome <a href="{{ unsubscribe_url }}">Unsubscribe</a></p>
        # file: email_templates/welcome/hello/ja/merged.html
        <p>ようこそ <a href="{{ unsubscribe_url }}">配信停止</a></p>
    """
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
        message = f"{template.name}/{locale}/{name} is read by nobody"
        yield template.document.problem([], "unknown-file", message, hint=way_out(name, ALLOWED[kind]))


def topics_are_declared(workspace: Workspace) -> Iterator[Problem]:
    """The topic of a template is one that nobody declared.

    Code: unknown-topic
    Why: nobody could opt out of it by its title, and its purpose is not known.
    Way out: correct the name, or declare it in `_shared/topics.yaml`.
    Wrong:
        # file: email_templates/welcome/hello/meta.yaml
        topic: onbording
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        topic: onboarding
    """
    for template in workspace.templates.values():
        topic = template.meta.topic
        if topic and topic not in workspace.vocabulary.topics:
            hint = way_out(topic, workspace.vocabulary.topics, "declare it in _shared/topics.yaml")
            yield template.document.problem(["topic"], "unknown-topic", f"nobody declared the topic {topic}", hint=hint)


def facts_are_known(workspace: Workspace) -> Iterator[Problem]:
    """A template shows a fact that nobody knows, or cannot be read.

    Codes: unknown-fact, template-syntax
    Why: a fact that is not there is never printed as nothing: the mail could not be made.
    Way out: correct the name, declare the fact in `_shared/facts.yaml`, close what was opened.
    Wrong (unknown-fact):
        # file: email_templates/welcome/hello/en/subject.txt
        {{ account.nme }}
    Right:
        # file: email_templates/welcome/hello/en/subject.txt
        {{ account.name }}
    Wrong (template-syntax):
        # file: email_templates/welcome/hello/en/subject.txt
        {% if account.name %}Welcome
    Right:
        # file: email_templates/welcome/hello/en/subject.txt
        {% if account.name %}{% endif %}Welcome
    """
    for file in workspace.sources():
        try:
            named = facts_named(file.text)
        except TemplateSourceError as error:
            place = place_of(file.text, error.offset)
            yield Problem(file.file, *place, "template-syntax", f"this is no template: {error.message}")
            continue
        for fact in named:
            if root_of(fact.path) != ANSWER_URL and workspace.catalogue.kind(fact.path) is None:
                place = place_of(file.text, fact.offset)
                hint = fact_meant(fact.path, workspace.catalogue)
                yield Problem(file.file, *place, "unknown-fact", f"nobody knows the fact {fact.path}", hint)


def templates_compile(workspace: Workspace) -> Iterator[Problem]:
    """A template includes a piece that is not there, or MJML cannot carry what it says.

    Codes: missing-include, mjml, mjml-unknown, mjml-misplaced, mjml-cannot-carry
    Why: what MJML does not know it drops without a word, and what stands in a wrong place it leaves without a layout.
    Way out: write the piece in `email_templates/_layout/<locale>/`; use elements of MJML; keep tags out of places where
        they would get lost.
    Wrong (missing-include):
        # file: email_templates/welcome/hello/en/subject.txt
        {% include "_layout/head.mjml" %}
    Right:
        # file: email_templates/welcome/hello/en/subject.txt
        Welcome
    Wrong (mjml-unknown):
        # file: email_templates/_layout/en/note.mjml
        <mj-text colour="#333333">Hi</mj-text>
    Right:
        # file: email_templates/_layout/en/note.mjml
        <mj-text color="#333333">Hi</mj-text>
    Wrong (mjml-misplaced):
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/hello/en/body.mjml
        <mjml><mj-body><mj-section><mj-text>Hi</mj-text></mj-section></mj-body></mjml>
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/hello/en/body.mjml
        <mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section></mj-body></mjml>
    Wrong (mjml-cannot-carry):
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/hello/en/body.mjml
        <mjml><mj-body><mj-section><mj-column width="{{ account.name }}"><mj-text>Hi</mj-text></mj-column>
        </mj-section></mj-body></mjml>
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/hello/en/body.mjml
        <mjml><mj-body><mj-section><mj-column width="50%"><mj-text>{{ account.name }}</mj-text></mj-column>
        </mj-section></mj-body></mjml>
    """
    for template in workspace.templates.values():
        for locale in template.locales:
            try:
                compile_template(template, locale, workspace.layout)
            except PlaybookError as error:
                yield from error.problems


TEMPLATE_RULES = (
    files_are_complete,
    topics_are_declared,
    *CONTRACT_RULES,
    facts_are_known,
    answer_links_lead_to_choices,
    templates_compile,
)
