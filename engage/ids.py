"""Opaque ids for the outside, the stable hash that sticky choices rest on, and the keyed one of erased people."""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

SEALED = "erased:"
"""How a keyed hash begins where an address would stand."""
_OF_A_BYTE = b"0123456789abcdefghjkmnpqrstvwxyz" * 8  # 32 letters: five bits of each byte count


_bytes: ContextVar[Callable[[int], bytes]] = ContextVar("bytes of new ids", default=os.urandom)


def new_id(prefix: str) -> str:
    """A fresh opaque id such as `msg_6f1k…`: 100 random bits, safe in URLs, headers and file names."""
    return f"{prefix}_{in_letters(_bytes.get()(20))}"


def in_letters(data: bytes) -> str:
    """One letter for each byte, five of its bits: lower case and digits that nobody takes for one another."""
    return data.translate(_OF_A_BYTE).decode()


def ids_in(text: str, prefix: str) -> list[str]:
    """Every id with that prefix that stands in a text, each once, in their order."""
    return list(dict.fromkeys(re.findall(rf"(?<![a-z0-9]){prefix}_[0-9a-hjkmnp-tv-z]{{20}}(?![a-z0-9])", text)))


def stable_id(prefix: str, *parts: object) -> str:
    """An opaque id that is the same for the same parts for ever."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return f"{prefix}_{digest[:20].translate(_OF_A_BYTE).decode()}"


@contextmanager
def repeatable(seed: str) -> Iterator[None]:
    """Makes new ids the same each time, for a play that reaches nobody."""
    token = _bytes.set(random.Random(seed).randbytes)  # noqa: S311  # nothing outside ever sees them
    try:
        yield
    finally:
        _bytes.reset(token)


def stable_fraction(*parts: object) -> float:
    """A number in [0, 1) that is the same for the same parts for ever, on every machine."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)


class Seal:
    """Knows somebody again of whom nothing is kept but a keyed hash: without the secret key it tells nothing."""

    def __init__(self, secret: str, former_secrets: Sequence[str] = ()) -> None:
        secrets = (secret, *former_secrets)
        self._keys = tuple(hmac.digest(one.encode(), b"engage erased person", "sha256") for one in secrets)

    def of_address(self, address_key: str) -> str:
        """What stands for an address, in the form that suppressions compare."""
        return self.of_addresses(address_key)[0]

    def of_addresses(self, address_key: str) -> list[str]:
        """The same, with what former secrets made of it."""
        return [_sealed(key, "address", address_key) for key in self._keys]

    def of_user(self, external_id: str) -> str:
        """What stands for the id that a customer's systems gave to a person."""
        return self.of_users(external_id)[0]

    def of_users(self, external_id: str) -> list[str]:
        """The same, with what former secrets made of it."""
        return [_sealed(key, "user", external_id) for key in self._keys]


def _sealed(key: bytes, kind: str, said: str) -> str:
    return SEALED + hmac.digest(key, f"{kind} {said}".encode(), "sha256")[:20].hex()
