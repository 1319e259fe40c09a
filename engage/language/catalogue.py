"""The facts that conditions and templates may name, each with its type."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

Kind = Literal["text", "number", "bool", "date", "instant", "list", "any", "object"]


_PERSON = "name family_name title department email phone hours"
BUILT_IN: Mapping[str, Mapping[Kind, str]] = {
    "account": {
        "text": "id external_id name country locale time_zone segment touch_model phase",
        "number": "fiscal_year_end_month",
        "bool": "is_test",
    },
    "contact": {
        "text": "id external_id email family_name given_name family_reading given_reading department title"
        " locale time_zone",
        "list": "roles",
        "number": "known_days",
        "bool": "is_staff has_left",
    },
    "contract": {
        "text": "id external_id name currency sold_by contact_policy state",
        "date": "starts_on ends_on notice_deadline previous_ends_on",
        "number": "amount_minor term_days",
        "bool": "auto_renew is_downgrade",
    },
    "csm": {"text": _PERSON},
    "sales": {"text": _PERSON},
    "sender": {"text": _PERSON},
    "team": {"text": "name email phone hours"},
    "company": {"text": "name product postal_address url planning_url help_url"},
    "handoff": {"bool": "complete", "number": "count", "list": "facts missing", "text": "purpose"},
    "goal": {"text": "text metric unit direction owner", "number": "target actual previous", "date": "as_of due"},
    "usage": {
        "number": "active_users active_users_before events events_before days contact_events",
        "date": "as_of",
        "text": "trend",
        "instant": "first_used_at",
    },
    "event": {"text": "name", "instant": "occurred_at"},
    "waited": {"bool": "happened", "text": "event", "instant": "occurred_at"},
    "occurrence": {"date": "date period_start period_end"},
    "": {"date": "today", "instant": "now"},
}
OPEN: Mapping[str, Kind] = {"event.properties": "any", "waited.properties": "any", "answers": "any"}

_SENT: Mapping[str, Kind] = {"state": "text", "at": "instant", "template": "text"}


@dataclass(frozen=True)
class Catalogue:
    """Every known fact path with its type; unknown paths are the author's error."""

    kinds: Mapping[str, Kind]

    @classmethod
    def builtin(cls) -> Catalogue:
        """The facts that every installation has."""
        return _builtin()

    def with_facts(self, declared: Mapping[str, Kind]) -> Catalogue:
        """The same catalogue with a team's own facts added."""
        return Catalogue({**self.kinds, **declared})

    def kind(self, path: str) -> Kind | None:
        """The type of a fact; None when nobody declared it."""
        return self.kinds.get(path) or _open_kind(path)

    def nearest(self, path: str) -> str | None:
        """The known fact that the author most likely meant."""
        return nearest(path, self.kinds)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The closest of the known words, or None when nothing is close."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return close[0]
    last = word.rpartition(".")[2]
    return next((known_word for known_word in words if known_word.rpartition(".")[2] == last), None)


def _open_kind(path: str) -> Kind | None:
    for prefix, kind in OPEN.items():
        if path.startswith(prefix + "."):
            return kind
    if path.startswith("sent."):
        return _SENT.get(path.rpartition(".")[2])
    return None


@cache
def _builtin() -> Catalogue:
    kinds: dict[str, Kind] = dict.fromkeys((*filter(None, BUILT_IN), *OPEN), "object")
    for group, by_kind in BUILT_IN.items():
        for kind, names in by_kind.items():
            kinds.update({f"{group}.{name}".lstrip("."): kind for name in names.split()})
    return Catalogue(kinds)
