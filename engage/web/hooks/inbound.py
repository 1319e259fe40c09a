"""`POST /hooks/sendgrid/inbound`: SendGrid's Inbound Parse, which brings what customers write back.

The password of the settings comes as that of HTTP's basic authentication, or as `?key=`. 200 only after the commit, so
that SendGrid brings again what we could not keep.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from engage.channels.email.sendgrid.inbound import FormFile, read_inbound
from engage.errors import InputError, PermissionDeniedError
from engage.messages.inbound.taking import take

if TYPE_CHECKING:
    from engage.wiring import Engage

MAX_BODY_BYTES = 30 * 1024 * 1024  # SendGrid sends no bigger mail
_MOST_PARTS = 300


def inbound_hooks(engage: Engage) -> Blueprint:
    """The blueprint of mail that comes in; its guard is bound here."""
    hooks = Blueprint("inbound_hooks", __name__, url_prefix="/hooks/sendgrid")
    database, library, clock = engage.database, engage.library, engage.clock
    key = engage.settings.sendgrid_inbound_key

    @hooks.before_request
    def guard() -> None:
        request.max_content_length = MAX_BODY_BYTES
        said = request.authorization.password if request.authorization else request.args.get("key")
        if not key or not hmac.compare_digest((said or "").encode(), key.encode()):
            hint = "give SendGrid the password of ENGAGE_SENDGRID_INBOUND_KEY"
            raise PermissionDeniedError("the password is not the one of the settings", code="bad_key", hint=hint)

    @hooks.post("/inbound")
    def inbound() -> Response:
        fields, files = _form()
        arrived = read_inbound(fields, files)
        with database.transaction() as session:
            take(session, library, [arrived], now=clock.now())
        return Response(status=200)

    return hooks


def _form() -> tuple[dict[str, bytes], dict[str, FormFile]]:
    """The form's fields as bytes: each may be in a charset of its own, which Flask would not ask about."""
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise InputError("the body is no multipart form", code="no_form", hint="SendGrid’s Inbound Parse sends one")
    decoder = MultipartDecoder(boundary.encode("ascii", "replace"), max_parts=_MOST_PARTS)
    try:
        decoder.receive_data(request.get_data(cache=False, parse_form_data=False))
        decoder.receive_data(None)
        return _parts(decoder)
    except ValueError:
        raise InputError("the form cannot be read to its end", code="broken_form") from None


def _parts(decoder: MultipartDecoder) -> tuple[dict[str, bytes], dict[str, FormFile]]:
    fields: dict[str, bytes] = {}
    files: dict[str, FormFile] = {}
    part: Field | File | None = None
    content: list[bytes] = []
    while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
        if isinstance(event, Field | File):
            part, content = event, []
        elif isinstance(event, Data) and part is not None:
            content.append(event.data)
            if not event.more_data and isinstance(part, File):
                kind = part.headers.get("Content-Type", "").partition(";")[0].strip()
                files[part.name] = FormFile(kind, part.filename, b"".join(content))
            elif not event.more_data:
                fields[part.name] = b"".join(content)
    return fields, files
