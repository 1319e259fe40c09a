"""What the product has settled about some messages before they go; no statement where none is concerned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from engage.channels.in_app.tables import InAppItem
from engage.db.sets import among
from engage.language.steps import MAIL
from engage.messages.policy.in_product import OVER, SEEN
from engage.messages.showing import is_over
from engage.messages.tables import Message

_mail, _shown = aliased(Message), aliased(Message)
_SEEN = (
    select(_mail.id)
    .join(
        _shown,
        and_(
            _shown.origin == _mail.origin,
            _shown.origin_id == _mail.origin_id,
            _shown.step_id == func.replace(_mail.step_id, MAIL, ""),
            _shown.visit == _mail.visit,
            _shown.contact_id == _mail.contact_id,
            _shown.channel == "in_app",
        ),
    )
    .join(InAppItem, InAppItem.message_id == _shown.id)
    .where(among(_mail.id, "ids"), InAppItem.seen_at.is_not(None))
)
_INPUTS = select(Message.id, Message.inputs).where(among(Message.id, "ids"))


def settled_in_product(session: Session, rows: Sequence[Any], *, now: datetime) -> dict[int, str]:
    """By message: `seen` where its reader saw it in the product, `over` where its day has passed."""
    mails = [row.id for row in rows if row.channel == "email" and row.step.endswith(MAIL)]
    shown = [row.id for row in rows if row.channel == "in_app"]
    found = dict.fromkeys(session.scalars(_SEEN, {"ids": mails}), SEEN) if mails else {}
    kept = session.execute(_INPUTS, {"ids": shown}).all() if shown else ()
    return found | {row.id: OVER for row in kept if is_over(row.inputs, now)}
