"""A template filled in by its contract alone and read as its customers would: whole, light enough, legible."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engage.errors import EngageError, PlaybookError, Problem
from engage.language.compiling import CompiledTemplate
from engage.language.contracts import GIVEN, NEVER_MISSING
from engage.language.template_facts import ANSWER_URL, CONTEXT
from engage.language.templates import Layout, SourceFile, Template, place_of, sources_read
from engage.language.vocabulary import Vocabulary
from engage.messages.contexts import find
from engage.messages.contrast import dark_styles, faint_texts
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail, compiled, fill_email, fill_in_app
from engage.messages.samples import MESSAGE_ID, contract_facts
from engage.messages.wide import width

HEAVIEST = 102 * 1024  # bytes of HTML: Gmail cuts off what is longer, and with it the unsubscribe line
LONGEST_SUBJECT = 30  # full-width characters that a phone shows
_LINKS = Links("only to read it once", "https://links.invalid")
_HOLE = re.compile(r"\{\{|\}\}|\{%|%\}")
_PREHEADER = re.compile(r"<(?:div|span)[^>]*display:\s*none[^>]*>\s*[^<\s]", re.IGNORECASE)
_COLOURED = re.compile(r"\b(?:background(?:-color)?|color)\s*:|\bbgcolor=", re.IGNORECASE)
_UNASKED = GIVEN | CONTEXT | {ANSWER_URL}


def proofread(template: Template, made: CompiledTemplate, vocabulary: Vocabulary, layout: Layout) -> Iterator[Problem]:
    """What is wrong with one template in one locale once it is filled in."""
    facts = contract_facts(made, vocabulary)
    mail, reason = _filled(made, facts)
    if reason:
        lacking = [".".join(path) for path in sorted(compiled(made).paths) if find(facts, path) is None]
        nowhere = f"; nobody says {', '.join(lacking)}" if lacking else ""
        message = f"it cannot be made from its contract: {reason}{nowhere}"
        yield _problem(template, made, "body", "template-fails", message, "declare the field, or give it a sample")
        return
    yield from _fails_without(template, made, facts)
    if mail is not None:
        yield from _heavy(template, made, mail)
        yield from _subject(template, made, mail)
        yield from _frame(template, made, mail)
        yield from _faint(template, made, mail, layout)
        if hole := _HOLE.search(f"{mail.subject}\n{mail.text}"):
            yield _problem(template, made, "body", "template-hole", f"its readers would read {hole[0]!r}", None)


def _filled(made: CompiledTemplate, facts: Mapping[str, Any]) -> tuple[RenderedEmail | None, str | None]:
    """The mail, or why there is none; an in-app message is only tried."""
    purpose = str(made.meta.get("purpose"))
    try:
        if made.kind == "in_app":
            fill_in_app(made, facts)
            return None, None
        return fill_email(made, facts, links=_LINKS, message_id=MESSAGE_ID, purpose=purpose), None
    except PlaybookError:
        return None, None  # what it may not contain is complained of with its place
    except EngageError as error:
        return None, error.message


def _fails_without(template: Template, made: CompiledTemplate, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Fields that may be missing by the contract, and without which it cannot be made all the same."""
    needed = {need.partition("[")[0] for need in template.meta.needs}
    for path in sorted(compiled(made).paths):
        name = ".".join(path)
        is_given = path[0] in _UNASKED or name in NEVER_MISSING or any(_is_in(name, need) for need in needed)
        if is_given or _filled(made, _without(facts, path))[1] is None:
            continue
        message = f"it cannot be made where {name} is missing, and does not need it"
        hint = f"put {name} under needs, or say something else where it is missing"
        if name in template.meta.uses:
            yield template.document.problem(["uses", name], "template-fails-without", message, hint=hint, key=True)
        else:
            yield template.document.problem(["needs"], "template-fails-without", message, hint=hint, severity="warning")


def _heavy(template: Template, made: CompiledTemplate, mail: RenderedEmail) -> Iterator[Problem]:
    size = len(mail.html.encode())
    if size > HEAVIEST:
        message = f"the mail has {size // 1024} KB; Gmail cuts off what is over {HEAVIEST // 1024}"
        yield _problem(template, made, "body", "template-too-heavy", message, "say less, or link to a page")


def _subject(template: Template, made: CompiledTemplate, mail: RenderedEmail) -> Iterator[Problem]:
    if width(mail.subject) > LONGEST_SUBJECT:
        message = f"the subject is {width(mail.subject):g} full-width characters wide: {mail.subject}"
        hint = f"a phone shows about {LONGEST_SUBJECT}"
        yield _problem(template, made, "subject", "template-long-subject", message, hint, "warning")


def _frame(template: Template, made: CompiledTemplate, mail: RenderedEmail) -> Iterator[Problem]:
    """What belongs around every mail."""
    if not _PREHEADER.search(mail.html):
        message, hint = "nothing is said for the line beside the subject", "write <mj-preview>…</mj-preview>"
        yield _problem(template, made, "body", "template-no-preheader", message, hint, "warning")
    if _COLOURED.search(mail.html) and ("color-scheme" not in mail.html or not dark_styles(mail.html)):
        message, hint = "nothing is said for readers in the dark", 'include "_layout/head.mjml"'
        yield _problem(template, made, "body", "template-no-dark-mode", message, hint, "warning")


def _faint(template: Template, made: CompiledTemplate, mail: RenderedEmail, layout: Layout) -> Iterator[Problem]:
    for faint in faint_texts(mail.html):
        said = f"{faint.colour} on {faint.ground} has a contrast of {faint.ratio} in {faint.scheme}"
        file, place = _where(template, made, faint.colour, layout)
        hint = "4.5 is enough, 3 for large letters"
        yield Problem(file, *place, "template-low-contrast", f"{said}: “{faint.text}”", hint, "warning")


def _where(template: Template, made: CompiledTemplate, colour: str, layout: Layout) -> tuple[str, tuple[int, int]]:
    """Where the colour is written: in the body or in a piece of it; else where the body begins."""
    body = _file(template, made, "body")
    for file in sources_read(body, made.locale, layout) if body else ():
        if (offset := file.text.lower().find(colour)) >= 0:
            return file.file, place_of(file.text, offset)
    return body.file if body else template.document.file, (1, 1)


def _problem(
    template: Template,
    made: CompiledTemplate,
    part: str,
    code: str,
    message: str,
    hint: str | None,
    severity: str = "error",
) -> Problem:
    file = _file(template, made, part)
    return Problem(file.file if file else template.document.file, 1, 1, code, message, hint, severity)


def _file(template: Template, made: CompiledTemplate, part: str) -> SourceFile | None:
    """The file of a part: body.mjml, body.html or body.txt, subject.txt."""
    files = template.locales[made.locale]
    return next((file for name, file in sorted(files.items(), reverse=True) if name.startswith(f"{part}.")), None)


def _is_in(name: str, need: str) -> bool:
    return name == need or need.startswith(f"{name}.") or name.startswith(f"{need}.")


def _without(facts: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The facts but the one at the path."""
    rest, (name, *below) = dict(facts), path
    if below and isinstance(rest.get(name), Mapping):
        rest[name] = _without(rest[name], tuple(below))
    else:
        rest.pop(name, None)
    return rest
