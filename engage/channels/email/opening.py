"""Which email channel `ENGAGE_EMAIL_URL` names."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from engage.channels.base import EmailChannel
from engage.channels.email.addresses import UnsendableError, wire_address
from engage.channels.email.outbox import OutboxChannel, outbox_folder, sweep_drafts
from engage.channels.email.sendgrid.channel import SendGridChannel
from engage.channels.email.smtp import SmtpChannel
from engage.channels.email.smtp_connection import SmtpServer, Tls
from engage.clock import Clock
from engage.config import Settings
from engage.errors import InputError

_STARTTLS: dict[str, Tls] = {"required": "required", "never": "never", "offered": "when offered"}
_MOST_CONNECTIONS = 64


def open_channel(settings: Settings) -> EmailChannel:
    """The channel the settings ask for; nothing is connected before the first message."""
    url = urlsplit(settings.email_url)
    opener = _SCHEMES.get(url.scheme)
    if opener is None:
        raise _wrong("it names no channel we have")
    return opener(url, settings)


def _outbox(_: SplitResult, settings: Settings) -> EmailChannel:
    folder = outbox_folder(settings)
    channel = OutboxChannel(folder)
    sweep_drafts(folder, now=Clock().real())  # files bear the time of the system, however ours is moved
    return channel


def _sendgrid(url: SplitResult, settings: Settings) -> EmailChannel:
    if not settings.sendgrid_api_key:
        raise InputError("sendgrid: needs an API key", where="SENDGRID_API_KEY", hint="set SENDGRID_API_KEY")
    return SendGridChannel(settings.sendgrid_api_key, settings.sendgrid_url, threads=_connections(url, 16))


def _smtp(url: SplitResult, settings: Settings) -> EmailChannel:
    connections = _connections(url, 1)
    per_domain = _number(url, "per_domain", connections)
    bounces = _bounces(settings.bounce_address)
    return SmtpChannel(_server(url), connections=connections, per_domain=per_domain, bounces=bounces)


def _bounces(said: str) -> str | None:
    try:
        return said if said and wire_address(said.replace("{id}", "id")) else None
    except UnsendableError as error:
        hint = "such as bounces@mail.example.com or bounces+{id}@mail.example.com"
        raise InputError(str(error), where="ENGAGE_BOUNCE_ADDRESS", hint=hint) from None


def _server(url: SplitResult) -> SmtpServer:
    try:
        port = url.port
    except ValueError:
        raise _wrong("its port is not a number") from None
    if not url.hostname:
        raise _wrong("it names no host")
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return SmtpServer(url.hostname, port or _PORTS[url.scheme], _tls(url, bool(user)), user, password)


def _tls(url: SplitResult, has_login: bool) -> Tls:
    """A password never travels in clear unless the URL says `starttls=never`."""
    if url.scheme == "smtps":
        return "implicit"
    asked = parse_qs(url.query).get("starttls", ["required" if has_login else "offered"])[0]
    if asked not in _STARTTLS:
        raise _wrong(f"starttls={asked} is none of {', '.join(sorted(_STARTTLS))}")
    return _STARTTLS[asked]


def _connections(url: SplitResult, default: int) -> int:
    return _number(url, "connections", default)


def _number(url: SplitResult, name: str, default: int) -> int:
    asked = parse_qs(url.query).get(name, [str(default)])[0]
    if not asked.isdecimal() or not 1 <= int(asked) <= _MOST_CONNECTIONS:
        raise _wrong(f"{name} must be a number from 1 to {_MOST_CONNECTIONS}")
    return int(asked)


def _wrong(why: str) -> InputError:
    hint = "outbox:, smtp://user:pass@host:587, smtps://user:pass@host:465 or sendgrid:"
    return InputError(f"the email URL cannot be used: {why}", where="ENGAGE_EMAIL_URL", hint=hint)


_PORTS = {"smtp": 25, "smtps": 465}

_SCHEMES: dict[str, Callable[[SplitResult, Settings], EmailChannel]] = {
    "outbox": _outbox,
    "smtp": _smtp,
    "smtps": _smtp,
    "sendgrid": _sendgrid,
}
