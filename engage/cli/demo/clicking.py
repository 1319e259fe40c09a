"""A customer of the demo clicks an answer in a mail and confirms it on the page, over HTTP as a browser would."""

from __future__ import annotations

import email
import http.client
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import select

from engage.cli.demo.stage import DemoError, Stage
from engage.messages.tables import Message


def click_answer(stage: Stage, template: str, text: str, **said: str) -> None:
    """Follows the link that the newest mail of a template names so, and sends the form with these fields."""
    with stage.database.reading() as session:
        newest = select(Message.public_id).where(Message.template_name == template, Message.state == "accepted")
        message_id = session.scalar(newest.order_by(Message.id.desc()).limit(1))
    path = urlsplit(_link(stage.home / "outbox" / f"{message_id}.eml", text)).path
    for method, body in (("GET", None), ("POST", urlencode(said))):
        _ask(stage, method, path, body)
    stage.settle()


def _link(mail: Path, text: str) -> str:
    read: Any = email.message_from_bytes(mail.read_bytes(), policy=default)
    lines: list[str] = read.get_body(("plain",)).get_content().splitlines()
    return next(line.removeprefix(f"{text}: ") for line in lines if line.startswith(f"{text}: "))


def _ask(stage: Stage, method: str, path: str, body: str | None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise DemoError(f"the answer page said {answer.status}", where="/survey")
    finally:
        connection.close()
