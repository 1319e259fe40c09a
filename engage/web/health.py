"""`/healthz`: this process answers. `/readyz`: it can do its work."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from engage import wiring
from engage.errors import StoreUnavailableError


def health_checks(engage: wiring.Engage) -> Blueprint:
    """The blueprint of the two health checks; open to everybody, since they tell nothing of anybody."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @health.get("/readyz")
    def readyz() -> tuple[Response, int]:
        try:
            if not wiring.is_migrated(engage.database):
                return jsonify(status="not migrated", hint="run: engage db upgrade"), 503
        except StoreUnavailableError as error:
            return jsonify(status=error.message), 503
        return jsonify(status="ready"), 200

    return health
