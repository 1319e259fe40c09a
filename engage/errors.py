"""What can go wrong, as words for people; HTTP codes are assigned in web/errors.py only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class EngageError(Exception):
    """Something was refused: `message` says what, `where` the place, `hint` the way out."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, where: str | None = None, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        way_out = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{way_out}"


class InputError(EngageError):
    """What was given cannot be used as it is."""

    code = "bad_input"


class NotFoundError(EngageError):
    """There is nothing by that name."""

    code = "not_found"


class ConflictError(EngageError):
    """Somebody or something got there first."""

    code = "conflict"


class PermissionDeniedError(EngageError):
    """The person or key may not do that."""

    code = "denied"


class StoreUnavailableError(EngageError):
    """The database cannot be reached at the moment; trying again later is right."""

    code = "store_unavailable"


class ProviderError(EngageError):
    """A provider's API could not be asked, or did not do it."""

    code = "provider_failed"


@dataclass(frozen=True)
class Problem:
    """One complaint about a file, with its place (1-based), a rule code and a way out."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str | None = None
    severity: str = "error"

    def __str__(self) -> str:
        way_out = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.code}: {self.message}{way_out}"


class PlaybookError(EngageError):
    """A playbook, template or vocabulary file cannot be used; `problems` lists every place."""

    code = "bad_playbook"

    def __init__(self, problems: Sequence[Problem]):
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
