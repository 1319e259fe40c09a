"""Imports files of Segment messages: NDJSON, or CSV with one column for each field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from engage.events.intake import accept
from engage.events.problems import Refused, keep_problems
from engage.events.rows import Row, RowProblem, read_csv, read_ndjson
from engage.events.tables import SOURCE_IMPORT
from engage.events.written_forms import parse_moment

NDJSON_SUFFIXES = (".ndjson", ".jsonl", ".json")
CHUNK_ROWS = 500
_NESTED = ("properties", "traits", "context")


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a file."""

    file: str
    rows: int = 0
    taken: int = 0
    known_before: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    remarks: list[RowProblem] = field(default_factory=list)  # on rows that were taken

    def add(self, other: ImportReport) -> None:
        """Counts what a further part of the same file gave."""
        self.rows += other.rows
        self.taken += other.taken
        self.known_before += other.known_before
        self.problems += other.problems
        self.remarks += other.remarks


def read_messages(path: Path, *, read: Callable[[int], None]) -> Iterator[Row]:
    """The messages of a file, by its suffix."""
    if path.suffix.lower() in NDJSON_SUFFIXES:
        return read_ndjson(path, read=read)
    return (_nested(row) for row in read_csv(path, required=("type",), read=read))


def import_messages(
    session: Session, rows: Sequence[Row], *, file: str, zone: tzinfo = UTC, now: datetime
) -> ImportReport:
    """Takes the messages of some rows; bad ones are reported and kept, and never stop good ones.

    A moment that names no zone is meant by the clock of `zone`, as people write it in a spreadsheet.
    """
    readable = [row for row in rows if row.problem is None]
    messages = [{"messageId": _message_id(row), **row.values, **_moments(row.values, zone)} for row in readable]
    return take_rows(session, rows, list(zip(readable, messages, strict=True)), file=file, now=now)


def take_rows(
    session: Session, rows: Sequence[Row], told: Sequence[tuple[Row, dict[str, Any]]], *, file: str, now: datetime,
    refused: Sequence[Refused] = (),
) -> ImportReport:  # fmt: skip
    """Takes the messages that rows tell, and keeps what was refused: unreadable rows and those named."""
    unreadable = [
        Refused("unreadable_row", row.problem, f"{file}:{row.line}", row.values) for row in rows if row.problem
    ]
    keep_problems(session, SOURCE_IMPORT, [*unreadable, *refused], received_at=now)
    result = accept(
        session, SOURCE_IMPORT, [message for _, message in told], received_at=now, sent_at=None,
        place=lambda number: f"{file}:{told[number][0].line}",
    )  # fmt: skip
    problems = [_problem(one) for one in (*unreadable, *refused, *result.problems)]
    problems.sort(key=lambda one: one.line)
    return ImportReport(file, len(rows), result.accepted, result.duplicates, problems)


def chunks_of(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows in parts that fit one transaction."""
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _problem(refused: Refused) -> RowProblem:
    return RowProblem(int(refused.place.rpartition(":")[2]), refused.code, refused.reason)


def _nested(row: Row) -> Row:
    """Columns such as `properties.plan` become what the message carries."""
    if row.problem:
        return row
    message: dict[str, Any] = {}
    for name, value in row.values.items():
        place, dot, inner = name.partition(".")
        if dot and place in _NESTED:
            message.setdefault(place, {})[inner] = value
        else:
            message[name] = value
    return Row(row.line, message)


def _moments(said: Mapping[str, Any], zone: tzinfo) -> dict[str, str]:
    """The moments of a row as ISO 8601; what cannot be read stays as it is, to be refused with its reason."""
    read: dict[str, str] = {}
    for name in ("timestamp", "originalTimestamp"):
        try:
            read[name] = parse_moment(str(said[name]), zone).isoformat()
        except (KeyError, ValueError):
            continue
    return read


def _message_id(row: Row) -> str:
    """The same line of the same content counts once, however often the file is imported."""
    text = json.dumps(row.values, sort_keys=True, default=str)
    return f"import:{hashlib.sha256(f'{row.line} {text}'.encode()).hexdigest()}"
