"""Keys with which a customer's product backend signs in-app tokens: derived from our secret, never stored."""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.staff.tables import InAppKey


def derive(secret: str, kid: str) -> str:
    """The signing secret of a key id: the same for ever while ENGAGE_SECRET_KEY stays."""
    return hmac.new(secret.encode(), f"in-app:{kid}".encode(), hashlib.sha256).hexdigest()


def is_live(session: Session, kid: str) -> bool:
    """Whether a key id was handed out and not revoked."""
    known = select(InAppKey.id).where(InAppKey.kid == kid, InAppKey.revoked_at.is_(None))
    return session.scalar(known) is not None
