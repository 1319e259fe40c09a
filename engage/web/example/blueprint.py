"""`/example/…`: a product that embeds the inbox, for looking at what customers of the demo see; never in production.

It exists only where the demo left its file of sample users in the home, and it speaks for those users alone. It signs
tokens as a real product's backend does; that everybody may choose who is signed in is what makes it an example.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy import select

from engage.channels.in_app.tables import InAppItem
from engage.customers.tables import Contact
from engage.errors import NotFoundError
from engage.staff.in_app_keys import derive
from engage.web.example.words import PAGES, WORDS
from engage.web.headers import STRICT_POLICY
from engage.wiring import Engage

FILE = "example.json"
_HERE = Path(__file__).parent
_TOKEN_SECONDS = 600


def example_product(engage: Engage) -> Blueprint:
    """The blueprint of the example; without the demo's file it has no page at all."""
    example = Blueprint("example", __name__, url_prefix="/example", template_folder="templates")
    path = engage.settings.home / FILE
    if path.exists():
        _serve(example, engage, json.loads(path.read_text(encoding="utf-8")))
    return example


def _serve(example: Blueprint, engage: Engage, sample: Mapping[str, Any]) -> None:
    people: Mapping[str, Mapping[str, str]] = sample["people"]

    @example.get("/")
    @example.get("/<any(reports, contract, start):page>")
    def page(page: str = "") -> Response:
        user = request.args.get("user") or _newest_reader(engage, people)
        person = _known(people, user)
        locale = request.args.get("lang") or person["locale"]
        locale = "ja" if locale == "ja" else "en"
        said = {"words": WORDS[locale], "pages": PAGES, "locale": locale, "page": page}
        text = render_template("product.html", people=people, user=user, person=person, **said)
        return Response(text, headers={"Content-Security-Policy": _policy(engage.settings.stream_url)})

    @example.get("/token")
    def token() -> Response:
        user = request.args.get("user", "")
        _known(people, user)
        now = int(engage.clock.now().timestamp())
        claims = {"sub": user, "aud": "engage-in-app", "iat": now, "exp": now + _TOKEN_SECONDS}
        signed = jwt.encode(claims, derive(engage.settings.secret_key, sample["kid"]), "HS256", {"kid": sample["kid"]})
        return jsonify(token=signed)

    @example.get("/<any('product.js', 'product.css'):name>")
    def asset(name: str) -> Response:
        kind = "text/javascript" if name.endswith(".js") else "text/css"
        return Response((_HERE / "static" / name).read_bytes(), mimetype=kind)


def _newest_reader(engage: Engage, people: Mapping[str, Any]) -> str:
    """Who was shown something last: there is something to see then."""
    newest = select(Contact.external_id).join(InAppItem, InAppItem.contact_id == Contact.id)
    with engage.database.reading() as session:
        found = session.scalars(newest.where(Contact.external_id.in_(people)).order_by(InAppItem.id.desc()).limit(1))
        return found.first() or next(iter(people))


def _policy(stream_url: str) -> str:
    """The strict policy of all our pages; the live stream has an address of its own."""
    live = urlsplit(stream_url)
    if not live.netloc:
        return STRICT_POLICY
    return STRICT_POLICY.replace("connect-src 'self'", f"connect-src 'self' {live.scheme}://{live.netloc}")


def _known(people: Mapping[str, Any], user: str) -> Any:
    if user not in people:
        raise NotFoundError("the sample company has no such user", where=user[:80], hint=", ".join(people))
    return people[user]
