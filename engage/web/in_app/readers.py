"""Which contact a product's user is, and how often their inbox has changed: all that an unchanged inbox costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, bindparam, func, select
from sqlalchemy.orm import Session

from engage.channels.in_app.tables import InAppInbox
from engage.customers.tables import Contact, ContactAlias
from engage.staff.tables import InAppKey
from engage.web.in_app.tokens import Speaker, unknown_key

_USER, _KID = bindparam("user", type_=String), bindparam("kid", type_=String)
_BY_ID = select(Contact.id).where(Contact.external_id == _USER).scalar_subquery()
_BY_ALIAS = select(ContactAlias.contact_id).where(ContactAlias.external_id == _USER).scalar_subquery()
_KEY = select(InAppKey.id).where(InAppKey.kid == _KID, InAppKey.revoked_at.is_(None)).exists()
_who = select(_KEY.label("is_live"), func.coalesce(_BY_ID, _BY_ALIAS).label("contact_id")).subquery()
_ASKED = select(_who.c.is_live, _who.c.contact_id, InAppInbox.version, InAppInbox.quiet_until).outerjoin_from(
    _who, InAppInbox, InAppInbox.contact_id == _who.c.contact_id
)


@dataclass(frozen=True, slots=True)
class Reader:
    """A contact as their browser is answered; without an id where nothing was heard of the user yet."""

    contact_id: int | None
    version: int = 0
    quiet_until: datetime | None = None


def reader_of(session: Session, speaker: Speaker) -> Reader:
    """The reader that a token speaks for, in one statement; PermissionDeniedError where its key is not live."""
    row = session.execute(_ASKED, {"user": speaker.user_id, "kid": speaker.kid}).one()
    if not row.is_live:
        raise unknown_key(speaker.kid)
    return Reader(row.contact_id, row.version or 0, row.quiet_until)
