"""Which contact a product's user is."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Contact, ContactAlias


def contact_id_of(session: Session, user_id: str) -> int | None:
    """The contact known under a user id or an alias of it; None when nothing was heard of the user yet."""
    by_alias = select(ContactAlias.contact_id).where(ContactAlias.external_id == user_id)
    by_id = select(Contact.id).where(Contact.external_id == user_id)
    found = session.scalar(by_id)
    return found if found is not None else session.scalar(by_alias)
