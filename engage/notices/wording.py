"""What a colleague reads: the mail of a notice, the line in Slack."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engage.channels.base import OutboundEmail
from engage.channels.email.senders import Sender

_ABOUT = {"ja": "お客様: {name}({id})", "en": "Customer: {name} ({id})"}
_MISSING = {"ja": "(なし)", "en": "(missing)"}


@dataclass(frozen=True, slots=True)
class Reader:
    """The colleague, or the team where there is none."""

    name: str
    address: str
    locale: str


def mail_of(notice: Any, reader: Reader, sender: Sender, *, now: datetime) -> OutboundEmail:
    """The notice as a mail in the reader's language."""
    text = text_of(notice.content, reader.locale)
    return OutboundEmail(
        message_id=notice.public_id,
        attempt=notice.fence,
        from_name=sender.name,
        from_address=sender.address,
        reply_to=sender.reply_to,
        to_name=reader.name,
        to_address=reader.address,
        cc=(),
        subject=" ".join(_words(notice.content["title"], reader.locale).split()),
        html=f'<pre style="font: inherit; white-space: pre-wrap">{html.escape(text)}</pre>',
        text=text,
        headers=(("Auto-Submitted", "auto-generated"),),
        category="staff_notice",
        sent_at=now,
    )


def line_of(content: Mapping[str, Any], locale: str) -> str:
    """The notice as one message in Slack, its marks disarmed."""
    plain = f"{_words(content['title'], locale)}\n{text_of(content, locale)}"
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_of(content: Mapping[str, Any], locale: str) -> str:
    """The body: what the author wrote, whom it is about, the facts asked for."""
    language = _language(locale)
    parts = [_words(content["text"], locale)] if content.get("text") else []
    account = content.get("account") or {}
    if account:
        parts.append(_ABOUT[language].format(**account))
    facts = content.get("facts") or ()
    if facts:
        said = (f"{name}: {_MISSING[language] if value is None else value}" for name, value in facts)
        parts.append("\n".join(said))
    return "\n\n".join(parts) + "\n"


def _words(words: Mapping[str, str], locale: str) -> str:
    return words[_language(locale)].strip()


def _language(locale: str) -> str:
    return "ja" if locale.startswith("ja") else "en"
