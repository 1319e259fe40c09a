"""What filling in one template may cost: rounds of loops and long texts are paid for, and the text has an end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, NoReturn

from jinja2 import Template

MOST_WORK = 200_000
LONGEST_TEXT = 1_000_000
LETTERS = 200  # of a text, for one unit of work
_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


class BoundedTemplate(Template):
    """A template that stops where its text or its work becomes more than any message needs."""

    has_loops = True  # without one, it has no more pieces than its source, and they can be counted at the end

    def render(self, *args: Any, **kwargs: Any) -> str:
        """The text; ValueError where it would be too long or take too long."""
        with _purse():
            pieces = self.root_render_func(self.new_context(dict(*args, **kwargs)))
            text = "".join(_counted(pieces) if self.has_loops else pieces)
        return text if len(text) <= LONGEST_TEXT else _too_long()


def _counted(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces of a text, up to the longest that a text may be."""
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > LONGEST_TEXT:
            _too_long()
        yield piece


def _too_long() -> NoReturn:
    raise ValueError(f"the text has more than {LONGEST_TEXT:,} characters")


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
        letters = 0
        for value in args:
            if isinstance(value, str):
                letters += len(value)
        spend(1 + letters // LETTERS)
        return made(*args, **kwargs)

    return charged


@contextmanager
def _purse() -> Iterator[None]:
    token = _left.set([MOST_WORK])
    try:
        yield
    finally:
        _left.reset(token)
