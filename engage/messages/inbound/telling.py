"""What mail that came in sets in motion: events for whoever waits, work for colleagues. Nothing is ever answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.email.inbound.automatic import Automatic, Meaning
from engage.customers.names import joined_name
from engage.customers.tables import Account, Contact
from engage.events.recording import NewEvent, record
from engage.keys import inbound_event, task_of_inbound
from engage.language.vocabulary import Vocabulary
from engage.messages.deadlines import A_DAY, deadline
from engage.messages.inbound.matching import NO_MATCH, Match
from engage.messages.inbound.tables import InboundEmail
from engage.tasks.raising import NewTask, raise_tasks

REPLY, DEPARTURE, FLOOD = "customer_reply", "departure", "inbound_flood"
MOST_EXCERPT = 1000
_ONE_SUGGESTION = timedelta(days=90)  # a robot says the same of each mail that it gets
_LONGEST_SUBJECT = 80
_TITLES: Mapping[str, Mapping[str, str]] = {
    REPLY: {"ja": "お客様の返信に応える:「{subject}」", "en": "Answer the customer’s reply: “{subject}”"},
    DEPARTURE: {"ja": "{who}様の退職・異動を確かめる", "en": "Find out whether {who} has left"},
    FLOOD: {"ja": "{address} から届くメールが多すぎます", "en": "Too much mail comes from {address}"},
}
_NOTES: Mapping[str, Mapping[str, str]] = {
    REPLY: {"ja": "{who}様より\n{text}", "en": "From {who}\n{text}"},
    DEPARTURE: {
        "ja": "自動返信に次のように書かれています。\n{text}\n後任の方: {successor}\n"
        "受信メールの画面で確認すると、離任と後任の方が記録されます。",
        "en": "Their automatic reply says:\n{text}\nWho follows: {successor}\nConfirm it on the page of the mail: "
        "the departure and the successor are then recorded.",
    },
    FLOOD: {
        "ja": "自動応答どうしの往復かもしれません。ここから先のメールは保存だけして、何も起こしません。",
        "en": "Perhaps two robots answer each other. What comes beyond this is kept and sets nothing in motion.",
    },
}
_UNKNOWN = {"ja": "記載なし", "en": "not named"}
_NO_SUBJECT = {"ja": "(件名なし)", "en": "(no subject)"}


def tell_reply(session: Session, vocabulary: Vocabulary, mail: Mapping[str, Any], match: Match, now: datetime) -> None:
    """Records `replied`, which stops reminders, and asks the account's owner to answer."""
    message = match.message
    said = {
        "inbound_id": mail["public_id"],
        "subject": mail["subject"][:200],
        "excerpt": mail["text"][:MOST_EXCERPT],
        "from_name": mail["from_name"],
        "from_address": mail["from_address"],
        "matched_by": match.by,
        **({} if message is None else _about(message)),
    }
    record(session, [_event(mail, match, "replied", said, now)])
    raise_tasks(session, [_task(session, vocabulary, REPLY, mail, match, now)], now=now)


def tell_automatic(
    session: Session, vocabulary: Vocabulary, mail: Mapping[str, Any], match: Match, said: Automatic, now: datetime
) -> None:
    """An absence holds the person's mail until it ends; a departure is for a colleague to confirm."""
    if said.meaning is Meaning.AWAY and said.away_until is not None and match.by == "id" and match.contact_id:
        away = {"until": said.away_until.isoformat(), "inbound_id": mail["public_id"], "evidence": said.evidence}
        record(session, [_event(mail, match, "contact.away", away, now)])
    changes = said.meaning in (Meaning.LEFT, Meaning.HANDED_OVER)
    if changes and match.account_id is not None and not _was_suggested(session, mail, match, now):
        raise_tasks(session, [_task(session, vocabulary, DEPARTURE, mail, match, now)], now=now)


def tell_flood(session: Session, vocabulary: Vocabulary, mail: Mapping[str, Any], now: datetime) -> None:
    """One task a day for each sender that sends too much."""
    task = _task(session, vocabulary, FLOOD, mail, NO_MATCH, now)
    raise_tasks(session, [task], now=now)


def _about(message: Any) -> dict[str, Any]:
    """The message that was answered, in the words of its own events."""
    return {
        "message_id": message.public_id,
        "playbook": message.playbook_key,
        "origin": message.origin,
        "origin_id": message.origin_id,
        "step_id": message.step_id,
        "visit": message.visit,
    }


def _event(mail: Mapping[str, Any], match: Match, name: str, said: Mapping[str, Any], now: datetime) -> NewEvent:
    return NewEvent(
        key=inbound_event(mail["public_id"], name),
        name=name,
        occurred_at=moment_of(mail["sent_at"], now),
        received_at=now,
        account_id=match.account_id,
        contact_id=match.contact_id,
        properties={fact: value for fact, value in said.items() if value not in (None, "")},
    )


def moment_of(sent_at: datetime | None, now: datetime) -> datetime:
    """When it was written, as far as that can be believed: not in the future, and not long ago."""
    return sent_at if sent_at is not None and now - timedelta(days=7) <= sent_at <= now else now


def _task(
    session: Session, vocabulary: Vocabulary, what: str, mail: Mapping[str, Any], match: Match, now: datetime
) -> NewTask:
    account = session.get(Account, match.account_id) if match.account_id else None
    zone, country = (account.time_zone, account.country) if account else (None, None)
    key = f"{mail['from_key']} {now.date().isoformat()}" if what == FLOOD else mail["public_id"]
    return NewTask(
        key=task_of_inbound(key, what),
        account_id=match.account_id,
        contact_id=match.contact_id,
        role="cs_ops" if what == FLOOD else "csm",
        reason=what,
        title=_words(_TITLES[what], session, mail, match),
        note=_words(_NOTES[what], session, mail, match),
        due_at=deadline(vocabulary, now, A_DAY, zone_name=zone, country=country),
    )


def _words(words: Mapping[str, str], session: Session, mail: Mapping[str, Any], match: Match) -> dict[str, str]:
    findings = mail["findings"]
    follows = " ".join(str(findings[name]) for name in ("successor_name", "successor_address") if name in findings)
    subject = mail["subject"]
    cut = subject[:_LONGEST_SUBJECT] + ("…" if len(subject) > _LONGEST_SUBJECT else "")
    said = {
        "who": _who(session, mail, match),
        "address": mail["from_address"],
        "text": findings.get("evidence") or mail["text"][:MOST_EXCERPT],
    }
    return {
        locale: text.format(**said, subject=cut or _NO_SUBJECT[locale], successor=follows or _UNKNOWN[locale])
        for locale, text in words.items()
    }


def _who(session: Session, mail: Mapping[str, Any], match: Match) -> str:
    """The writer as we know them, else as they call themselves."""
    contact = session.get(Contact, match.contact_id) if match.contact_id else None
    name = joined_name(contact.family_name, contact.given_name) if contact else ""
    return name or mail["from_name"] or mail["from_address"]


def _was_suggested(session: Session, mail: Mapping[str, Any], match: Match, now: datetime) -> bool:
    """Whether a colleague was asked about this person of late, or is still being asked."""
    same = (
        InboundEmail.contact_id == match.contact_id if match.contact_id else InboundEmail.from_key == mail["from_key"]
    )
    asked = select(InboundEmail.id).where(
        same,
        InboundEmail.account_id == match.account_id,
        InboundEmail.meaning.in_((Meaning.LEFT, Meaning.HANDED_OVER)),
        InboundEmail.received_at > now - _ONE_SUGGESTION,
        InboundEmail.public_id != mail["public_id"],
    )
    return session.scalar(asked.limit(1)) is not None
