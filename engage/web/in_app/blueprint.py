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
from engage.web.in_app.questions import take_answers
from engage.web.in_app.readers import contact_id_of
from engage.web.in_app.tokens import user_of
from engage.wiring import Engage

POLL_AFTER = 30
OPEN_ENDPOINTS = ("in_app_api.component", "in_app_api.questions")
_STATIC = Path(__file__).parent.parent / "static"
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
    """The blueprint of the in-app API; its guard is bound before any view exists."""
    api = Blueprint("in_app_api", __name__, url_prefix="/in-app")
    _guard(api, engage)
    _serve_component(api)
    _serve_feed(api, engage)
    _take_states(api, engage)
    take_answers(api, engage)
    return api


def _guard(api: Blueprint, engage: Engage) -> None:
    """Who reads, by the token; and what lets another origin's page ask at all."""
    secret_key = engage.settings.secret_key

    @api.before_request
    def know_reader() -> Response | None:
        if request.method == "OPTIONS":
            return Response(status=204, headers=_PREFLIGHT)
        if request.endpoint not in OPEN_ENDPOINTS:
            with engage.database.reading() as session:
                user_id = user_of(session, _bearer(), secret_key=secret_key, now=engage.clock.now())
                g.contact_id = contact_id_of(session, user_id)
        return None

    @api.after_request
    def open_to_browsers(response: Response) -> Response:
        response.headers.update(_CORS)
        return response

    api.register_error_handler(PermissionDeniedError, _unknown_reader)


def _serve_component(api: Blueprint) -> None:
    bell, form = ((_STATIC / name).read_bytes() for name in ("engage-inbox.js", "engage-question.js"))

    @api.get("/engage-inbox.js")
    def component() -> Response:
        return _script(bell)

    @api.get("/engage-question.js")
    def questions() -> Response:
        return _script(form)


def _script(text: bytes) -> Response:
    return _unless_known(Response(text, mimetype="text/javascript", headers={"Cache-Control": "public, max-age=300"}))


def _serve_feed(api: Blueprint, engage: Engage) -> None:
    @api.get("/v1/feed")
    def feed() -> Response:
        limit, cursor = request.args.get("limit", 20, type=int), request.args.get("cursor")
        with engage.database.reading() as session:
            body = feed_body(session, engage.library, g.contact_id, now=engage.clock.now(), limit=limit, cursor=cursor)
        response = _json(body | {"poll_after": POLL_AFTER})
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization"
        return _unless_known(response)


def _take_states(api: Blueprint, engage: Engage) -> None:
    @api.post("/v1/items/<any(seen, read):state>")
    def mark_many(state: str) -> Response:
        return marked(_ids_said(), state)

    @api.post("/v1/items/<item_id>/<any(seen, read, clicked, dismissed):state>")
    def mark_one(item_id: str, state: str) -> Response:
        return marked([item_id], state, must_exist=True)

    def marked(public_ids: list[str], state: str, *, must_exist: bool = False) -> Response:
        with engage.database.transaction() as session:
            found = react(session, g.contact_id, public_ids, state, now=engage.clock.now())
        if must_exist and not found:
            raise NotFoundError("there is no such message in this inbox", where=public_ids[0])
        return _json({"marked": found})


def _unless_known(response: Response) -> Response:
    """The response, or 304 to who has it already."""
    response.set_etag(sha256(response.get_data()).hexdigest()[:20])
    response.make_conditional(request)
    return response


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
