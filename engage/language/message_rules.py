"""Rules over what a playbook sends: its templates, topics, readers and signers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engage.errors import Problem
from engage.language.guessing import way_out
from engage.language.places import Path as YamlPath
from engage.language.places import steps_with_paths
from engage.language.spec import AskStep, EmailStep, InAppStep
from engage.language.steps import kind_of, messages_in, templates_sent
from engage.language.templates import LOCALES, Template
from engage.language.workspace import PlaybookFile, Workspace

WITHOUT_PERMISSION = "without_permission"
_INSTEAD = {"in_app": "unless_seen", "email": WITHOUT_PERMISSION, "ask": WITHOUT_PERMISSION}


def templates_exist(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A message names a template that is not there.

    Code: missing-template
    Why: the customer would get nothing, and the run would stand still.
    Way out: correct the name, or write the template.
    Wrong:
        steps: [{email: welcome/helo}]
    Right:
        steps: [{email: welcome/hello}]
    """
    for name, _, place in _named_templates(file):
        if name not in workspace.templates:
            hint = way_out(name, workspace.templates, f"make email_templates/{name}/meta.yaml")
            yield file.document.problem(place, "missing-template", f"there is no template {name}", hint=hint)


def templates_fit_the_channel(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """An email step names an in-app template, or the other way round.

    Code: wrong-template
    Why: a mail has a subject and a body, an in-app message a title and a link; neither can stand in for the other.
    Way out: name a template of the step's own kind, or write the other step.
    Wrong:
        steps: [{email: welcome/tip}]
    Right:
        steps: [{in_app: welcome/tip}]
    """
    for name, kind, place in _named_templates(file):
        template = workspace.templates.get(name)
        if template is not None and template.meta.kind != kind:
            message = f"{name} is a template of kind {template.meta.kind}"
            yield file.document.problem(place, "wrong-template", message)


def templates_speak_every_language(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A message has no text in one of the languages that customers read.

    Code: missing-locale
    Why: a customer who reads only that language would get nothing, or words they cannot read.
    Way out: write the folder of that language.
    Wrong:
        steps: [{email: welcome/new}]
        # file: email_templates/welcome/new/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/new/en/subject.txt
        Welcome
        # file: email_templates/welcome/new/en/body.html
        <p>Welcome</p>
    Right:
        steps: [{email: welcome/hello}]
    """
    for name, kind, place in _named_templates(file):
        template = workspace.templates.get(name)
        if template is not None and template.meta.kind == kind:
            for locale in (locale for locale in LOCALES if locale not in template.locales):
                message = f"{name} has no texts in {locale}"
                hint = f"write email_templates/{name}/{locale}/"
                yield file.document.problem(place, "missing-locale", message, hint=hint)


def messages_have_topics(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A message to a customer has no topic.

    Code: no-topic
    Why: customers stop mail by topic; somebody who wants no more of these would have to stop everything.
    Way out: say `topic:` for the playbook, the step or the template.
    Wrong:
        topic: ~
    Right:
        topic: onboarding
    """
    for step, path in messages_of(file):
        template = workspace.templates.get(step.template)
        if not (step.topic or file.playbook.topic or (template and template.meta.topic)):
            hint = "say 'topic:' for the playbook, the step or the template"
            yield file.document.problem(path, "no-topic", "this message to a customer has no topic", hint=hint)


def topics_are_declared(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A topic is named that nobody declared.

    Code: unknown-topic
    Why: nobody could opt out of it by its title, and its purpose is not known.
    Way out: correct the name, or declare it in `_shared/topics.yaml`.
    Wrong:
        topic: onbording
    Right:
        topic: onboarding
    """
    topics = workspace.vocabulary.topics
    said: list[tuple[str | None, YamlPath]] = [(file.playbook.topic, ["topic"])]
    said += [(step.topic, [*path, "topic"]) for step, path in messages_of(file)]
    for topic, path in said:
        if topic and topic not in topics:
            yield _unknown_topic(file, path, topic, list(topics))


def messages_have_recipients(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A message goes to nobody.

    Code: no-recipient
    Why: a run about an account or a contract has several people to choose from, and was not told whom.
    Way out: say `to:` for the playbook or the step; a run about a contact goes to that contact.
    Wrong:
        to: ~
    Right:
        to: [champion, admin]
    """
    if file.playbook.to or file.playbook.subject == "contact":
        return
    for step, path in messages_of(file):
        if not step.to:
            hint = "say 'to:' for the playbook or the step"
            yield file.document.problem(path, "no-recipient", "nobody is to get this message", hint=hint)


def mails_have_senders(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A mail is signed by nobody.

    Code: no-sender
    Why: an empty list leaves nobody to sign, so the mail is held for ever.
    Way out: say who signs, best first, and end with `team`.
    Wrong:
        from: []
    Right:
        from: [csm, team]
    """
    for senders, path in _sender_lists(file):
        if not senders:
            hint = "say who signs: from: [csm, team]"
            yield file.document.problem(path, "no-sender", "nobody is to sign this mail", hint=hint)


def senders_have_fallback(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A mail can only be signed by people who may be absent.

    Code: no-sender-fallback
    Why: where no such person is known the mail is held; the team is always there.
    Way out: end the list with `team`.
    Wrong:
        from: [csm]
    Right:
        from: [csm, team]
    """
    for senders, path in _sender_lists(file):
        if senders and "team" not in senders:
            message = f"where there is no {', '.join(senders)}, the mail is held: nobody could sign it"
            hint = "end the list with team"
            yield file.document.problem(path, "no-sender-fallback", message, hint=hint, severity="warning")


def messages_of(file: PlaybookFile) -> list[tuple[EmailStep | InAppStep, YamlPath]]:
    """Every message to a customer with the path to its step."""
    pairs = steps_with_paths(file.playbook.steps, ["steps"])
    return [
        (message, path if message is step else [*path, _INSTEAD[kind_of(step)]])
        for step, path in pairs
        for message in messages_in(step)
    ]


def templates_of(file: PlaybookFile, workspace: Workspace) -> list[Template]:
    """The templates that the playbook sends, as far as they exist."""
    found = (workspace.templates.get(name) for name, _, _ in _named_templates(file))
    return [template for template in found if template is not None]


def _named_templates(file: PlaybookFile) -> Iterator[tuple[str, str, YamlPath]]:
    """Each template that a step may send, the kind it has to be, and where it is named."""
    for step, path in messages_of(file):
        kind = "email" if isinstance(step, EmailStep) else "in_app"
        own = "template" if isinstance(step, AskStep) and "template" in step.model_fields_set else kind_of(step)
        is_instead = path[-1] == WITHOUT_PERMISSION
        for name in templates_sent(step):
            yield name, kind, path if is_instead else [*path, own if name == step.template else "to"]


def _sender_lists(file: PlaybookFile) -> list[tuple[tuple[str, ...], YamlPath]]:
    mails = [(step, path) for step, path in messages_of(file) if isinstance(step, EmailStep)]
    lists: list[tuple[tuple[str, ...], YamlPath]] = []
    if any(step.from_ is None for step, _ in mails):
        lists.append((file.playbook.from_, ["from"]))
    return lists + [(step.from_, [*path, "from"]) for step, path in mails if step.from_ is not None]


def _unknown_topic(file: PlaybookFile, path: YamlPath, topic: str, known: Iterable[str]) -> Problem:
    hint = way_out(topic, known, "declare it in _shared/topics.yaml")
    return file.document.problem(path, "unknown-topic", f"nobody declared the topic {topic}", hint=hint)


MESSAGE_RULES = (
    templates_exist,
    templates_fit_the_channel,
    templates_speak_every_language,
    messages_have_topics,
    topics_are_declared,
    messages_have_recipients,
    mails_have_senders,
    senders_have_fallback,
)
