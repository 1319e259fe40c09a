"""`/example/…`: a product that embeds the inbox, for looking at what customers of the demo see; never in production.

It exists only where the demo left its file of sample users in the home, and it speaks for those users alone. It signs
tokens as a real product's backend does; that everybody may choose who is signed in is what makes it an example.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from flask import Blueprint, Response, jsonify, render_template, request, send_from_directory

from engage.errors import NotFoundError
from engage.staff.in_app_keys import derive
from engage.web.example.words import PAGES, WORDS
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
    def page(page: str = "") -> str:
        user = request.args.get("user") or next(iter(people))
        person = _known(people, user)
        locale = request.args.get("lang") or person["locale"]
        locale = "ja" if locale == "ja" else "en"
        said = {"words": WORDS[locale], "pages": PAGES, "locale": locale, "page": page}
        return render_template("product.html", people=people, user=user, person=person, **said)

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
        return send_from_directory(_HERE / "static", name)


def _known(people: Mapping[str, Any], user: str) -> Any:
    if user not in people:
        raise NotFoundError("the sample company has no such user", where=user[:80], hint=", ".join(people))
    return people[user]
