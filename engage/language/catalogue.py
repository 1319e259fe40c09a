"""The facts that conditions and templates may name, each with its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from engage.language.guessing import way_out

Kind = Literal["text", "number", "bool", "date", "instant", "list", "any", "object"]


_PERSON = "name family_name title department email phone hours"
BUILT_IN: Mapping[str, Mapping[Kind, str]] = {
    "account": {
        "text": "id external_id name country region locale time_zone segment touch_model phase",
        "number": "fiscal_year_end_month",
        "bool": "is_test no_tracking",
    },
    "contact": {
        "text": "id external_id email family_name given_name family_reading given_reading department title"
        " locale time_zone",
        "list": "roles",
        "number": "known_days",
        "bool": "is_staff has_left no_tracking",
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
        "date": "as_of since before_since before_until",
        "text": "trend",
        "instant": "first_used_at",
        "list": "weeks",
    },
    "use_case": {"text": "key title text url feature feature_title"},
    "question": {"text": "key text note", "list": "choices"},
    "event": {"text": "name", "instant": "occurred_at", "list": "roles"},
    "waited": {"bool": "happened", "text": "event", "instant": "occurred_at"},
    "occurrence": {"date": "date previous_start period_start period_end"},
    "": {"date": "today", "instant": "now"},
}
# Events about the customer, not use of the product: nobody's usage. A `.` at the end stands for all that begin so.
NOT_USE = (
    "contract.", "contact.", "consent.", "message.", "kickoff.", "handoff.", "touch.", "replied", "answered",
    "unsubscribed",
)  # fmt: skip
OPEN: Mapping[str, Kind] = {"event.properties": "any", "waited.properties": "any", "form": "any"}

_SENT: Mapping[str, Kind] = {"state": "text", "at": "instant", "template": "text", "clicks": "number"}


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

    def way_out(self, path: str) -> str:
        """The hint beside a fact that nobody declared."""
        return way_out(path, self.kinds, "declare it in _shared/facts.yaml")


def _open_kind(path: str) -> Kind | None:
    for prefix, kind in OPEN.items():
        if path.startswith(prefix + "."):
            return kind
    if path.startswith("sent."):
        return _SENT.get(path.rpartition(".")[2])
    return None


def is_use(event: str) -> bool:
    """Whether an event of that name can be use of the product."""
    return not any(event.startswith(name) if name.endswith(".") else event == name for name in NOT_USE)


@cache
def _builtin() -> Catalogue:
    kinds: dict[str, Kind] = dict.fromkeys((*filter(None, BUILT_IN), *OPEN), "object")
    for group, by_kind in BUILT_IN.items():
        for kind, names in by_kind.items():
            kinds.update({f"{group}.{name}".lstrip("."): kind for name in names.split()})
    return Catalogue(kinds)
