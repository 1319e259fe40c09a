"""Write keys: one a source, shown once, kept as SHA-256 only. And the key ids of in-app tokens.

A server key may say everything. A browser key stands in web pages for all to read, so it may say what anybody may.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from engage.errors import ConflictError, InputError, NotFoundError
from engage.ids import new_id
from engage.staff.in_app_keys import derive
from engage.staff.tables import InAppKey, WriteKey

PREFIX = "ewk_"
SERVER, BROWSER = "server", "browser"
_SHOWN = len(PREFIX) + 6


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from, and what its key may say: a `server`'s everything, a `browser`'s little."""

    id: int
    kind: str


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A write key as it is listed: never the key itself."""

    name: str
    kind: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedInAppKey:
    """A key that signs in-app tokens as it is listed: its id, never its secret."""

    name: str
    kid: str
    created_at: datetime
    revoked_at: datetime | None


def create_write_key(session: Session, name: str, *, kind: str = SERVER, now: datetime) -> str:
    """Makes a write key for a source and returns it: the only time it can be seen."""
    _require_free(session, WriteKey, name)
    key = PREFIX + secrets.token_urlsafe(32)
    made = {"name": name, "kind": kind, "prefix": key[:_SHOWN], "key_hash": _hashed(key)}
    session.execute(insert(WriteKey).values(**made, created_at=now, revoked_at=None))
    return key


def source_of(session: Session, key: str) -> Source | None:
    """The source a write key belongs to, or None when it is unknown or revoked."""
    if not key.isascii():  # no key of ours; and half a character could not even be hashed
        return None
    known = select(WriteKey.id, WriteKey.kind).where(WriteKey.key_hash == _hashed(key), WriteKey.revoked_at.is_(None))
    row = session.execute(known).one_or_none()
    return Source(*row) if row is not None else None


def list_write_keys(session: Session) -> list[ListedKey]:
    """Every write key, the oldest first."""
    listed = [getattr(WriteKey, name) for name in ListedKey.__slots__]
    return [ListedKey(*row) for row in session.execute(select(*listed).order_by(WriteKey.id))]


def revoke_write_key(session: Session, name: str, *, now: datetime) -> None:
    """Makes a write key useless from now on; its name is free again."""
    _revoke(session, WriteKey, name, now=now)


def create_in_app_key(session: Session, name: str, *, secret_key: str, now: datetime) -> tuple[str, str]:
    """Makes a key id for in-app tokens; returns it with the secret that signs them."""
    _require_free(session, InAppKey, name)
    kid = new_id("iak")
    session.execute(insert(InAppKey).values(kid=kid, name=name, created_at=now, revoked_at=None))
    return kid, derive(secret_key, kid)


def list_in_app_keys(session: Session) -> list[ListedInAppKey]:
    """Every key that signs in-app tokens, the oldest first."""
    listed = [getattr(InAppKey, name) for name in ListedInAppKey.__slots__]
    return [ListedInAppKey(*row) for row in session.execute(select(*listed).order_by(InAppKey.id))]


def revoke_in_app_key(session: Session, name: str, *, now: datetime) -> None:
    """Makes every token signed with the key useless from now on; its name is free again."""
    _revoke(session, InAppKey, name, now=now)


def _revoke(session: Session, table: type[WriteKey] | type[InAppKey], name: str, *, now: datetime) -> None:
    live = (table.name == name, table.revoked_at.is_(None))
    revoked: Any = session.execute(update(table).where(*live).values(revoked_at=now))
    if not revoked.rowcount:
        raise NotFoundError(f"there is no live key named {name!r}", code="no_such_key", hint="engage keys list")


def _require_free(session: Session, table: type[WriteKey] | type[InAppKey], name: str) -> None:
    if not name.strip() or not name.isprintable():
        raise InputError("a key needs a name of one line", code="bad_name")
    if session.scalar(select(table.id).where(table.name == name, table.revoked_at.is_(None))) is not None:
        raise ConflictError(f"there is a key named {name!r} already", code="name_taken")


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
