"""Which readers get no mail, by their address, or since they were erased; asked once for many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.db.sets import among
from engage.ids import Seal
from engage.messages.tables import Suppression

Reader = tuple[str | None, str | None]  # the key of their address, and the id that the customer's systems gave them

_suppressed = Suppression.__table__.c
_SUPPRESSIONS = select(_suppressed.address_key, _suppressed.topic, _suppressed.reason).where(
    among(_suppressed.address_key, "addresses")
)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What was found: topic and reason, by the key of an address or by the keyed hash of somebody erased."""

    found: Mapping[str, Mapping[str, str]]
    seal: Seal

    def of(self, address_key: str | None, user_id: str | None) -> Mapping[str, str]:
        """What speaks against mail to this reader, by topic."""
        if not self.found:
            return {}
        keys = keys_of((address_key, user_id), self.seal)
        return {topic: reason for key in keys for topic, reason in self.found.get(key, {}).items()}


def load_suppressed(session: Session, seal: Seal, readers: Collection[Reader]) -> Suppressed:
    """What is known of all these readers; one statement."""
    keys = {key for reader in readers for key in keys_of(reader, seal)}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    if keys:
        for key, topic, reason in session.execute(_SUPPRESSIONS, {"addresses": list(keys)}):
            found[key][topic] = reason
    return Suppressed(found, seal)


def keys_of(reader: Reader, seal: Seal) -> list[str]:
    """Under what a reader may stand among the suppressions; somebody erased only under keyed hashes."""
    address_key, user_id = reader
    of_address = [address_key, *seal.of_addresses(address_key)] if address_key else []
    return of_address + (seal.of_users(user_id) if user_id else [])
