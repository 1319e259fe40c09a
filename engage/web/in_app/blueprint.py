"""`/in-app/…`: the feed, its states and the web component; to a signed token only, from pages of named origins."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, g, request

from engage.channels.in_app.states import MOST_AT_ONCE, OF_READERS
from engage.errors import InputError, NotFoundError, PermissionDeniedError
from engage.messages.reactions import note_delivery, put_away, react, show_over_page
from engage.web.errors import error_body
from engage.web.in_app.asking import LARGEST_BODY, browsing_asked, feed_asked, is_item_id, said
from engage.web.in_app.component import serve_component
from engage.web.in_app.origins import PREFLIGHT, headers_for, insist_on_origin
from engage.web.in_app.presenting import feed_body, fresh_until
from engage.web.in_app.questions import take_answers
from engage.web.in_app.readers import reader_of
from engage.web.in_app.tags import Tag
from engage.web.in_app.tokens import bearer, read_token
from engage.wiring import Engage

OPEN_ENDPOINTS = ("in_app_api.component",)
_BULK, _ONE = "seen, read, archived", ", ".join(OF_READERS)


def in_app_api(engage: Engage) -> Blueprint:
    """The blueprint of the in-app API; its guard is bound before any view exists."""
    api = Blueprint("in_app_api", __name__, url_prefix="/in-app")
    _guard(api, engage)
    serve_component(api)
    _serve_feed(api, engage)
    _take_states(api, engage)
    take_answers(api, engage)
    return api


def _guard(api: Blueprint, engage: Engage) -> None:
    """Who reads, by the token; and what lets another origin's page ask at all."""
    secret_key, allowed = engage.settings.secret_key, engage.settings.in_app_origins

    @api.before_request
    def know_reader() -> Response | None:
        request.max_content_length = LARGEST_BODY
        if request.endpoint in OPEN_ENDPOINTS:
            return None
        insist_on_origin(request.headers.get("Origin"), allowed)
        if request.method == "OPTIONS":
            return Response(status=204, headers=PREFLIGHT)
        token = bearer(request.headers.get("Authorization", ""))
        speaker = read_token(token, secret_key=secret_key, now=engage.clock.now())
        with engage.database.reading() as session:
            g.reader = reader_of(session, speaker)
        g.contact_id = g.reader.contact_id
        return None

    @api.after_request
    def open_to_browsers(response: Response) -> Response:
        names = () if request.endpoint in OPEN_ENDPOINTS else allowed  # a script is nobody's secret
        for name, value in headers_for(request.headers.get("Origin"), names).items():
            (response.vary.add(value) if name == "Vary" else response.headers.set(name, value))
        return response

    api.register_error_handler(PermissionDeniedError, _unknown_reader)


def _serve_feed(api: Blueprint, engage: Engage) -> None:
    every = engage.settings.in_app_poll

    @api.get("/v1/feed")
    def feed() -> Response:
        now, asked, reader = engage.clock.now(), feed_asked(request.args), g.reader
        known = Tag.read(request.headers.get("If-None-Match", ""))
        if known and known.holds(asked.text, version=reader.version, now=now):
            return _feed_answer(known, every)
        with engage.database.reading() as session:
            body, items, ends_at = feed_body(session, engage.library, reader, asked, now=now)
        news = [item.public_id for item in items if item.delivered_at is None]
        if news:
            with engage.database.transaction() as session:
                note_delivery(session, reader.contact_id, news, now=now)
        text = _text(body | {"poll_after": every, "stream": engage.settings.stream_url or None})
        until = fresh_until(reader, ends_at, now=now)
        tag = Tag.of(text, asked.text, version=reader.version, until=until)
        return _feed_answer(tag, every, None if known and known.said == tag.said else text)


def _feed_answer(tag: Tag, every: int, text: bytes | None = None) -> Response:
    """The feed, or 304 to who has it already; either says when to ask again."""
    response = Response(text, mimetype="application/json") if text is not None else Response(status=304)
    response.headers["ETag"] = str(tag)
    response.headers["X-Engage-Poll-After"] = str(every)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Authorization")
    return response


def _take_states(api: Blueprint, engage: Engage) -> None:
    @api.post(f"/v1/items/<any({_BULK}):state>")
    def mark_many(state: str) -> Response:
        ids = _ids_said()
        with engage.database.transaction() as session:
            return _json({"marked": react(session, g.contact_id, ids, state, now=engage.clock.now())})

    @api.post(f"/v1/items/<item_id>/<any({_ONE}):state>")
    def mark_one(item_id: str, state: str) -> Response:
        _insist_on(item_id)
        browsing = browsing_asked(request.args)
        with engage.database.transaction() as session:
            now = engage.clock.now()
            if state == "dismissed":
                found = put_away(session, g.contact_id, item_id, browsing, now=now)
            else:
                found = react(session, g.contact_id, [item_id], state, now=now)
        if not found:
            raise _no_such(item_id)
        return _json({"marked": found})

    @api.post("/v1/items/<item_id>/displayed")
    def displayed(item_id: str) -> Response:
        _insist_on(item_id)
        browsing = browsing_asked(request.args)
        if not browsing:
            raise InputError("the session is not named", code="bad_session", hint="?session=…, as in the feed")
        with engage.database.transaction() as session:
            show = show_over_page(session, g.contact_id, item_id, browsing, now=engage.clock.now())
        if show is None:
            raise _no_such(item_id)
        return _json({"show": show})


def _insist_on(item_id: str) -> None:
    if not is_item_id(item_id):
        raise _no_such(item_id)


def _no_such(item_id: str) -> NotFoundError:
    return NotFoundError("there is no such message in this inbox", where=item_id[:40])


def _ids_said() -> list[str]:
    body = said()
    ids = body.get("ids") if isinstance(body, dict) else None
    if not isinstance(ids, list) or len(ids) > MOST_AT_ONCE or not all(isinstance(one, str) for one in ids):
        raise InputError('the body is not {"ids": ["…"]}', code="bad_body", hint=f"{MOST_AT_ONCE} ids at most")
    return [one for one in ids if is_item_id(one)]


def _unknown_reader(error: PermissionDeniedError) -> Response:
    response = _json({"error": error_body(error)})
    response.status_code = 403 if error.code == "origin_not_allowed" else 401
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _json(body: dict[str, Any]) -> Response:
    return Response(_text(body), mimetype="application/json")


def _text(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
