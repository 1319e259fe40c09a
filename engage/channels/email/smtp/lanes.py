"""Which connection carries which message, so that no receiving domain gets mail over too many of them at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence


def deal(addresses: Sequence[str], *, lanes: int, per_domain: int) -> list[list[int]]:
    """The places of a batch for each connection: as even as can be, and at most `per_domain` of them for a domain."""
    shares: list[list[int]] = [[] for _ in range(lanes)]
    taken: dict[str, set[int]] = defaultdict(set)
    for place, address in enumerate(addresses):
        used = taken[address.rpartition("@")[2].casefold()]
        lane = min(range(lanes) if len(used) < per_domain else sorted(used), key=lambda one: len(shares[one]))
        used.add(lane)
        shares[lane].append(place)
    return shares
