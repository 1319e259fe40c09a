"""What this installation needs DNS to bear out: read from its settings, the team and the colleagues who write."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.email.senders import writes_as
from engage.config import Settings
from engage.releases.library import Library
from engage.staff.tables import StaffMember
from engage.upkeep.dns.domains import Sending


def sending_of(session: Session, library: Library, settings: Settings) -> Sending:
    """The domains that mail is from and is answered at, and where its links lead."""
    writing = select(StaffMember.email).where(StaffMember.position.is_not(None), StaffMember.is_active)
    addresses = [library.vocabulary(session).company.team.email, *session.scalars(writing.order_by(StaffMember.id))]
    senders = [writes_as(("", address), settings.sending_domains) for address in addresses if address]
    used = dict.fromkeys(_domain_of(sender.address) for sender in senders)
    return Sending(
        domains=settings.sending_domains or tuple(used),
        selectors=settings.dkim_selectors,
        return_path=settings.return_path,
        provider=settings.email_url.partition(":")[0],
        replies=tuple(dict.fromkeys(_domain_of(sender.reply_to or sender.address) for sender in senders)),
        link_host=_public_host(settings.link_url),
    )


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _public_host(url: str) -> str | None:
    """The host of a URL, where it is a name that DNS should know."""
    host = urlsplit(url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host if "." in host else None
    return None
