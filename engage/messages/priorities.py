"""Who comes first where the budget of touches is short, as the playbooks that are live say."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engage.language.budgets import Priority
from engage.releases.library import Library


@dataclass(frozen=True, slots=True)
class Priorities:
    """Reads only the playbooks that are asked about: a process that sends need not read them all first."""

    session: Session
    library: Library

    def of(self, key: str | None) -> Priority:
        """The priority of a live playbook; of any other message the usual one."""
        live = self.library.named(self.session, key)
        return live.playbook.priority if live else "normal"
