"""The review bundle: the very bytes that were sent, with all that led to them, and the same file each time."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from sqlalchemy import text

from engage.channels.email.mime import to_bytes
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.messages.delivering import deliver
from engage.messages.links import Links
from engage.messages.rendering import fingerprint
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock
from engage.upkeep.bundling import bundle
from tests.integration.messages.test_delivering import LINKS, copied, queued, run


def opened(database: Database, public_id: str) -> dict[str, bytes]:
    with database.reading() as session:
        packed = bundle(session, Library(), public_id, links=LINKS.beginning_with("https://moved.example.com"))
        assert packed == bundle(session, Library(), public_id, links=LINKS)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_holds_the_very_bytes_that_were_sent_and_proves_it(database: Database) -> None:
    (public_id,) = queued(database, 1, cc=[copied(database), copied(database, "gone", left_at=MONDAY)])
    channel = RecordingChannel()
    run(database, channel, FrozenClock())
    files = opened(database, public_id)
    manifest = json.loads(files["manifest.json"])

    assert files["message.eml"] == to_bytes(channel.sent[0])
    said = [files[name].decode() for name in ("subject.txt", "body.html", "body.txt")]
    assert manifest["words"]["recorded"] == fingerprint(*said)
    assert manifest["words"]["agree"] is True
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"
    }
    ledger = json.loads(files["ledger.json"])
    assert [attempt["outcome"] for attempt in ledger["attempts"]] == ["accepted"]
    assert [check["verdict"] for check in ledger["gate"]] == ["allow"]


@pytest.mark.parametrize("way", range(2))
def test_a_mail_whose_links_were_made_in_a_former_way_is_shown_as_it_was(database: Database, way: int) -> None:
    (public_id,) = queued(database, 1)
    channel, before = RecordingChannel(), list(LINKS.as_before(LINKS.public_url))[way]
    deliver(database, Library(), channel, before, FrozenClock())
    today = Links("another secret", "https://go.example.com", former_secrets=["secret"])
    with database.reading() as session:
        packed = bundle(session, Library(), public_id, links=today)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("message.eml") == to_bytes(channel.sent[0])


def test_words_that_cannot_be_made_again_are_said_to_be_other_ones(database: Database) -> None:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel())
    with database.transaction() as session:
        session.execute(text("UPDATE messages SET sha = 'another'"))
    files = opened(database, public_id)
    words = json.loads(files["manifest.json"])["words"]
    assert (words["agree"], words["recorded"]) == (False, "another")
    assert "differs" in words["why"]
    assert "body.html" not in files
