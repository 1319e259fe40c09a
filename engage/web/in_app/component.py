"""The web component as browsers load it: our sources without comments and indents, made and packed once."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import rjsmin
from flask import Blueprint, Response, request

PARTS = ("inbox", "panel", "overlay", "question")
_STATIC = Path(__file__).parent.parent / "static"


@dataclass(frozen=True, slots=True)
class Script:
    """One script, plain and packed."""

    text: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, name: str) -> Script:
        """The script made of this source."""
        text = rjsmin.jsmin((_STATIC / name).read_text(encoding="utf-8")).encode()
        return cls(text, gzip.compress(text, 9, mtime=0), sha256(text).hexdigest()[:20])


def serve_component(api: Blueprint) -> None:
    """Adds `GET /in-app/engage-inbox.js`, and the parts that it loads when there is something to show with them."""
    scripts = {part: Script.of(f"engage-{part}.js") for part in PARTS}

    @api.get(f"/engage-<any({', '.join(PARTS)}):part>.js")
    def component(part: str) -> Response:
        return _answer(scripts[part])


def _answer(script: Script) -> Response:
    packs = request.accept_encodings["gzip"] > 0
    response = Response(script.packed if packs else script.text, mimetype="text/javascript")
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = "public, max-age=300"
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{script.etag}{'-gzip' if packs else ''}")
    response.make_conditional(request)
    return response
