"""One email as the JSON of `POST /v3/mail/send`, built with SendGrid's own helpers."""

from __future__ import annotations

import json

from sendgrid.helpers.mail import (
    Asm,
    Category,
    Cc,
    ClickTracking,
    Content,
    CustomArg,
    From,
    Header,
    Mail,
    MailSettings,
    OpenTracking,
    Personalization,
    ReplyTo,
    SandBoxMode,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from engage.channels.base import OutboundEmail
from engage.channels.email.addresses import check, message_id_of, wire_address

MESSAGE_ID_ARG = "engage_message_id"  # the only thing SendGrid keeps of ours: an opaque id


def payload(email: OutboundEmail, *, group: int | None = None, sandbox: bool = False) -> bytes:
    """The request body; refuses what the helpers would let through (CR/LF, illegal addresses).

    `group` is SendGrid's unsubscribe group of the mail's topic; in the sandbox a mail is judged and goes nowhere.
    """
    check(email)
    mail = Mail()
    mail.add_personalization(_personalization(email))
    mail.from_email = From(wire_address(email.from_address), email.from_name or None)
    mail.subject = email.subject or " "
    mail.add_content(Content("text/plain", email.text or " "))
    mail.add_content(Content("text/html", email.html or " "))
    if email.reply_to:
        mail.reply_to = ReplyTo(wire_address(email.reply_to))
    mail.add_header(Header("Message-ID", message_id_of(email)))
    for name, value in email.headers:
        mail.add_header(Header(name, value))
    mail.add_header(Header("X-Engage-Message", email.message_id))
    if email.category:
        mail.add_category(Category(email.category))
    mail.add_custom_arg(CustomArg(MESSAGE_ID_ARG, email.message_id))
    mail.tracking_settings = _no_tracking()
    if group is not None:
        mail.asm = Asm(group)
    if sandbox:
        mail.mail_settings = MailSettings(sandbox_mode=SandBoxMode(True))
    return json.dumps(mail.get(), separators=(",", ":")).encode("ascii")


def _personalization(email: OutboundEmail) -> Personalization:
    """One recipient per request, so that one ledger row is one call and one answer."""
    person = Personalization()
    person.add_to(To(wire_address(email.to_address), email.to_name or None))
    for name, address in email.cc:
        person.add_cc(Cc(wire_address(address), name or None))
    return person


def _no_tracking() -> TrackingSettings:
    """Links are signed and counted by us; SendGrid must not rewrite them."""
    settings = TrackingSettings()
    settings.click_tracking = ClickTracking(False, False)
    settings.open_tracking = OpenTracking(False)
    settings.subscription_tracking = SubscriptionTracking(False)
    return settings
