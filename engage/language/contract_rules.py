"""Rules over what a template says it takes: every field declared and used, of one type in all languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engage.errors import Problem
from engage.language.catalogue import Catalogue, Kind
from engage.language.contracts import ALWAYS_THERE, GIVEN, fits, in_language
from engage.language.guessing import way_out
from engage.language.template_facts import ANSWER_URL, CONTEXT, TemplateSourceError, facts_named, root_of
from engage.language.template_kinds import WantedKind, kinds_wanted
from engage.language.templates import SourceFile, Template, place_of, sources_read
from engage.language.workspace import Workspace

_INDEX = re.compile(r"\[\d+\]")


def needs_are_known(workspace: Workspace) -> Iterator[Problem]:
    """A template needs or uses a fact that nobody knows.

    Code: unknown-fact
    Why: a message is held until every fact that it `needs` is there; this one never would be.
    Way out: correct the name, or declare the fact in `_shared/facts.yaml`.
    Wrong:
        # file: email_templates/welcome/hello/meta.yaml
        needs: [account.nme]
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        needs: [account.name]
    """
    for template in workspace.templates.values():
        for section in ("needs", "uses", "sample"):
            for path in getattr(template.meta, section):
                bare = _INDEX.sub("", path)
                if workspace.catalogue.kind(bare) is None and bare not in CONTEXT:
                    hint = fact_meant(bare, workspace.catalogue)
                    yield _at(template, section, path, "unknown-fact", f"nobody knows the fact {path}", hint)


def fields_are_declared(workspace: Workspace) -> Iterator[Problem]:
    """A template shows or asks a fact that its `meta.yaml` does not name.

    Code: undeclared-field
    Why: who reads the contract does not see what the mail takes, and its sample may lack it.
    Way out: put it under `needs` where the mail makes no sense without it, else under `uses`.
    Wrong:
        # file: email_templates/welcome/hello/en/subject.txt
        {{ account.name }}{% if account.plan %}, {{ account.plan }}{% endif %}
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        uses: {account.plan: text}
        # file: email_templates/welcome/hello/en/subject.txt
        {{ account.name }}{% if account.plan %}, {{ account.plan }}{% endif %}
    """
    for template in workspace.templates.values():
        declared = {_INDEX.sub("", path) for path in template.meta.declared}
        told: set[str] = set()
        for file, path, offset in _named(template):
            if path not in told and not _is_covered(path, declared) and workspace.catalogue.kind(path) is not None:
                told.add(path)
                kind = workspace.catalogue.kind(path)
                message = f"{template.name} does not declare {path}"
                hint = f"add to its meta.yaml: uses: {{{path}: {kind}}}, or needs, if the mail is to wait for it"
                place = place_of(file.text, offset)
                yield Problem(file.file, *place, "undeclared-field", message, hint, "warning")


def declared_fields_are_used(workspace: Workspace) -> Iterator[Problem]:
    """A template declares a fact that none of its texts uses.

    Code: unused-field
    Why: the contract promises what the mail does not say; often a sentence was lost, or a name misspelt.
    Way out: take it out of `uses`, or show it. What the mail shall only wait for stands under `needs`.
    Wrong:
        # file: email_templates/welcome/hello/meta.yaml
        uses: {account.plan: text}
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        needs: {account.plan: text}
    """
    for template in workspace.templates.values():
        used = set(_paths_read(template, workspace))
        for section, fields in (("uses", template.meta.uses), ("sample", template.meta.sample)):
            for path in fields:
                bare = _INDEX.sub("", path)
                is_needed = section == "sample" and path in template.meta.needs
                if not is_needed and not any(one == bare or one.startswith(f"{bare}.") for one in used):
                    message = f"no text of {template.name} uses {path}"
                    yield _at(template, section, path, "unused-field", message, "take it out", "warning")


def fields_have_their_types(workspace: Workspace) -> Iterator[Problem]:
    """A field is declared or used as of another type than it is, or in one language otherwise than in the other.

    Code: field-type
    Why: a number cannot be written as a date; the mail of every customer would be held.
    Way out: declare the type that the fact has; use a filter that takes it, the same in each language.
    Wrong:
        # file: email_templates/welcome/hello/meta.yaml
        uses: {account.visit_on: number}
        # file: email_templates/welcome/hello/en/subject.txt
        {{ account.name }}{% if account.visit_on %}, {{ account.visit_on }}{% endif %}
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        uses: {account.visit_on: date}
        # file: email_templates/welcome/hello/en/subject.txt
        {{ account.name }}{% if account.visit_on %}, {{ account.visit_on }}{% endif %}
    """
    for template in workspace.templates.values():
        yield from _wrongly_declared(template, workspace.catalogue)
        yield from _wrongly_sampled(template, workspace.catalogue)
        yield from _wrongly_used(template, workspace.catalogue)
    yield from _wrong_examples(workspace)
    for file in workspace.layout.values():
        for wanted in _wanted_in(file):
            yield from _against(file, wanted, workspace.catalogue.kind(wanted.path))


def fact_meant(path: str, catalogue: Catalogue) -> str:
    """The hint beside a fact that nobody knows."""
    return way_out(path, [*catalogue.kinds, *CONTEXT], "declare it in _shared/facts.yaml")


def _wrongly_declared(template: Template, catalogue: Catalogue) -> Iterator[Problem]:
    for section in ("needs", "uses"):
        for path, said in getattr(template.meta, section).items():
            known = None if "[" in path else catalogue.kind(path)
            if said not in (None, "any", known) and known not in (None, "any"):
                message = f"{path} is no {said} but {known}"
                yield _at(template, section, path, "field-type", message, f"write {path}: {known}")


def _wrong_examples(workspace: Workspace) -> Iterator[Problem]:
    document = workspace.documents.get("facts")
    for path, fact in workspace.vocabulary.facts.items() if document else ():
        examples = [] if fact.example is None else [in_language(fact.example, locale) for locale in ("ja", "en")]
        if document and not all(fits(example, fact.type) for example in examples):
            message = f"{path} is of type {fact.type}, its example is not"
            yield document.problem([path, "example"], "field-type", message)


def _wrongly_sampled(template: Template, catalogue: Catalogue) -> Iterator[Problem]:
    for path, value in template.meta.sample.items():
        kind = _kind_of(template, path, catalogue)
        for locale in ("ja", "en"):
            if not fits(in_language(value, locale), kind):
                yield _at(template, "sample", path, "field-type", f"{path} is of type {kind}, this is not", None)
                break


def _wrongly_used(template: Template, catalogue: Catalogue) -> Iterator[Problem]:
    """What a text does with a field of another type; where nobody says the type, the first use says it."""
    first: dict[str, WantedKind] = {}
    for locale in sorted(template.locales):
        for file in template.locales[locale].values():
            for wanted in _wanted_in(file):
                kind = _kind_of(template, wanted.path, catalogue)
                if kind not in (None, "any"):
                    yield from _against(file, wanted, kind)
                    continue
                before = first.setdefault(wanted.path, wanted)
                if not before.kinds & wanted.kinds:
                    message = f"{wanted.asked_by} takes {wanted.path} otherwise than {before.asked_by} does"
                    place = place_of(file.text, wanted.offset)
                    hint = "use it alike in each language, and declare its type in meta.yaml"
                    yield Problem(file.file, *place, "field-type", message, hint)


def _against(file: SourceFile, wanted: WantedKind, kind: Kind | None) -> Iterator[Problem]:
    if kind not in (None, "any") and kind not in wanted.kinds:
        message = f"{wanted.path} is of type {kind}; {wanted.asked_by} takes {' or '.join(sorted(wanted.kinds))}"
        yield Problem(file.file, *place_of(file.text, wanted.offset), "field-type", message)


def _kind_of(template: Template, path: str, catalogue: Catalogue) -> Kind | None:
    known = catalogue.kind(path)
    return known if known not in (None, "any") else template.meta.declared.get(path) or known


def _is_covered(path: str, declared: set[str]) -> bool:
    """Whether the contract names the fact, the object around it or a part of it, or nobody has to name it."""
    if path in ALWAYS_THERE or root_of(path) in GIVEN | {ANSWER_URL}:
        return True
    return any(path == one or one.startswith(f"{path}.") or path.startswith(f"{one}.") for one in declared)


def _named(template: Template) -> Iterator[tuple[SourceFile, str, int]]:
    """Every fact that the template's own texts name, and where."""
    for files in template.locales.values():
        for file in files.values():
            try:
                yield from ((file, fact.path, fact.offset) for fact in facts_named(file.text))
            except TemplateSourceError:
                continue  # another rule says so


def _paths_read(template: Template, workspace: Workspace) -> Iterator[str]:
    """Every fact that the template reads, its shared pieces included."""
    for locale, files in template.locales.items():
        for file in files.values():
            for source in sources_read(file, locale, workspace.layout):
                try:
                    yield from (fact.path for fact in facts_named(source.text))
                except TemplateSourceError:
                    continue


def _wanted_in(file: SourceFile) -> list[WantedKind]:
    try:
        return kinds_wanted(file.text)
    except TemplateSourceError:
        return []


def _at(
    template: Template, section: str, path: str, code: str, message: str, hint: str | None, severity: str = "error"
) -> Problem:
    """A complaint about one field of the contract, written as a mapping or as a list."""
    document, data = template.document, template.document.data
    said = data.get(section) if isinstance(data, dict) else None
    step = said.index(path) if isinstance(said, list) and path in said else path
    is_key = isinstance(step, str)
    return document.problem([section, step], code, message, hint=hint, key=is_key, severity=severity)


CONTRACT_RULES = (needs_are_known, fields_are_declared, declared_fields_are_used, fields_have_their_types)
