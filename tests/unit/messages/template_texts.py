"""Templates for the tests: the shape that the library hands to rendering."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engage.messages.links import Links

LINKS = Links("a secret of the tests", "https://engage.example")


@dataclass
class Words:
    """One template version."""

    subject: str = "{{ account.name }}"
    html: str = "<p>{{ account.name }}</p>"
    text: str | None = None
    locale: str = "ja"
    name: str = "kickoff/welcome"
    meta: dict[str, Any] = field(default_factory=dict)
