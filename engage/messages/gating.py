"""Which of the team's gates could stop which message, and the facts that they ask, read once for many messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.fact_shapes import ACCOUNT_FACTS, by_kind, trait_facts
from engage.customers.facts import Subject, load_facts, read_for
from engage.customers.tables import Account
from engage.db.sets import one_of
from engage.language.gates import ReadGate
from engage.language.vocabulary import FactKind
from engage.releases.library import Library

Facts = Mapping[str, Any]
_COLUMNS = frozenset(f"account.{name}" for name in ACCOUNT_FACTS)


@dataclass(frozen=True, slots=True)
class GatesAhead:
    """What stands before each of some messages, by message id."""

    gates: Mapping[int, tuple[ReadGate, ...]]
    facts: Mapping[int, Facts]

    def of(self, row: Any) -> tuple[ReadGate, ...]:
        """The gates that could stop this message."""
        return self.gates.get(row.id, ())

    def facts_of(self, row: Any) -> Facts:
        """What is known of its customer now."""
        return self.facts.get(row.id, {})


def load_gates(session: Session, library: Library, rows: Sequence[Any], *, now: datetime) -> GatesAhead:
    """The gates before these messages; no statement where none could stop them, or none asks for facts."""
    declared = library.vocabulary(session).read_gates
    ahead = {row.id: found for row in rows if declared and (found := _before(declared, row))}
    asked = {name for gates in ahead.values() for gate in gates for name in gate.names}
    if not asked:
        return GatesAhead(ahead, {})
    subjects = {row.id: _subject(row) for row in rows if row.id in ahead}
    types = library.vocabulary(session).facts
    traits = {path: types[path].type for path in (asked & types.keys()) - _COLUMNS if path.startswith("account.")}
    if traits.keys() == asked:
        return GatesAhead(ahead, _traits(session, subjects, traits))
    known = load_facts(session, library, list(dict.fromkeys(subjects.values())), now=now, reading=read_for(asked))
    return GatesAhead(ahead, {key: known[one] for key, one in subjects.items() if one in known})


def _traits(session: Session, subjects: Mapping[int, Subject], asked: Mapping[str, FactKind]) -> dict[int, Facts]:
    """The few traits of accounts that the gates ask: most messages meet gates, and all facts cost ten times as much."""
    account, declared = Account.__table__.c, by_kind(asked)["account"]
    ids = {one.account_id for one in subjects.values()}
    rows = session.execute(select(account.id, account.traits).where(one_of(account.id, ids)))
    known = {row.id: {"account": trait_facts(row.traits, declared)} for row in rows}
    return {key: known[one.account_id] for key, one in subjects.items() if one.account_id in known}


def _before(declared: Sequence[ReadGate], row: Any) -> tuple[ReadGate, ...]:
    said = {"topic": row.topic, "purpose": row.purpose, "playbook": row.playbook_key}
    return tuple(gate for gate in declared if gate.is_about(**said))


def _subject(row: Any) -> Subject:
    kind, key = ("contract", row.contract_id) if row.contract_id else ("account", row.account_id)
    return Subject(
        kind=kind, id=key or 0, account_id=row.account_id, contact_id=row.contact_id, contract_id=row.contract_id
    )
