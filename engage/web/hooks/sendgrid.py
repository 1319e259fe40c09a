"""`POST /hooks/sendgrid/events`: SendGrid's signed Event Webhook; 200 only after the commit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, request

from engage.channels.email.sendgrid.opening import topics_of
from engage.channels.email.sendgrid.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, parse, verify
from engage.messages.receipts import record_receipts

if TYPE_CHECKING:
    from engage.wiring import Engage

MAX_BODY_BYTES = 4 * 1024 * 1024


def sendgrid_hooks(engage: Engage) -> Blueprint:
    """The blueprint of SendGrid's webhook; its guard, the signature over the raw bytes, is bound here."""
    hooks = Blueprint("sendgrid_hooks", __name__, url_prefix="/hooks/sendgrid")
    database, clock, settings = engage.database, engage.clock, engage.settings
    fresh_for = timedelta(minutes=settings.sendgrid_webhook_minutes)
    topics = topics_of(settings.sendgrid_groups)

    @hooks.before_request
    def guard() -> None:
        request.max_content_length = MAX_BODY_BYTES
        g.raw = request.get_data(cache=False, parse_form_data=False)
        signed = {name: request.headers.get(name, "") for name in (SIGNATURE_HEADER, TIMESTAMP_HEADER)}
        verify(g.raw, signed, settings.sendgrid_webhook_keys, clock.now(), fresh_for)

    @hooks.post("/events")
    def events() -> Response:
        receipts = parse(g.raw, topics)
        with database.transaction() as session:
            record_receipts(session, receipts, now=clock.now())
        return Response(status=200)

    return hooks
