"""A plain RQ job for each email: `send(mail file, port, number)`, run by `rq worker` as it ships."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from jinja2 import Environment, Template

from tests.bench.mail import SampleMail, person


@cache
def templates(path: str) -> dict[str, tuple[Template, Template, Template]]:
    """The mail compiled for each locale."""
    environment = Environment(autoescape=True)
    return {
        locale: (
            environment.from_string(mail.subject),
            environment.from_string(mail.text),
            environment.from_string(mail.html),
        )
        for locale, mail in SampleMail.load_all(Path(path)).items()
    }


def send(path: str, port: int, number: int) -> None:
    """Renders one mail and hands it to the SMTP server."""
    who = person(number)
    subject, text, html = templates(path)[who["locale"]]
    message = EmailMessage()
    message["Subject"] = subject.render(who)
    message["From"] = "team@vendor.example"
    message["To"] = who["address"]
    message.set_content(text.render(who))
    message.add_alternative(html.render(who), subtype="html")
    with smtplib.SMTP("127.0.0.1", port) as connection:
        connection.send_message(message)
