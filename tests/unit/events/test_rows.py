"""Reading files: encodings, delimiters, bad rows, missing columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.errors import InputError
from engage.events.rows import Row, find_encoding, read_csv, read_ndjson


def written(folder: Path, content: bytes | str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows_of(path: Path, *required: str) -> list[Row]:
    return list(read_csv(path, required=required, read=lambda _: None))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_usual_file_is_read(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    lines = [delimiter.join(("id", "会社名")), delimiter.join(("a1", "株式会社髙橋～①"))]
    path = written(tmp_path, end.join(lines).encode(encoding))

    assert rows_of(path) == [Row(2, {"id": "a1", "会社名": "株式会社髙橋～①"})]


def test_a_row_in_another_encoding_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    lines = [b"id,name", "a1,山田".encode(), "a2,鈴木".encode("cp932"), "a3,佐藤".encode(), b"a4,\x81"]

    first, second, third, fourth = rows_of(written(tmp_path, b"\n".join(lines)))

    assert (first.values["name"], third.values["name"]) == ("山田", "佐藤")
    assert (second.line, fourth.line) == (3, 5)
    assert "CP932" in (second.problem or "")
    assert "save the whole file as UTF-8" in (second.problem or "")
    assert "not UTF-8" in (fourth.problem or "")


def test_most_lines_decide_the_encoding(tmp_path: Path) -> None:
    mostly = b"\n".join([b"id,name", *(f"a{n},山田".encode("cp932") for n in range(3)), "b,鈴木".encode()])
    path = written(tmp_path, mostly)

    assert find_encoding(path) == "cp932"
    assert [row.line for row in rows_of(path) if row.problem] == [5]


def test_half_width_kana_that_could_be_utf_8_are_read_as_the_rest_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "id,name\na1,山田\na2,ﾃｱ\na3,ﾃｱ\n".encode("cp932"))

    assert [row.values["name"] for row in rows_of(path)] == ["山田", "ﾃｱ", "ﾃｱ"]


def test_a_cell_may_hold_line_breaks_and_the_line_numbers_stay_right(tmp_path: Path) -> None:
    path = written(tmp_path, 'id,note\na1,"two\nlines"\n\na2,one\n')

    assert rows_of(path) == [Row(2, {"id": "a1", "note": "two\nlines"}), Row(5, {"id": "a2", "note": "one"})]


def test_a_row_that_is_too_long_is_named(tmp_path: Path) -> None:
    first, second = rows_of(written(tmp_path, "id,name\na1,b,c\na2\n"))

    assert "3 cells, the header 2" in (first.problem or "")
    assert second == Row(3, {"id": "a2"})


def test_a_quote_that_is_never_closed_does_not_eat_memory(tmp_path: Path) -> None:
    path = written(tmp_path, 'id,name\na1,"' + "x\n" * 200_000)

    assert any(row.problem for row in rows_of(path))


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        rows_of(written(tmp_path, "id,name\na1,b\n"), "id", "ends_on")

    assert caught.value.code == "missing_column"
    assert "'ends_on' is missing" in str(caught.value)
    assert "line 1" in str(caught.value)
    assert "id, name" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bad_header"),
        (b"\n\n", "bad_header"),
        (b"id,id\n1,2", "bad_header"),
        ("id\n1".encode("utf-16"), "bad_encoding"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        rows_of(written(tmp_path, content))

    assert caught.value.code == code


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    path, told = written(tmp_path, "id,name\na1,山田\n"), []

    list(read_csv(path, read=told.append))

    assert told[-1] == path.stat().st_size


def test_ndjson_names_each_bad_line(tmp_path: Path) -> None:
    lines = [
        b'{"a": 1}',
        b"",
        b"[1]",
        b'{"a": NaN}',
        b'{"a":',
        b"[" * 100_000,
        '{"a": "山"}'.encode("cp932"),
        b'{"b": 2}',
    ]

    rows = list(read_ndjson(written(tmp_path, b"\n".join(lines), "x.ndjson"), read=lambda _: None))

    assert [row.line for row in rows] == [1, 3, 4, 5, 6, 7, 8]
    assert [row.line for row in rows if not row.problem] == [1, 7, 8]
