"""Words that customers' data hold and nobody declared: they came by HTTP, where no row is answered with a warning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.customers.declared_words import Declared, doubtful
from engage.customers.tables import Account
from engage.upkeep.findings import Finding

_MOST_NAMED = 5
_COLUMNS = {"segment": Account.segment, "phase": Account.phase}


def undeclared_words(session: Session, declared: Declared) -> Iterable[Finding]:
    """Segments and phases of accounts that no condition will ever find, the most frequent first."""
    for name, column in _COLUMNS.items():
        rows = session.execute(select(column, func.count()).where(column.is_not(None)).group_by(column))
        counted: Counter[str] = Counter()
        for word, count in rows:
            for _, complaint in doubtful(declared, "account", {name: word}):
                counted[complaint] += count
        if counted:
            yield _finding(name, counted)


def _finding(name: str, counted: Counter[str]) -> Finding:
    shown = "; ".join(f"{complaint} at {count}" for complaint, count in counted.most_common(_MOST_NAMED))
    more = f"; and {len(counted) - _MOST_NAMED} more" if len(counted) > _MOST_NAMED else ""
    way_out = f"declare it in playbooks/_shared/{name}s.yaml, or mend it where the accounts come from"
    return Finding(f"{name}s", "note", f"accounts that no playbook finds by it: {shown}{more}", way_out)
