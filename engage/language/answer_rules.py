"""Rules over whatever names a question or an answer: a misspelt one would never come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engage.errors import Problem
from engage.language.guessing import way_out
from engage.language.places import Path as YamlPath
from engage.language.places import expressions_with_paths, steps_with_paths
from engage.language.questions import ANSWERED, Questions
from engage.language.spec import AskStep, EventTrigger, Playbook, WaitStep
from engage.language.template_facts import ANSWER_URL, TemplateSourceError, facts_named, root_of
from engage.language.templates import SourceFile, place_of
from engage.language.tree import Compare, Fact, Items, Literal_, Node, parts_of
from engage.language.workspace import PlaybookFile, Workspace

LEADS_THERE = ("question.choices", ANSWER_URL)
"""What a template that asks names: the choices of any question, or the links of its own."""


def answer_links_lead_to_choices(workspace: Workspace) -> Iterator[Problem]:
    """An answer link of a template leads to no choice.

    Code: unknown-answer
    Why: the customer would press it and find a page that knows nothing of it. Links to answers stand in mails only.
    Way out: write `answer_url.<question>.<choice>` with names from `_shared/questions.yaml`.
    Wrong:
        # file: email_templates/welcome/hello/en/subject.txt
        {{ answer_url.intent.yess }}
    Right:
        # file: email_templates/welcome/hello/en/subject.txt
        {{ answer_url.intent.yes }}
    """
    in_app = {
        file.file
        for template in workspace.templates.values()
        if template.meta.kind == "in_app"
        for files in template.locales.values()
        for file in files.values()
    }
    for file in workspace.sources():
        try:
            links = [fact for fact in facts_named(file.text) if root_of(fact.path) == ANSWER_URL]
        except TemplateSourceError:
            continue  # another rule says so
        for link in links:
            found = _wrong_link(link.path, workspace.vocabulary.questions)
            if file.file in in_app:
                found = "answer links are made for mails only", "link to a page of the product instead"
            if found:
                yield Problem(file.file, *place_of(file.text, link.offset), "unknown-answer", *found)


def answers_are_declared(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A condition waits for an answer that nobody can give.

    Code: unknown-answer
    Why: the question has no such choice, so the condition never holds.
    Way out: take one of the choices in `_shared/questions.yaml`.
    Wrong:
        steps: [{email: welcome/hello, if: answers.intent == "yess"}]
    Right:
        steps: [{email: welcome/hello, if: answers.intent == "yes"}]
    """
    questions = workspace.vocabulary.questions
    for expression, path in expressions_with_paths(file.playbook):
        for part in parts_of(expression.tree):
            if isinstance(part, Compare):
                yield from _compared(file, part, path, questions)


def asked_questions_are_declared(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A step asks a question, or waits for the answer to one, that nobody declared.

    Code: unknown-answer
    Why: there would be nothing to ask, and no answer would ever come.
    Way out: correct the name, or declare the question in `_shared/questions.yaml`.
    Wrong:
        steps: [{ask: intnt}, {wait: {for: answered, of: intent, up_to: 7 days}}]
    Right:
        steps: [{ask: intent}, {wait: {for: answered, of: intent, up_to: 7 days}}]
    """
    questions = workspace.vocabulary.questions
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        key, place = None, path
        if isinstance(step, AskStep):
            key, place = step.question, [*path, "ask"]
        if isinstance(step, WaitStep):
            key, place = step.of, [*path, "wait", "of"]
        if key is not None and key not in questions:
            message = f"nobody declared the question {key}"
            yield file.document.problem(place, "unknown-answer", message, hint=_meant(key, questions))


def asking_mails_lead_to_answers(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """The template of an `ask` has no link to an answer.

    Code: asks-nothing
    Why: the customer would read a question and find no way to answer it.
    Way out: loop over `question.choices`, or link to `answer_url.<question>.<choice>`.
    Wrong:
        steps: [{ask: intent, template: welcome/hello}]
    Right:
        steps: [{ask: intent, template: questions/ask}]
    """
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        template = workspace.templates.get(step.template) if isinstance(step, AskStep) else None
        if template is None:
            continue
        for locale, files in template.locales.items():
            texts = "".join(each.text for each in (*files.values(), *_pieces(workspace, locale, files.values())))
            if not any(name in texts for name in LEADS_THERE):
                message = f"{template.name}/{locale} has no link to an answer"
                hint = "loop over question.choices, or link to answer_url.<question>.<choice>"
                yield file.document.problem([*path, "template"], "asks-nothing", message, hint=hint)


def _pieces(workspace: Workspace, locale: str, files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """The shared pieces that these files name."""
    texts = "".join(file.text for file in files)
    for (language, name), piece in workspace.layout.items():
        if language == locale and name in texts:
            yield piece


def _compared(file: PlaybookFile, part: Compare, path: YamlPath, questions: Questions) -> Iterator[Problem]:
    for fact, other in ((part.left, part.right), (part.right, part.left)):
        known = _known_words(fact, file.playbook, questions)
        for literal in _texts(other) if known is not None else ():
            if known is not None and literal.value not in known:
                message = f'nobody can answer "{literal.value}"' if _is_choice(fact) else f"no question {literal.value}"
                yield file.document.problem(
                    path, "unknown-answer", message, hint=_meant(str(literal.value), known), offset=literal.start
                )


def _known_words(node: Node, playbook: Playbook, questions: Questions) -> list[str] | None:
    """The words that this fact may be; None when it is about no answer."""
    if not isinstance(node, Fact):
        return None
    root, _, name = node.path.partition(".")
    if root == "answers" and name in questions:
        return list(questions[name].choices)
    trigger = playbook.trigger
    if not (isinstance(trigger, EventTrigger) and trigger.event == ANSWERED):
        return None
    if node.path == "event.properties.question":
        return list(questions)
    if node.path == "event.properties.answer":
        return [choice for question in questions.values() for choice in question.choices]
    return None


def _is_choice(node: Node) -> bool:
    return not (isinstance(node, Fact) and node.path == "event.properties.question")


def _texts(node: Node) -> list[Literal_]:
    items = node.items if isinstance(node, Items) else (node,)
    return [item for item in items if isinstance(item, Literal_) and isinstance(item.value, str)]


def _wrong_link(path: str, questions: Questions) -> tuple[str, str] | None:
    _, *words = path.split(".")
    if len(words) != 2:
        return "an answer link names a question and a choice", "write answer_url.<question>.<choice>"
    question, choice = words
    if question not in questions:
        return f"nobody declared the question {question}", _meant(question, questions)
    choices = questions[question].choices
    return None if choice in choices else (f"{question} has no choice {choice}", _meant(choice, choices))


def _meant(word: str, known: Iterable[str]) -> str:
    words = list(known)
    return way_out(word, words, "" if words else "declare it in _shared/questions.yaml")
