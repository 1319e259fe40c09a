"""From YAML text to frozen models, or to complaints with file, line, column, a rule code and the nearest right word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engage.errors import PlaybookError, Problem
from engage.language.addressees import KINDS as ADDRESSEES
from engage.language.catalogue import Catalogue
from engage.language.guessing import way_out
from engage.language.spec import Playbook
from engage.language.steps import STEPS
from engage.language.triggers import TRIGGERS
from engage.language.yaml_reading import Document, read_yaml

Model = TypeVar("Model", bound=BaseModel)

_KINDS: dict[str, dict[str, Any]] = {"step": dict(STEPS), "trigger": dict(TRIGGERS), "to": ADDRESSEES}
_NEEDED = {
    "string_type": "a text is needed here",
    "tuple_type": "a list is needed here",
    "list_type": "a list is needed here",
    "model_type": "a mapping (key: value) is needed here",
    "dict_type": "a mapping (key: value) is needed here",
    "too_short": "this is empty",
    "string_too_short": "this is empty",
    "string_too_long": "this is too long",
    "string_pattern_mismatch": "lower-case words joined by - or _ are needed here (a template also has a /)",
    "bool_type": "true or false is needed here",
    "bool_parsing": "true or false is needed here",
    "int_type": "a whole number is needed here",
    "int_parsing": "a whole number is needed here",
}


def parse_playbook(text: str, filename: str, catalogue: Catalogue, *, again: bool = False) -> Playbook:
    """Reads one playbook, or one that was read before `again`; raises PlaybookError with every complaint."""
    return playbook_of(read_yaml(text, filename, again=again), catalogue)


def playbook_of(document: Document, catalogue: Catalogue) -> Playbook:
    """The playbook in a document that was read already."""
    return validated(document, Playbook, catalogue)


def validated(document: Document, model: type[Model], catalogue: Catalogue | None = None) -> Model:
    """The document as the model; raises PlaybookError with places."""
    try:
        return model.model_validate(document.data, context={"catalogue": catalogue})
    except ValidationError as error:
        errors = [details for details in error.errors(include_url=False) if not _echo(details)]
        problems = [_problem(document, model, details) for details in errors]
        unique = dict.fromkeys(sorted(problems, key=lambda problem: (problem.line, problem.column, problem.code)))
        raise PlaybookError(list(unique)) from None


def _echo(error: ErrorDetails) -> bool:
    """A list is called empty when all its items failed: those complaints say it better."""
    return error["type"] == "too_short" and bool(error["input"])


def _problem(document: Document, model: type[BaseModel], error: ErrorDetails) -> Problem:
    location = [part for part in error["loc"] if not _is_tag(part)]
    context = error.get("ctx") or {}
    match error["type"]:
        case "extra_forbidden":
            word = str(location[-1])
            known = _words_of(_model_at(model, error["loc"][:-1]))
            return document.problem(location, "unknown-key", f"unknown key '{word}'", hint=_hint(word, known), key=True)
        case "missing":
            return document.problem(location[:-1], "missing-key", f"the key '{location[-1]}' is missing")
        case "no-kind":
            return _unknown_kind(document, location, error["input"])
        case "literal_error":
            said = str(error["input"])
            known = _said_words(str(context.get("expected", "")))
            return document.problem(location, "wrong-value", f"'{said}' is not known here", hint=_hint(said, known))
        case "greater_than_equal" | "less_than_equal":
            bound = f"{context['ge']} or more" if "ge" in context else f"{context['le']} or less"
            return document.problem(location, "wrong-value", f"{bound} is needed here")
        case kind if kind in _NEEDED:
            return document.problem(location, "wrong-value", _NEEDED[kind])
        case kind if "-" not in kind:  # a kind of pydantic's own, of which the words below know nothing
            return document.problem(location, "wrong-value", error["msg"])
        case kind:
            hint = context.get("hint") or None
            return document.problem(location, kind, error["msg"], hint=hint, offset=context.get("offset"))


def _unknown_kind(document: Document, location: list[str | int], given: Any) -> Problem:
    what = "trigger" if location[-1:] == ["trigger"] else "step"
    kinds = _KINDS[what]
    if not isinstance(given, dict) or not given:
        return document.problem(location, "wrong-value", f"a {what} is a mapping such as {next(iter(kinds))}: …")
    common = {word for model in kinds.values() for word in _words_of(model)} - set(kinds)
    word = next((key for key in given if key not in common), None)
    if word is None:
        message = f"this {what} does not say what it is"
        return document.problem(location, "missing-key", message, hint=f"one of: {', '.join(kinds)}")
    place = [*location, word]
    return document.problem(place, "unknown-key", f"unknown key '{word}'", hint=_hint(word, kinds), key=True)


def _hint(word: str, known: Iterable[str]) -> str:
    words = list(known)
    return way_out(word, words, f"one of: {', '.join(words)}")


def _said_words(expected: str) -> list[str]:
    return [word.strip("' ") for word in expected.replace(" or ", ", ").split(", ")]


def _is_tag(part: str | int) -> bool:
    return isinstance(part, str) and part.partition(":")[0] in _KINDS and ":" in part


def _words_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel], location: Iterable[str | int]) -> type[BaseModel]:
    """The model that reads the mapping at this place of the input."""
    for part in location:
        if _is_tag(part):
            what, _, kind = str(part).partition(":")
            model = _KINDS[what][kind]
        elif isinstance(part, str):
            model.model_rebuild()  # steps hold steps: what theirs are is known once all kinds are
            field = next((f for name, f in model.model_fields.items() if part in (name, f.alias)), None)
            field = field or model.model_fields.get("root")
            model = _inner_model(field.annotation if field else None) or model
    return model


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner_model(part))), None)
