"""What filling in one template may cost: rounds of loops and long texts are paid for, and the text has an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from jinja2 import Template

MOST_WORK = 200_000
LONGEST_TEXT = 1_000_000
LETTERS = 200  # of a text, for one unit of work
_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


class BoundedTemplate(Template):
    """A template that stops where its text or its work becomes more than any message needs."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """The text; ValueError where it would be too long or take too long."""
        written: list[str] = []
        length = 0
        with _purse():
            for piece in self.generate(*args, **kwargs):
                length += len(piece)
                if length > LONGEST_TEXT:
                    raise ValueError(f"the text has more than {LONGEST_TEXT:,} characters")
                written.append(piece)
        return "".join(written)


def spend(work: int) -> None:
    """Pays for some work; ValueError when there is nothing left."""
    left = _left.get()
    if left is None:
        return
    left[0] -= work
    if left[0] < 0:
        raise ValueError("filling this in takes too much work")


def paid(made: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, paid for by the length of what it reads."""

    @wraps(made)
    def charged(*args: Any, **kwargs: Any) -> Any:
        spend(1 + sum(len(value) for value in args if isinstance(value, str)) // LETTERS)
        return made(*args, **kwargs)

    return charged


@contextmanager
def _purse() -> Iterator[None]:
    token = _left.set([MOST_WORK])
    try:
        yield
    finally:
        _left.reset(token)
