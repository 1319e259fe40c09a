"""What journeys hands over when a step should reach somebody: plain data, every choice already made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from engage.language.durations import Duration

Channel = Literal["email", "in_app"]
TEAM: Literal["team"] = "team"


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Who must say yes before the customer sees it, and how long they have."""

    by: str
    within: Duration
    good_standing: bool | None = None
    """Whether the account is in order, where words that were approved before may go unasked; None: always ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOrder:
    """One message to one person; `facts` is the nested render context as it was when the step decided."""

    origin_id: int
    step_id: str
    account_id: int | None
    contact_id: int | None
    channel: Channel
    template: str
    templates: Mapping[str, int]
    facts: Mapping[str, Any]
    due_at: datetime
    origin: str = "enrolment"
    visit: int = 1
    playbook_key: str = ""
    subject_kind: str = "account"
    contract_id: int | None = None
    sender: int | Literal["team"] = TEAM
    cc: tuple[int, ...] = field(default=())
    topic: str | None = None
    hours: str | None = None
    approval: ApprovalRule | None = None
    wakes: bool = False
    showing: Mapping[str, Any] = field(default_factory=dict)  # of an in-app message, where it is not as usual
    follows: bool = False
    """Whether the run has sent, or tried to send, something before."""
