"""From the raw bytes of a request to its JSON object, whatever the headers claim and however large it inflates."""

from __future__ import annotations

import json
import zlib
from typing import Any, NoReturn

from engage.errors import InputError
from engage.events.limits import MAX_BODY_BYTES

_GZIP_MAGIC = b"\x1f\x8b"
_TOO_LARGE = f"the request is larger than {MAX_BODY_BYTES // 1024} KB"
_SMALLER = "send fewer messages in one batch"


def decode_body(raw: bytes, *, encoding: str | None = None) -> dict[str, Any]:
    """The JSON object of a request, gunzipped by header or magic; InputError names what is wrong with it."""
    if encoding == "gzip" or raw.startswith(_GZIP_MAGIC):
        raw = _inflate(raw)
    if len(raw) > MAX_BODY_BYTES:
        raise InputError(_TOO_LARGE, code="too_large", hint=_SMALLER)
    decoded = _load(raw)
    if not isinstance(decoded, dict):
        raise InputError("the body must be a JSON object", code="invalid_json")
    return decoded


def _inflate(raw: bytes) -> bytes:
    """Gunzips no further than one byte past the limit, so that a bomb costs nothing."""
    inflater = zlib.decompressobj(31)
    try:
        inflated = inflater.decompress(raw, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise InputError("the body says gzip but is not", code="invalid_gzip") from None
    if len(inflated) <= MAX_BODY_BYTES and not inflater.eof:
        raise InputError("the gzip body ends too early", code="invalid_gzip", hint="send it again")
    return inflated


def _load(raw: bytes) -> object:
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise InputError("the body is not UTF-8", code="invalid_json", where=f"byte {error.start}") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"the body is not JSON: {error.msg}", code="invalid_json", where=place) from None
    except RecursionError:
        raise InputError("the JSON is nested too deep", code="invalid_json") from None
    except ValueError as error:  # an integer of thousands of digits
        raise InputError(f"the body is not JSON: {error}", code="invalid_json") from None


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"{name} is not a JSON number", code="invalid_json", hint="leave the value out or send null")
