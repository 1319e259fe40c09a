"""SendGrid's Inbound Parse over HTTP: raw and parsed, in every charset, once, and 200 only when it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from flask import Flask

from engage.config import Settings
from engage.db.session import Database
from engage.web.errors import handle_errors
from engage.web.hooks.inbound import MAX_BODY_BYTES, inbound_hooks
from tests.integration.messages.inbound.office import Office, answer_to
from tests.support import letters
from tests.support.letters import jis
from tests.support.serving import served

WORDS = "①来月でお願いします。㈱青葉 髙橋 ﾃｽﾄ"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


@pytest.fixture
def url(office: Office, tmp_path: Path) -> Iterator[str]:
    settings = Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_SENDGRID_INBOUND_KEY": "geheim"})
    app = Flask("test")
    handle_errors(app)
    parts = {"settings": settings, "clock": office.clock, "database": office.database, "library": office.library}
    app.register_blueprint(inbound_hooks(SimpleNamespace(**parts)))  # type: ignore[arg-type]
    with served(app) as base:
        yield f"{base}/hooks/sendgrid/inbound"


def post(url: str, fields: dict[str, Any], *, files: dict[str, Any] | None = None, key: str | None = "geheim") -> int:
    form = {name: (None, value) for name, value in fields.items()} | (files or {})
    auth = ("sendgrid", key) if key is not None else None
    return requests.post(url, files=form, auth=auth, timeout=30).status_code


def envelope(sender: str = "ann@customer.example", to: str = "replies@sample.example") -> str:
    return json.dumps({"from": sender, "to": [to]})


@pytest.mark.parametrize(("charset", "transfer"), [("ISO-2022-JP", "7bit"), ("Shift_JIS", "8bit"), ("utf-8", "8bit")])
def test_a_raw_mail_arrives_to_the_byte_and_once(office: Office, url: str, charset: str, transfer: str) -> None:
    raw = answer_to(office.start(), WORDS, charset=charset, transfer=transfer)
    assert [post(url, {"email": raw, "envelope": envelope()}) for _ in range(2)] == [200, 200]
    office.run()
    (event,) = office.events("replied")
    assert event.properties["excerpt"] == WORDS
    assert (office.mail().door, office.raws()[0].raw) == ("sendgrid", raw)


@pytest.mark.parametrize(
    ("charset", "content"),
    [("iso-2022-jp", jis(WORDS)), ("Shift_JIS", WORDS.encode("cp932")), ("UTF-8", WORDS.encode())],
)
def test_a_parsed_mail_is_read_in_the_charset_of_each_field(
    office: Office, url: str, charset: str, content: bytes
) -> None:
    sent = office.start()
    head = answer_to(sent, "x", headers={"X-Kept": "yes"}).partition(b"\r\n\r\n")[0] + b"\r\n"
    fields = {
        "headers": head,
        "text": content,
        "html": b"<p>not this</p>",
        "from": "Ann <ann@customer.example>",
        "subject": "Re",
        "charsets": json.dumps({"to": "UTF-8", "subject": "UTF-8", "text": charset}),
        "envelope": envelope(),
        "attachments": "1",
    }
    files = {"attachment1": ("見積.pdf", b"%PDF-", "application/pdf")}
    assert post(url, fields, files=files) == 200
    mail = office.mail()
    assert (mail.text, mail.matched_by, mail.header_id) == (WORDS, "id", "reply-1@customer.example")
    assert [one["type"] for one in mail.attachments] == ["application/pdf"]


def test_a_parsed_mail_of_html_alone_is_read(office: Office, url: str) -> None:
    head = answer_to(office.start()).partition(b"\r\n\r\n")[0]
    html = "<div>はい、お願いします。</div><blockquote>Hello</blockquote>".encode()
    assert post(url, {"headers": head, "html": html, "charsets": "{}", "envelope": envelope()}) == 200
    assert office.mail().text == "はい、お願いします。"


def test_a_report_that_was_taken_apart_is_still_a_report(office: Office, url: str) -> None:
    sent = office.start()
    head, _, rest = letters.postfix_report(sent.message_id, to=sent.to_address).partition(b"\r\n\r\n")
    status = rest.split(b"Content-Type: message/delivery-status\r\n\r\n")[1].split(b"\r\n--B1")[0]
    returned = letters.returned(sent.message_id, to=sent.to_address).encode()
    files = {
        "attachment1": ("report.txt", status, "message/delivery-status"),
        "attachment2": ("mail.eml", returned, "message/rfc822"),
    }
    assert post(url, {"headers": head, "text": "failed", "envelope": envelope("")}, files=files) == 200
    assert (office.mail().kind, office.mail().meaning) == ("bounce", "bounced")


def test_an_empty_envelope_sender_is_a_robots(office: Office, url: str) -> None:
    post(url, {"email": answer_to(office.start()), "envelope": envelope("")})
    assert office.mail().kind == "auto_reply"


@pytest.mark.parametrize("key", ["wrong", "", None])
def test_without_the_password_nothing_comes_in(office: Office, url: str, key: str | None) -> None:
    assert post(url, {"email": answer_to(office.start())}, key=key) == 403
    assert office.raws() == []


def test_the_password_may_stand_in_the_url(office: Office, url: str) -> None:
    assert post(f"{url}?key=geheim", {"email": answer_to(office.start())}, key=None) == 200
    assert post(f"{url}?key=geheim2", {"email": b"x"}, key=None) == 403


def test_what_is_no_form_or_holds_no_mail_is_refused_with_its_reason(url: str) -> None:
    auth = ("sendgrid", "geheim")
    said = [
        requests.post(url, data=b"x", auth=auth, timeout=10),
        requests.post(url, files={"subject": (None, "x")}, auth=auth, timeout=10),
        requests.post(
            url, data=b"--b\r\ncut", headers={"Content-Type": "multipart/form-data; boundary=b"}, auth=auth, timeout=10
        ),
    ]
    assert [(one.status_code, one.json()["error"]["code"]) for one in said] == [
        (400, "no_form"),
        (400, "no_mail"),
        (400, "broken_form"),
    ]


def test_a_mail_of_thirty_megabytes_is_the_biggest(office: Office, url: str) -> None:
    big = answer_to(office.start(), "Yes.\n> " + "x" * 12_000_000)
    assert post(url, {"email": big, "envelope": envelope()}) == 200
    assert office.mail().text == "Yes."
    assert post(url, {"email": b"x" * (MAX_BODY_BYTES + 1)}) == 413


def test_any_fields_are_some_mail(office: Office, url: str) -> None:
    odd = {"headers": b"\xff\x00: \xfe", "text": b"\x00\xff", "charsets": b"[1]", "envelope": b"\xff"}
    assert post(url, odd) == 200
    assert post(url, {"headers": b"", "text": b"x", "charsets": '{"text": "\\r\\nX: y"}', "envelope": "null"}) == 200
    assert len(office.raws()) == 2
