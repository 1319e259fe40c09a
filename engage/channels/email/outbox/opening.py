"""`outbox:`, or `outbox:/some/folder`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from engage.channels.email.outbox.channel import OutboxChannel, sweep_drafts
from engage.channels.email.provider_urls import ProviderUrl
from engage.clock import Clock
from engage.config import Settings

OPTIONS: frozenset[str] = frozenset()


def open_channel(url: ProviderUrl, settings: Settings) -> OutboxChannel:
    """The folder of the URL, else the one in the home."""
    folder = _folder(url, settings)
    channel = OutboxChannel(folder)
    sweep_drafts(folder, now=Clock().real())  # files bear the time of the system, however ours is moved
    return channel


def outbox_folder(settings: Settings) -> Path:
    """Where mails lie as files: in the folder that `outbox:/…` names, else in the outbox at home."""
    urls = (ProviderUrl(text) for text in settings.email_url.split())
    return next((_folder(url, settings) for url in urls if url.scheme == "outbox"), settings.outbox_dir)


def _folder(url: ProviderUrl, settings: Settings) -> Path:
    return Path(unquote(url.path)) if url.path else settings.outbox_dir
