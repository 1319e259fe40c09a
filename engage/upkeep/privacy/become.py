"""What becomes of one value in a row of somebody who is erased; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engage.keys import address_key
from engage.upkeep.privacy.scrubbing import GONE, Scrubber, code_of, site_of

Change = Callable[[Scrubber, Any], Any]
# What a step's row says of what was decided; facts and texts are left out.
_DECIDED = frozenset({
    "reason", "channel", "template", "contact_id", "sender", "cc", "also", "approval", "outcome", "again", "until",
    "events", "happened", "event", "way", "share", "leads_to", "playbook", "role", "fields", "due_at", "state", "to",
})  # fmt: skip


def nothing(_: Scrubber, __: Any) -> None:
    """It is taken away."""


def gone(_: Scrubber, value: Any) -> Any:
    """A word stands in its place."""
    return GONE if value else value


def empty(_: Scrubber, value: Any) -> Any:
    """Nothing is left in it."""
    return [] if isinstance(value, list) else {}


def user(scrubber: Scrubber, value: Any) -> Any:
    """What stands for an id of theirs."""
    return scrubber.user(value)


def swept(scrubber: Scrubber, value: Any) -> Any:
    """It stays, without them."""
    return scrubber.at_their_customers(value)


def code(_: Scrubber, value: Any) -> Any:
    """A reason without what it was about."""
    return code_of(value)


def traits(_: Scrubber, value: Any) -> dict[str, Any]:
    """A contact that was absorbed still says into whom, by an id that tells nobody."""
    return {name: into for name, into in (value or {}).items() if name == "merged_into"}


def address(scrubber: Scrubber, value: Any) -> Any:
    """The keyed hash of the address: enough to prove for which it was, to whoever knows it."""
    return scrubber.seal.of_address(address_key(value)) if value else value


def bare(scrubber: Scrubber, value: Any) -> Any:
    """What an event of theirs says to Engage itself."""
    return scrubber.bare(value)


def key(scrubber: Scrubber, value: Any) -> Any:
    """A once-key, unless it names them."""
    return scrubber.key(value)


def proof(scrubber: Scrubber, value: Any) -> Any:
    """What proved a word on mail, where Engage itself wrote it."""
    return scrubber.proof(value)


def site(_: Scrubber, value: Any) -> Any:
    """Where a link led to, no closer than its site."""
    return site_of(value)


def sealed(scrubber: Scrubber, value: Any) -> Any:
    """A hash by which equal ones stay equal."""
    return scrubber.seal.of_user(value) if value else value


def run(scrubber: Scrubber, value: Any) -> Any:
    """A run of theirs: how it went, bare of what was said and filled in."""
    told = {**scrubber.with_bare_events(value)}
    told |= {"form": {}} if "form" in told else {}
    waited = told.get("waited")
    if isinstance(waited, Mapping):
        told["waited"] = {**waited, "properties": scrubber.bare(waited.get("properties") or {})}
    return told


def decided(scrubber: Scrubber, value: Any) -> Any:
    """A step of theirs: what was decided."""
    return scrubber.everywhere({name: said for name, said in value.items() if name in _DECIDED})


def news(scrubber: Scrubber, value: Any) -> Any:
    """News for our own side: what it was called and of which customer, without facts and texts."""
    told = {**value, "data": {**value["data"], "facts": {}}} if "data" in value else {**value, "text": {}, "facts": []}
    return scrubber.at_their_customers(told)
