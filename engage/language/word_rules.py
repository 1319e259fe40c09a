"""Rules over words: a condition compares a fact with a word that the fact may really be."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engage.errors import Problem
from engage.language.expressions import ExpressionError
from engage.language.guessing import way_out
from engage.language.places import Path, steps_with_paths
from engage.language.reach_rules import KNOWN_VALUES, compared
from engage.language.spec import SetStep
from engage.language.template_facts import TemplateSourceError, words_compared
from engage.language.templates import place_of
from engage.language.tree import parts_of
from engage.language.workspace import PlaybookFile, Workspace


def set_words_are_known(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A `set` step notes a word that the fact may not be.

    Code: impossible-value
    Why: no condition would ever find the customers again by it.
    Way out: take one of the words that `_shared/` declares.
    Wrong:
        steps: [{set: {account.industry: retial}}]
        # file: playbooks/_shared/facts.yaml
        account.industry: text
        # file: playbooks/_shared/use_cases.yaml
        industries: {retail: {ja: 小売, en: Retail}}
    Right:
        steps: [{set: {account.industry: retail}}]
        # file: playbooks/_shared/facts.yaml
        account.industry: text
        # file: playbooks/_shared/use_cases.yaml
        industries: {retail: {ja: 小売, en: Retail}}
    """
    known = workspace.vocabulary.words_of_facts()
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        for fact, value in step.set.items() if isinstance(step, SetStep) else ():
            words = known.get(fact)
            if words and isinstance(value, str) and value not in words:
                place: Path = [*path, "set", fact]
                message = f'{fact} is never "{value}"'
                yield file.document.problem(place, "impossible-value", message, hint=_meant(value, words))


def gates_ask_known_words(workspace: Workspace) -> Iterator[Problem]:
    """A gate compares a fact with a word that it never is.

    Code: impossible-value
    Why: the gate never closes, and mail goes out on the day on which everybody trusts that it is stopped.
    Way out: correct the word, or declare it in `_shared/`.
    Wrong:
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: contract.state == "actve"}
    Right:
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: contract.state == "active"}
    """
    try:
        gates = workspace.vocabulary.read_gates
    except ExpressionError:
        return  # another rule says what cannot be read
    known = {**KNOWN_VALUES, **workspace.vocabulary.words_of_facts()}
    for gate in gates:
        parts = parts_of(gate.condition.tree) if gate.condition is not None else ()
        for fact, literal in (pair for part in parts for pair in compared(part)):
            words = known.get(fact.path)
            if words and literal.value not in words:
                message, hint = f'{fact.path} is never "{literal.value}"', _meant(str(literal.value), words)
                document = workspace.documents["gates"]
                place: Path = [gate.name, "if"]
                yield document.problem(place, "impossible-value", message, hint=hint, offset=literal.start)


def templates_ask_known_words(workspace: Workspace) -> Iterator[Problem]:
    """A template compares a fact with a word that it never is.

    Code: impossible-value
    Why: the words meant for these customers would be left out of the mail, or stand in everybody's.
    Way out: correct the word, or declare it in `_shared/`.
    Wrong:
        # file: playbooks/_shared/phases.yaml
        renewal: {title: {ja: 更新, en: Renewal}}
        # file: email_templates/welcome/hello/meta.yaml
        uses: {account.phase: text}
        # file: email_templates/welcome/hello/en/subject.txt
        {% if account.phase == "renewl" %}Your next term{% else %}Welcome{% endif %}
    Right:
        # file: playbooks/_shared/phases.yaml
        renewal: {title: {ja: 更新, en: Renewal}}
        # file: email_templates/welcome/hello/meta.yaml
        uses: {account.phase: text}
        # file: email_templates/welcome/hello/en/subject.txt
        {% if account.phase == "renewal" %}Your next term{% else %}Welcome{% endif %}
    """
    answers = {f"answers.{key}": tuple(question.choices) for key, question in workspace.vocabulary.questions.items()}
    known = {**KNOWN_VALUES, **answers, **workspace.vocabulary.words_of_facts()}
    for file in workspace.sources():
        try:
            compared_words = words_compared(file.text)
        except TemplateSourceError:
            continue  # another rule says so
        for one in compared_words:
            words = known.get(one.path)
            if words and one.word not in words:
                message, hint = f'{one.path} is never "{one.word}"', _meant(one.word, words)
                yield Problem(file.file, *place_of(file.text, one.offset), "impossible-value", message, hint)


def use_cases_are_made_of_known_words(workspace: Workspace) -> Iterator[Problem]:
    """A use case names an industry, a department, a problem or a feature that the same file does not declare.

    Code: impossible-value
    Why: it would fit nobody, and its mail would have a gap.
    Way out: correct the word, or declare it in the file.
    Wrong:
        # file: playbooks/_shared/use_cases.yaml
        industries: {retail: {ja: 小売, en: Retail}}
        cases: {stock: {title: {ja: 在庫, en: Stock}, industries: [retial]}}
    Right:
        # file: playbooks/_shared/use_cases.yaml
        industries: {retail: {ja: 小売, en: Retail}}
        cases: {stock: {title: {ja: 在庫, en: Stock}, industries: [retail]}}
    """
    use_cases = workspace.vocabulary.use_cases
    for case, words, number, word in use_cases.named():
        known = getattr(use_cases, words)
        if word not in known:
            place: Path = ["cases", case, "feature"] if words == "features" else ["cases", case, words, number]
            message = f"{word} is none of the {words} of this file"
            yield workspace.documents["use_cases"].problem(place, "impossible-value", message, hint=_meant(word, known))


def _meant(word: str, known: Collection[str]) -> str:
    return way_out(word, known, "" if known else "declare it here")


WORD_RULES = (gates_ask_known_words, templates_ask_known_words, use_cases_are_made_of_known_words)
