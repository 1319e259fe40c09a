"""What a colleague reads: a notice or a letter as a mail, or as a message in Slack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from engage.channels.base import OutboundEmail
from engage.channels.email.senders import Sender
from engage.notices.letter_mail import page_as_html, page_as_text
from engage.notices.letters import Reading, page_of
from engage.notices.slack import bounded, disarmed, message_of
from engage.notices.words import say

_ABOUT = {"ja": "お客様: {name}({id})", "en": "Customer: {name} ({id})"}
_MISSING = {"ja": "(なし)", "en": "(missing)"}


@dataclass(frozen=True, slots=True)
class Reader:
    """The colleague, or the team where there is none."""

    name: str
    address: str
    locale: str
    time_zone: str
    is_team: bool = False


def mail_of(notice: Any, reader: Reader, sender: Sender, *, now: datetime) -> OutboundEmail:
    """The notice as a mail in the reader's language."""
    subject, html, text = _letter(notice, reader) if notice.about else _note(notice, reader)
    return OutboundEmail(
        message_id=notice.public_id,
        attempt=notice.fence,
        from_name=sender.name,
        from_address=sender.address,
        reply_to=sender.reply_to,
        to_name=reader.name,
        to_address=reader.address,
        cc=(),
        subject=subject,
        html=html,
        text=text,
        headers=(("Auto-Submitted", "auto-generated"),),
        category="staff_notice",
        sent_at=now,
    )


def slack_note(content: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """The notice as one message in Slack, its marks disarmed."""
    plain = f"{_words(content['title'], locale)}\n{text_of(content, locale)}"
    return {"text": bounded(disarmed(plain))}


def slack_letter(notice: Any, reader: Reader) -> dict[str, Any]:
    """The letter as one message in Slack, without customers' people and what is written to them.

    Where others read it, too, it names its reader and lets nobody decide.
    """
    is_own = notice.content["is_own"]
    page = page_of(notice.content, notice.about, replace(_reading(reader), with_words=False, may_decide=is_own))
    return message_of(page, reader="" if is_own else say("slack.for", page.language, name=reader.name))


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


def _letter(notice: Any, reader: Reader) -> tuple[str, str, str]:
    page = page_of(notice.content, notice.about, _reading(reader))
    return page.subject, page_as_html(page), page_as_text(page)


def _note(notice: Any, reader: Reader) -> tuple[str, str, str]:
    text = text_of(notice.content, reader.locale)
    subject = " ".join(_words(notice.content["title"], reader.locale).split())
    return subject, f'<pre style="font: inherit; white-space: pre-wrap">{escape(text)}</pre>', text


def _reading(reader: Reader) -> Reading:
    return Reading(reader.name, _language(reader.locale), reader.time_zone, is_team=reader.is_team)


def _words(words: Mapping[str, str], locale: str) -> str:
    return words[_language(locale)].strip()


def _language(locale: str) -> str:
    return "ja" if locale.startswith("ja") else "en"
