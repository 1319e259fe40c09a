"""A Flask endpoint that only inserts: the bar that the intake of events is held against."""

from __future__ import annotations

import os

from flask import Flask, request
from sqlalchemy import JSON, Column, Integer, MetaData, Table, create_engine, event, insert

metadata = MetaData()
things = Table("bench_things", metadata, Column("id", Integer, primary_key=True), Column("body", JSON))


def create_app() -> Flask:
    """POST a batch; its messages are rows after the commit."""
    url = os.environ["BENCH_DATABASE_URL"]
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def use_wal(connection: object, _record: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[attr-defined]
            connection.execute("PRAGMA synchronous=NORMAL")  # type: ignore[attr-defined]

    metadata.create_all(engine)
    engine.dispose()  # what was opened before the fork is nobody's
    app = Flask(__name__)

    @app.post("/v1/batch")
    def take() -> dict[str, bool]:
        batch = request.get_json()["batch"]
        with engine.begin() as connection:
            connection.execute(insert(things), [{"body": message} for message in batch])
        return {"success": True}

    return app
