"""`/in-app/…`: the feed, its states and the web component; open to every origin, to a signed token only."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, request

from engage.channels.in_app.states import MOST_AT_ONCE
from engage.errors import InputError, NotFoundError, PermissionDeniedError
from engage.messages.reactions import react
from engage.web.errors import error_body
from engage.web.in_app.presenting import feed_body
from engage.web.in_app.readers import contact_id_of
from engage.web.in_app.tokens import user_of
from engage.wiring import Engage

POLL_AFTER = 30
OPEN_ENDPOINTS = ("in_app_api.component",)
_COMPONENT = Path(__file__).parent.parent / "static" / "engage-inbox.js"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "7200",
}


def in_app_api(engage: Engage) -> Blueprint:
    """The blueprint of the in-app API; its guard is bound here."""
    database, clock, secret_key = engage.database, engage.clock, engage.settings.secret_key
    api = Blueprint("in_app_api", __name__, url_prefix="/in-app")
    script = _COMPONENT.read_bytes()

    @api.before_request
    def guard() -> Response | None:
        if request.method == "OPTIONS":
            return Response(status=204, headers=_PREFLIGHT)
        if request.endpoint not in OPEN_ENDPOINTS:
            with database.reading() as session:
                user_id = user_of(session, _bearer(), secret_key=secret_key, now=clock.now())
                g.contact_id = contact_id_of(session, user_id)
        return None

    @api.after_request
    def open_to_browsers(response: Response) -> Response:
        response.headers.update(_CORS)
        return response

    api.register_error_handler(PermissionDeniedError, _unknown_reader)

    @api.get("/engage-inbox.js")
    def component() -> Response:
        response = Response(script, mimetype="text/javascript", headers={"Cache-Control": "public, max-age=300"})
        response.set_etag(sha256(script).hexdigest()[:20])
        response.make_conditional(request)
        return response

    @api.get("/v1/feed")
    def feed() -> Response:
        limit = request.args.get("limit", 20, type=int)
        with database.reading() as session:
            body = feed_body(session, g.contact_id, now=clock.now(), limit=limit, cursor=request.args.get("cursor"))
        response = _json(body | {"poll_after": POLL_AFTER})
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization"
        response.set_etag(sha256(response.get_data()).hexdigest()[:20])
        response.make_conditional(request)
        return response

    @api.post("/v1/items/<any(seen, read):state>")
    def mark_many(state: str) -> Response:
        return _marked(_ids_said(), state)

    @api.post("/v1/items/<item_id>/<any(seen, read, clicked, dismissed):state>")
    def mark_one(item_id: str, state: str) -> Response:
        return _marked([item_id], state, must_exist=True)

    def _marked(public_ids: list[str], state: str, *, must_exist: bool = False) -> Response:
        with database.transaction() as session:
            found = react(session, g.contact_id, public_ids, state, now=clock.now())
        if must_exist and not found:
            raise NotFoundError("there is no such message in this inbox", where=public_ids[0])
        return _json({"marked": found})

    return api


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise PermissionDeniedError("no token was given", code="no_token", hint="Authorization: Bearer <token>")
    return token.strip()


def _ids_said() -> list[str]:
    said = request.get_json(force=True, silent=True) if (request.content_length or 0) <= 20_000 else None
    ids = said.get("ids") if isinstance(said, dict) else None
    if not isinstance(ids, list) or len(ids) > MOST_AT_ONCE or not all(isinstance(one, str) for one in ids):
        raise InputError('the body is not {"ids": ["…"]}', code="bad_body", hint=f"{MOST_AT_ONCE} ids at most")
    return ids


def _unknown_reader(error: PermissionDeniedError) -> Response:
    response = _json({"error": error_body(error)})
    response.status_code = 401
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
