"""Taking a person out of texts and of JSON; pure. What stands in their place tells nobody who it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from engage.ids import Seal
from engage.upkeep.privacy.traces import Traces

GONE = "(erased)"
# Where an id of a person stands in JSON; elsewhere the same letters may mean anything.
_ID_KEYS = frozenset({
    "userId", "user_id", "previousId", "anonymousId", "anonymous_id", "contact", "external_id",
    "instead_of",
})  # fmt: skip
# What Engage itself reads of past events, or wrote there: ids and words, never free text.
_KEPT = frozenset({
    "message_id", "origin", "origin_id", "step_id", "visit", "topic", "basis", "source", "question", "answer", "score",
    "date", "contract_id", "new_contract_id", "answer_id", "task", "playbook", "feature", "limit", "starts_on",
    "roles", "role", "is_staff", "is_shared_box", "item", "state", "outcome", "inbound_id", "matched_by",
})  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9_.:/+-]{1,80}")
_OUR_PROOF = re.compile(r"[a-z_]+ (?:msg|ans)_[a-z0-9]+")
_HONORIFICS = "様|さま|さん|氏|殿|先生|部長|課長"


@dataclass(frozen=True)
class Scrubber:
    """Knows what tells one person, and takes it out."""

    traces: Traces
    seal: Seal
    _everywhere: re.Pattern[str] | None = field(init=False)
    _at_their_customers: re.Pattern[str] | None = field(init=False)

    def __post_init__(self) -> None:
        addresses = _any_of(self.traces.addresses)
        edge, end = r"(?<![A-Za-z0-9._%+'-])", r"(?![A-Za-z0-9-]|\.[A-Za-z0-9])"
        object.__setattr__(self, "_everywhere", _compiled(f"{edge}(?:{addresses}){end}" if addresses else ""))
        whole = _any_of({*self.traces.full_names, *self.traces.said})
        alone = _any_of(name for name in self.traces.names if len(name) > 1)
        parts = [whole, rf"(?<!\w)(?:{alone})(?={_HONORIFICS}|\W|$)" if alone else ""]
        object.__setattr__(self, "_at_their_customers", _compiled("|".join(part for part in parts if part)))

    # -- texts and JSON

    def everywhere(self, value: Any) -> Any:
        """The value without their addresses, and with what stands for their ids where ids stand."""
        return self._through(value, self._everywhere)

    def at_their_customers(self, value: Any) -> Any:
        """The same without their names and their words, too: for what is kept of the customers they belonged to."""
        return self._through(self.everywhere(value), self._at_their_customers)

    def is_told_by(self, said: str) -> bool:
        """Whether the person can be told by these words."""
        return bool(self.at_their_customers(said) != said)

    def user(self, said: str | None) -> str | None:
        """What stands for an id of theirs; the same wherever it stood, so that a replay makes one nameless person."""
        return self.seal.of_user(said) if said is not None and said in self.traces.user_ids else said

    def _through(self, value: Any, pattern: re.Pattern[str] | None, key: str = "") -> Any:
        if isinstance(value, str):
            if key in _ID_KEYS and value in self.traces.user_ids:
                return self.seal.of_user(value)
            return pattern.sub(GONE, value) if pattern is not None else value
        if isinstance(value, Mapping):
            return {name: self._through(inner, pattern, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._through(inner, pattern, key) for inner in value]
        return value

    # -- what rows of their own keep

    def bare(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Of what an event of theirs says: ids and words that Engage itself reads, and nothing that anybody wrote."""
        kept = {name: value for name, value in properties.items() if name in _KEPT and _is_code(value)}
        if "previousId" in properties:
            kept["previousId"] = self.user(str(properties["previousId"]))
        if isinstance(evidence := properties.get("evidence"), str):
            kept["evidence"] = self.proof(evidence)
        told = self.everywhere(kept)
        return told if isinstance(told, dict) else {}

    def with_bare_events(self, value: Any) -> Any:
        """JSON in which events may stand: those of this person are bare."""
        if isinstance(value, list):
            return [self.with_bare_events(inner) for inner in value]
        if not isinstance(value, Mapping):
            return value
        if value.get("id") in self.traces.event_ids and isinstance(value.get("properties"), Mapping):
            return {**value, "properties": self.bare(value["properties"])}
        return {name: self.with_bare_events(inner) for name, inner in value.items()}

    def proof(self, evidence: str) -> str:
        """What proved a word on mail, where Engage itself wrote it; what others wrote may say anything."""
        return evidence if _OUR_PROOF.fullmatch(evidence) or evidence in _BY_RULE else GONE

    def key(self, message_id: str) -> str:
        """The once-key of an event, unless it names the person."""
        is_named = self.everywhere(message_id) != message_id or any(
            part in self.traces.user_ids for part in re.split(r"[:/]", message_id)
        )
        return self.seal.of_user(message_id) if is_named else message_id


_BY_RULE = frozenset({"identify", "import", "consent.granted", "consent.withdrawn", "unsubscribed", GONE, ""})


def code_of(reason: str | None) -> str | None:
    """A reason without what it was about."""
    return reason.partition(": ")[0] if reason else reason


def site_of(url: str) -> str:
    """The site of an address, without what the rest of it may tell."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/" if parts.netloc else GONE


def _is_code(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_code, value))
    return (
        value is None
        or isinstance(value, bool | int | float)
        or bool(isinstance(value, str) and _CODE.fullmatch(value))
    )


def _any_of(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(set(texts), key=lambda text: (-len(text), text)) if text)


def _compiled(pattern: str) -> re.Pattern[str] | None:
    return re.compile(pattern, re.IGNORECASE) if pattern else None
