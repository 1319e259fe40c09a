"""The sample product of the demo: nowhere but in a home that the demo made, and for its people alone."""

from __future__ import annotations

import json
from pathlib import Path

from engage.db.session import Database
from engage.testing import MONDAY, FrozenClock, make_account, make_contact
from engage.web.app import create_app
from engage.web.example.blueprint import FILE
from tests.support.site import installation, make_in_app_key, make_item

PEOPLE = {
    "aiko": {"name": "山田 愛子", "company": "青葉", "locale": "ja"},
    "ben": {"name": "Ben <b>", "company": "Acme", "locale": "en"},
}


def test_without_the_demos_file_there_is_no_such_page(database: Database, tmp_path: Path) -> None:
    client = create_app(installation(database, FrozenClock(), tmp_path)).test_client()

    assert {client.get(f"/example/{path}").status_code for path in ("", "token?user=aiko", "product.js")} == {404}


def test_it_signs_its_own_people_in_and_nobody_else(database: Database, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"kid": "k1", "people": PEOPLE}), encoding="utf-8")
    with database.transaction() as session:
        make_in_app_key(session)
        account = make_account(session)
        make_contact(session, account, "aiko")
        make_item(session, make_contact(session, account, "ben"), "Hello", now=MONDAY)
    said = installation(database, FrozenClock(), tmp_path, stream_url="https://live.example/in-app/v1/stream")
    client = create_app(said).test_client()

    first = client.get("/example/")
    assert 'lang="en"' in first.text and "Good to see you, Ben &lt;b&gt;" in first.text, "who has something to see"
    assert "connect-src 'self' https://live.example;" in first.headers["Content-Security-Policy"]
    assert 'page="/reports"' in client.get("/example/reports?user=aiko").text
    token = client.get("/example/token?user=ben").json["token"]  # type: ignore[index]
    feed = client.get("/in-app/v1/feed", headers={"Authorization": f"Bearer {token}"})
    assert [item["title"] for item in feed.json["items"]] == ["Hello"]  # type: ignore[index]
    assert client.get("/example/token?user=clara").status_code == client.get("/example/?user=clara").status_code == 404
    assert client.get("/example/product.js").mimetype == "text/javascript"
