"""`smtp://user:password@host:587` or `smtps://…`, with `?connections=4` for more at once, `per_domain=2` of them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from engage.channels.email.addresses import UnsendableError, wire_address
from engage.channels.email.provider_urls import ProviderUrl, wrong
from engage.channels.email.smtp.channel import SmtpChannel
from engage.channels.email.smtp.connection import SmtpServer, Tls
from engage.config import Settings
from engage.errors import InputError

OPTIONS = frozenset({"connections", "per_domain", "starttls"})
_PORTS = {"smtp": 25, "smtps": 465}
_STARTTLS: dict[str, Tls] = {"required": "required", "never": "never", "offered": "when offered"}


def open_channel(url: ProviderUrl, settings: Settings) -> SmtpChannel:
    """The server of the URL, with bounces going where the settings say."""
    connections = url.number("connections", 1, most=64)
    per_domain = url.number("per_domain", connections, most=64)
    bounces = _bounces(settings.bounce_address)
    return SmtpChannel(_server(url), connections=connections, per_domain=per_domain, bounces=bounces)


def _bounces(said: str) -> str | None:
    try:
        return said if said and wire_address(said.replace("{id}", "id")) else None
    except UnsendableError as error:
        hint = "such as bounces@mail.example.com or bounces+{id}@mail.example.com"
        raise InputError(str(error), where="ENGAGE_BOUNCE_ADDRESS", hint=hint) from None


def _server(url: ProviderUrl) -> SmtpServer:
    split = urlsplit(url.text)
    try:
        port = split.port
    except ValueError:
        raise wrong("its port is not a number") from None
    if not split.hostname:
        raise wrong("it names no host")
    user, password = unquote(split.username or ""), unquote(split.password or "")
    return SmtpServer(split.hostname, port or _PORTS[url.scheme], _tls(url, bool(user)), user, password)


def _tls(url: ProviderUrl, has_login: bool) -> Tls:
    """A password never travels in clear unless the URL says `starttls=never`."""
    if url.scheme == "smtps":
        return "implicit"
    return url.choice("starttls", _STARTTLS, "required" if has_login else "offered")
