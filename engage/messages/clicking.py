"""A link of a message was fetched, by a person or by a machine that checks links: noted, and nothing decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address, ip_network

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact
from engage.messages.click_rules import SETTLES
from engage.messages.following import may_follow
from engage.messages.links import Links
from engage.messages.tables import Click, Message
from engage.messages.targets import targets_of
from engage.releases.library import Library

_LONGEST_AGENT = 300
# Where no reader is: whoever comes from there is a proxy of ours.
_INNER = tuple(
    ip_network(one)
    for one in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
)
_READER = (
    select(Message.id, Contact.traits.label("contact_said"), Account.traits.label("account_said"))
    .join(Contact, Contact.id == Message.contact_id)
    .outerjoin(Account, Account.id == Message.account_id)
    .where(Message.public_id == bindparam("public_id"))
)


def follow(session: Session, library: Library, links: Links, token: str) -> tuple[str, str]:
    """The message and the page of a link; raises NotFoundError for one that is not ours."""

    def targets(public_id: str) -> Iterator[str]:
        message = session.scalar(select(Message).where(Message.public_id == public_id))
        return targets_of(library, session, message) if message else iter(())

    return links.read_click(token, targets)


def note_click(
    session: Session,
    public_id: str,
    url: str,
    *,
    method: str,
    user_agent: str | None,
    address: str | None,
    now: datetime,
) -> bool:
    """Appends a click row; False when the message is not in the ledger, or its reader is not to be followed."""
    message = session.execute(_READER, {"public_id": public_id}).first()
    if message is None or not may_follow(message.contact_said, message.account_said):
        return False
    click = Click(
        message_id=message.id,
        url=url,
        at=now,
        method=method,
        user_agent=user_agent[:_LONGEST_AGENT] if user_agent else None,
        network=network_of(address),
        judge_at=now + SETTLES,
    )
    session.add(click)
    return True


def network_of(address: str | None) -> str | None:
    """The network that an address is in, wide enough to name nobody; an inner one says nothing."""
    try:
        plain = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    plain = getattr(plain, "ipv4_mapped", None) or plain
    if any(plain in network for network in _INNER if network.version == plain.version):
        return None
    return str(ip_network(f"{plain}/{24 if plain.version == 4 else 48}", strict=False))
