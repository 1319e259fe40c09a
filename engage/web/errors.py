"""Which HTTP status an error of ours is; nowhere else are codes assigned."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from engage.errors import (
    ConflictError,
    EngageError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    StoreUnavailableError,
)

log = logging.getLogger(__name__)

_STATUS: dict[type[EngageError], int] = {
    InputError: 400,
    PermissionDeniedError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    StoreUnavailableError: 503,
}
_RETRY_AFTER_SECONDS = "5"


def status_of(error: EngageError) -> int:
    """The HTTP status of an error; what has none of its own is a bad request."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)


def error_body(error: EngageError) -> dict[str, str]:
    """An error as JSON says it: what was refused, where, and the way out."""
    said = {"code": error.code, "message": error.message, "where": error.where, "hint": error.hint}
    return {name: text for name, text in said.items() if text}


def handle_errors(app: Flask) -> None:
    """Has the app answer our errors, and everything unforeseen, in one form."""
    app.register_error_handler(EngageError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def _refused(error: EngageError) -> Response:
    response = jsonify(error=error_body(error))
    response.status_code = status_of(error)
    if response.status_code == 503:
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return response


def _http(error: HTTPException) -> AnyResponse:
    if error.response is not None:
        return error.get_response()
    response = jsonify(error={"code": error.name.lower().replace(" ", "_"), "message": error.description or error.name})
    response.status_code = error.code or 500
    response.headers.extend([pair for pair in error.get_headers() if pair[0].lower() in ("allow", "retry-after")])
    return response


def _unforeseen(_error: Exception) -> Response:
    log.exception("a request failed")
    response = jsonify(error={"code": "internal", "message": "something went wrong here; it was logged"})
    response.status_code = 500
    return response
