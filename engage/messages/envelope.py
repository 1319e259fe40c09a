"""From a rendered mail to what a channel carries: who it is from, whom it goes to, and the headers machines read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.channels.base import OutboundEmail
from engage.errors import EngageError
from engage.messages.formats import language_of
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail


class NoSenderError(EngageError):
    """A mail has nobody to come from; it is held, never sent from a no-reply address."""

    code = "no_sender"


def outbound(
    row: Any, rendered: RenderedEmail, *, address: str, attempt: int, links: Links, now: datetime
) -> OutboundEmail:
    """The email of a ledger row, ready for a channel."""
    from_name, from_address = _sender(row.inputs)
    return OutboundEmail(
        message_id=row.public_id,
        attempt=attempt,
        from_name=from_name,
        from_address=from_address,
        reply_to=None,
        to_name=_person(row.inputs.get("contact") or {}, row.locale),
        to_address=address,
        cc=tuple((str(name), str(copy)) for name, copy in row.cc or ()),
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        headers=_headers(row, links),
        category=row.playbook_key or row.origin,
        sent_at=now,
    )


def _sender(facts: Mapping[str, Any]) -> tuple[str, str]:
    """The person who writes, else the team; a mail is never from nobody."""
    for who in ("sender", "team"):
        said = facts.get(who) or {}
        if said.get("email"):
            return str(said.get("name") or ""), str(said["email"])
    raise NoSenderError("neither the sender nor the team has an email address")


def _person(contact: Mapping[str, Any], locale: str) -> str:
    names = [contact.get("family_name"), contact.get("given_name")]
    if language_of(locale) == "en":
        names.reverse()
    return " ".join(str(name) for name in names if name)


def _headers(row: Any, links: Links) -> tuple[tuple[str, str], ...]:
    """One-click unsubscribing (RFC 8058) wherever the purpose lets the reader say no."""
    machine = ("Auto-Submitted", "auto-generated")
    if row.purpose == "transactional":
        return (machine,)
    url = links.unsubscribe_url(row.public_id)
    return (machine, ("List-Unsubscribe", f"<{url}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
