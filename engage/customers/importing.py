"""Imports accounts, contacts and contracts from CSV: each good row becomes an event, and shows at once.

The events stay unresolved, so that the digest still matches them against playbooks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.declared_words import Declared, doubtful
from engage.customers.import_kinds import Kind, column_name, read_row
from engage.customers.resolving import project_ahead
from engage.customers.tables import Account, Contract
from engage.events.importing import ImportReport, take_rows
from engage.events.problems import Refused
from engage.events.rows import Row, RowProblem, read_csv
from engage.events.timeline import unattributed


def read_customers(path: Path, kind: Kind, *, read: Callable[[int], None]) -> Iterator[Row]:
    """The rows of a customer file by our column names; a missing column is refused before any row."""
    return read_csv(path, required=kind.required, renamed=column_name, read=read)


def import_customers(
    session: Session, kind: Kind, rows: Sequence[Row], *, file: str, now: datetime, declared: Declared | None = None
) -> ImportReport:
    """Takes some rows as events and projects them; bad rows are reported and kept, and never stop good ones.

    A value that is none of those `declared` is taken as it is, and remarked on.
    """
    read = [(row, *read_row(kind, row.values)) for row in rows if row.problem is None]
    known = _known_accounts(session, read) if kind.account_must_exist else None
    told: list[tuple[Row, dict[str, Any]]] = []
    refused: list[Refused] = []
    for row, message, reasons in read:
        account_id = message["context"]["groupId"] if message and known is not None else None
        if account_id is not None and account_id not in (known or ()):
            reasons = [f"account_id: there is no account {account_id!r}; import accounts first"]
        if message is None or reasons:
            refused.append(Refused("bad_row", "; ".join(reasons), f"{file}:{row.line}", dict(row.values)))
        else:
            told.append((row, {**message, "messageId": _message_id(message, now)}))
    _tell_new_contracts(session, [message for _, message in told])
    report = take_rows(session, rows, told, file=file, now=now, refused=refused)
    report.remarks += _remarks(kind, told, declared or Declared())
    _project(session)
    return report


def _remarks(kind: Kind, told: Iterable[tuple[Row, dict[str, Any]]], declared: Declared) -> Iterator[RowProblem]:
    for row, message in told:
        said = message.get("traits") or message.get("properties") or {}
        yield from (RowProblem(row.line, *one) for one in doubtful(declared, kind.subject, said))


def _known_accounts(session: Session, read: Iterable[tuple[Row, Mapping[str, Any] | None, list[str]]]) -> set[str]:
    said = {message["context"]["groupId"] for _, message, _ in read if message is not None}
    return set(session.scalars(select(Account.external_id).where(Account.external_id.in_(said))))


def _tell_new_contracts(session: Session, messages: Sequence[dict[str, Any]]) -> None:
    """A contract nobody heard of is created, not updated; `contract.created` may start a playbook."""
    told = [message for message in messages if message["type"] == "track"]
    ids = {message["properties"]["contract_id"] for message in told}
    known = set(session.scalars(select(Contract.external_id).where(Contract.external_id.in_(ids)))) if ids else set()
    for message in told:
        contract_id = message["properties"]["contract_id"]
        if contract_id not in known:
            message["event"] = "contract.created"
            known.add(contract_id)


def _message_id(message: Mapping[str, Any], now: datetime) -> str:
    """The same row on the same day counts once, so that an import that broke off can be run again."""
    text = json.dumps(message, sort_keys=True, default=str)
    return f"import:{hashlib.sha256(f'{now.date()} {text}'.encode()).hexdigest()}"


def _project(session: Session) -> None:
    """In line with whatever was learned before and still waits; what an earlier part of the file brought is done."""
    after = 0
    while events := unattributed(session, limit=1_000, after_id=after):
        project_ahead(session, events)
        after = events[-1].id
