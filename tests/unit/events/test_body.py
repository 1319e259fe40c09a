"""Raw request bytes: gzip by header or magic, capped while inflating, strict JSON."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest

from engage.errors import InputError
from engage.events.body import decode_body
from engage.events.limits import MAX_BODY_BYTES
from engage.events.requests import read_request


def code_of(raw: bytes, encoding: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        decode_body(raw, encoding=encoding)
    return caught.value.code


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_gzip_is_found_by_its_magic_even_without_header(encoding: str | None) -> None:
    assert decode_body(gzip.compress(b'{"batch":[]}', mtime=0), encoding=encoding) == {"batch": []}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'{"a":', "invalid_json"),
        (b'{"a":NaN}', "invalid_json"),
        (b'{"a":-Infinity}', "invalid_json"),
        (b'{"a":"\xff"}', "invalid_json"),
        (b'{"a":' + b"[" * 200_000, "invalid_json"),
        (b'{"a":' + b"9" * 5_000 + b"}", "invalid_json"),
        (b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}', "too_large"),
        (gzip.compress(b'{"batch":[]}', mtime=0)[:-9], "invalid_gzip"),
        (b"\x1f\x8bnot gzip at all", "invalid_gzip"),
    ],
)
def test_a_broken_body_is_refused_with_a_code(raw: bytes, code: str) -> None:
    assert code == code_of(raw)


def test_a_header_that_lies_about_gzip_is_refused() -> None:
    assert code_of(b"{}", "gzip") == "invalid_gzip"


def test_a_bomb_of_200_mb_is_refused_without_being_inflated() -> None:
    bomb = gzip.compress(b'{"a":"' + b"x" * 200_000_000 + b'"}', compresslevel=1, mtime=0)

    tracemalloc.start()
    code = code_of(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (code, peak < 8 * MAX_BODY_BYTES) == ("too_large", True)


def test_the_place_of_a_json_error_is_named() -> None:
    with pytest.raises(InputError, match="line 2, column 6"):
        decode_body(b'{"a": 1,\n "b" 2}')


def test_a_single_message_gets_its_type_from_the_path() -> None:
    request = read_request({"userId": "a", "event": "x", "writeKey": "k", "sentAt": "2027-03-01T00:00:00Z"}, "track")

    assert request.messages == [{"userId": "a", "event": "x", "type": "track"}]
    assert request.sent_at is not None


def test_the_context_of_a_batch_fills_its_messages() -> None:
    body = {"context": {"ip": "::1"}, "batch": [{"type": "track"}, {"context": {"groupId": "g"}}, 7]}

    assert read_request(body, "batch").messages == [
        {"context": {"ip": "::1"}, "type": "track"},
        {"context": {"groupId": "g"}},
        7,
    ]


@pytest.mark.parametrize("body", [{}, {"batch": {}}, {"batch": [{}] * 2_501}])
def test_a_batch_must_be_a_list_of_at_most_2500(body: dict[str, object]) -> None:
    with pytest.raises(InputError):
        read_request(json.loads(json.dumps(body)), "batch")
