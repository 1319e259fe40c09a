"""`/healthz`: this process answers. `/readyz`: it can do its work."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text

from engage import wiring
from engage.errors import StoreUnavailableError

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """Answers as long as the process lives."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Answers 200 when the database is reachable and migrated, else 503 with the reason."""
    engage: wiring.Engage = current_app.extensions["engage"]
    try:
        with engage.database.reading() as session:
            session.execute(text("SELECT 1"))
        if not wiring.is_migrated(engage.database):
            return jsonify(status="not migrated", hint="run: engage db upgrade"), 503
    except StoreUnavailableError as error:
        return jsonify(status=error.message), 503
    return jsonify(status="ready"), 200
