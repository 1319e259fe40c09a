"""What this installation needs DNS to bear out: read from its settings, the team and the colleagues who write."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from engage.channels.email.senders import writes_as
from engage.config import Settings
from engage.db.session import Database
from engage.errors import StoreUnavailableError
from engage.releases.library import Library
from engage.staff.tables import StaffMember
from engage.upkeep.dns.domains import Sending


def sending_of(database: Database, library: Library, settings: Settings) -> Sending:
    """The domains that mail is from and is answered at, and where its links lead.

    Without a database that can be read it is what the settings say alone.
    """
    answered = settings.reply_address
    senders = [writes_as(("", address), settings.sending_domains) for address in _addresses(database, library)]
    used = dict.fromkeys(_domain_of(sender.address) for sender in senders)
    return Sending(
        domains=settings.sending_domains or tuple(used),
        selectors=settings.dkim_selectors,
        return_path=settings.return_path or _bounces_at(settings),
        provider=settings.email_url.partition(":")[0],
        replies=tuple(dict.fromkeys(_domain_of(answered or sender.reply_to or sender.address) for sender in senders)),
        link_host=_public_host(settings.link_url),
    )


def _addresses(database: Database, library: Library) -> list[str]:
    """Of everybody who may write to customers."""
    writing = select(StaffMember.email).where(StaffMember.position.is_not(None), StaffMember.is_active)
    try:
        with database.reading() as session:
            team = library.vocabulary(session).company.team.email
            return [address for address in (team, *session.scalars(writing.order_by(StaffMember.id))) if address]
    except (StoreUnavailableError, DBAPIError):
        return []


def _bounces_at(settings: Settings) -> str | None:
    """The domain in the envelope, where the settings choose it: over SMTP only."""
    chosen = settings.bounce_address if settings.email_url.startswith("smtp") else ""
    return _domain_of(chosen) or None


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
