"""`/v1/…`: Segment's HTTP tracking API: 200 only after the commit, never a redirect, every refusal with its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from engage.errors import EngageError, InputError
from engage.events.body import decode_body
from engage.events.browser_keys import admit_from_browser
from engage.events.intake import accept
from engage.events.limits import MAX_BODY_BYTES
from engage.events.requests import BATCHES, read_request
from engage.staff.keys import BROWSER
from engage.web.api.write_keys import Sources, key_in_body, key_in_headers
from engage.web.errors import status_of

if TYPE_CHECKING:
    from engage.wiring import Engage

KINDS = {
    "batch": "batch", "import": "import", "identify": "identify", "track": "track", "group": "group", "page": "page",
    "screen": "screen", "alias": "alias",
    "b": "batch", "i": "identify", "t": "track", "g": "group", "p": "page", "s": "screen", "a": "alias",
}  # fmt: skip
_STATUS = {"invalid_write_key": 401, "too_large": 413}
_RETRY_AFTER_SECONDS = "5"
_CORS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, content-encoding, x-retry-count, x-write-key",
    "Access-Control-Max-Age": "7200",
}


def intake_api(engage: Engage) -> Blueprint:
    """The blueprint of the tracking API; its guard is bound here."""
    database, clock = engage.database, engage.clock
    api = Blueprint("intake_api", __name__, url_prefix="/v1")
    sources = Sources(database)

    @api.before_request
    def guard() -> Response | None:
        if request.method == "OPTIONS":
            return Response(status=204, headers=_PREFLIGHT)
        key, now = key_in_headers(request.headers), clock.now()
        if key is not None:
            g.source = sources.find(key, now=now)
        g.body = decode_body(_raw_body(), encoding=request.headers.get("Content-Encoding"))
        if key is None:
            g.source = sources.find(key_in_body(g.body), now=now)
        return None

    @api.route(
        f"/<any({', '.join(KINDS)}):kind>", methods=["POST", "OPTIONS"], strict_slashes=False, merge_slashes=False
    )
    def take(kind: str) -> Response:
        asked = read_request(g.body, KINDS[kind])
        with database.transaction() as session:
            result = accept(
                session,
                g.source.id,
                asked.messages,
                received_at=clock.now(),
                sent_at=asked.sent_at,
                admit=admit_from_browser if g.source.kind == BROWSER else None,
            )
        if KINDS[kind] not in BATCHES and result.problems:
            problem = result.problems[0]
            raise InputError(problem.reason, code=problem.code)
        return _json({"success": True}, 200)

    @api.after_request
    def open_to_browsers(response: Response) -> Response:
        # A page that holds a server's key has published it; it gets no answer that its script could read.
        if "source" not in g or g.source.kind == BROWSER:
            response.headers.update(_CORS)
        return response

    api.register_error_handler(EngageError, _refused)
    api.register_error_handler(HTTPException, _http)
    return api


def _raw_body() -> bytes:
    """The bytes as they came: nobody may parse a form out of them first, whatever the Content-Type says."""
    request.max_content_length = MAX_BODY_BYTES
    return request.get_data(cache=False, parse_form_data=False)


def _refused(error: EngageError) -> Response:
    response = _json({"code": error.code, "message": str(error)}, _STATUS.get(error.code) or status_of(error))
    if response.status_code == 503:
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return response


def _http(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return _refused(InputError(f"the request is larger than {MAX_BODY_BYTES // 1024} KB", code="too_large"))
    return _json({"code": error.name.lower().replace(" ", "_"), "message": error.description}, error.code or 400)


def _json(body: dict[str, object], status: int) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status=status, mimetype="application/json")
