"""Reads CSV and NDJSON files row by row: finds the encoding, keeps going over bad rows, names each one's place."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from engage.errors import InputError
from engage.events.written_forms import narrow

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_NAMES = {"utf-8": "UTF-8", "cp932": "CP932 (Shift_JIS)"}
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file by its first line (1-based): its values, or why it cannot be read."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row, or doubtful: its line, a code and a sentence."""

    line: int
    code: str
    message: str


def find_encoding(path: Path) -> str:
    """`utf-8` or `cp932`: the one that most lines with anything beyond ASCII are written in."""
    counts = {"utf-8": 0, "cp932": 0}
    with path.open("rb") as file:
        start = file.read(3)
        if start[:2] in _UTF16_BOMS:
            raise InputError("the file is UTF-16", code="bad_encoding", where=path.name, hint="save it as UTF-8")
        if start == _UTF8_BOM:
            return "utf-8"
        file.seek(0)
        for line in file:
            if not line.isascii() and (encoding := _encoding_of(line)):
                counts[encoding] += 1
    return "cp932" if counts["cp932"] > counts["utf-8"] else "utf-8"


def read_csv(
    path: Path, *, required: Sequence[str] = (), renamed: Callable[[str], str] = narrow, read: Callable[[int], None]
) -> Iterator[Row]:
    """The rows of a CSV file (comma, tab or semicolon) by column name; a missing column is refused before any row.

    `read` hears how many bytes were read so far; `renamed` says how a column is called here.
    """
    lines = _Lines(path, read)
    header = _header(lines, path, renamed)
    missing = [name for name in required if name not in header.names]
    if missing:
        raise InputError(
            f"the column {missing[0]!r} is missing", code="missing_column", where=f"{path.name}, line {header.line}",
            hint=f"the columns found are {', '.join(header.names)}",
        )  # fmt: skip
    yield from _records(lines, header)


def read_ndjson(path: Path, *, read: Callable[[int], None]) -> Iterator[Row]:
    """The JSON objects of a file, one a line."""
    lines = _Lines(path, read)
    for text in lines:
        if lines.problem:
            yield Row(lines.number, problem=lines.problem)
            lines.problem = None
        elif text.strip():
            yield _object(text, lines.number)


@dataclass(frozen=True, slots=True)
class _Header:
    names: tuple[str, ...]
    line: int
    delimiter: str


class _Lines:
    """Decoded lines of a file; a line in another encoding is noted in `problem` and passed on as far as readable."""

    def __init__(self, path: Path, read: Callable[[int], None]) -> None:
        self.encoding = find_encoding(path)
        self.number = 0
        self.problem: str | None = None
        self._lines = self._decoded(path, read)

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def _decoded(self, path: Path, read: Callable[[int], None]) -> Iterator[str]:
        done = 0
        with path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                self.number += 1
                done += len(line)
                read(done)
                yield self._text(line.removeprefix(_UTF8_BOM) if self.number == 1 else line)

    def _text(self, line: bytes) -> str:
        if not line.isascii() and _encoding_of(line) not in (self.encoding, None):
            self.problem = self.problem or _mixed(line, self.encoding)
        try:
            return line.decode(self.encoding)
        except UnicodeDecodeError:
            self.problem = self.problem or _mixed(line, self.encoding)
            return line.decode(self.encoding, "replace")


def _mixed(line: bytes, encoding: str) -> str:
    other = _encoding_of(line)
    found = f"is written in {_NAMES[other]}" if other else f"holds bytes that are not {_NAMES[encoding]}"
    return f"the line {found}, the rest of the file in {_NAMES[encoding]}; save the whole file as UTF-8"


def _encoding_of(line: bytes) -> str | None:
    """The encoding that a line is surely written in; None where it could be both, or neither.

    Almost every UTF-8 text is also CP932, of nonsense; the other way round only some half-width kana are.
    """
    utf8, cp932 = _decoded(line, "utf-8"), _decoded(line, "cp932")
    if utf8 is None:
        return "cp932" if cp932 is not None else None
    return "utf-8" if cp932 is None or max(utf8) >= "\u0800" else None


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _header(lines: _Lines, path: Path, renamed: Callable[[str], str]) -> _Header:
    text = next((text for text in lines if text.strip()), "")
    if lines.problem or not text:
        raise InputError(lines.problem or "the file is empty", code="bad_header", where=f"{path.name}, line 1")
    delimiter = max(",\t;", key=text.count)
    names = tuple(renamed(name) for name in next(csv.reader([text], delimiter=delimiter)))
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        place = f"{path.name}, line {lines.number}"
        raise InputError(f"the column {min(twice)!r} stands there twice", code="bad_header", where=place)
    return _Header(names, lines.number, delimiter)


def _records(lines: _Lines, header: _Header) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=header.delimiter)
    while True:
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(first, problem=f"the row is not CSV: {error}")
            continue
        problem, lines.problem = lines.problem, None
        if problem:
            yield Row(first, problem=problem)
        elif any(cell.strip() for cell in cells):
            yield _named(cells, header, first)


def _named(cells: list[str], header: _Header, line: int) -> Row:
    if len(cells) > len(header.names) and any(cells[len(header.names) :]):
        return Row(line, problem=f"the row has {len(cells)} cells, the header {len(header.names)}")
    return Row(line, {name: cell for name, cell in zip(header.names, cells, strict=False) if name and cell.strip()})


def _object(text: str, line: int) -> Row:
    try:
        decoded = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        return Row(line, problem="the JSON is nested too deep")
    except ValueError as error:
        return Row(line, problem=f"the line is not JSON: {error}")
    return Row(line, decoded) if isinstance(decoded, dict) else Row(line, problem="the line is not a JSON object")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
