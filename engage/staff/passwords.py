"""Passwords of our own people: argon2, and the same effort for an unknown name as for a wrong password."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from engage.errors import InputError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 10
LONGEST = 200


def hash_password(password: str) -> str:
    """The text to keep instead of a password; refuses one that is too short to be worth keeping."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(
            f"a password has {SHORTEST} to {LONGEST} characters", code="bad_password", hint="a short sentence is good"
        )
    return _hasher().hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether the password is the kept one; takes as long when nothing is kept."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(kept or _nobodys(), password[: LONGEST + 1]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether a kept hash was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(kept)


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # few who deal with our people ask for a password

    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")
