"""What a colleague filled in, read as the kinds that the form asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from engage.errors import InputError

MOST_TEXT = 10_000
_BOOLS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "0": False}


def read_answers(fields: Sequence[Mapping[str, Any]], said: Mapping[str, str]) -> dict[str, Any]:
    """The answers by field; raises InputError for one that is needed, unknown, or of another kind."""
    known = {field["name"]: field for field in fields}
    for name in said:
        if name not in known:
            raise InputError(f"The form does not ask {name}.", where=name, hint=f"it asks: {', '.join(known) or '-'}")
    answers: dict[str, Any] = {}
    for name, field in known.items():
        text = said.get(name, "").strip()
        if text:
            answers[name] = _read(name, field["type"], text)
        elif field["type"] == "bool":
            answers[name] = False
        elif field["needed"]:
            raise InputError(f"The form needs {name}.", where=name, code="form_needs", hint=field["label"]["en"])
    return answers


def _read(name: str, kind: str, text: str) -> Any:
    try:
        return _READ[kind](text)
    except (ValueError, KeyError):
        raise InputError(f"{text!r} is no {kind}.", where=name, code="form_kind") from None


def _text(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise ValueError
    return text


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


_READ: dict[str, Callable[[str], Any]] = {
    "text": _text,
    "number": _number,
    "bool": lambda text: _BOOLS[text.casefold()],
    "date": lambda text: date.fromisoformat(text).isoformat(),
}
