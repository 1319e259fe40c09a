"""ENGAGE_EMAIL_URL names a channel, or is refused with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.channels.email.opening import open_channel
from engage.config import Settings
from engage.errors import InputError


def settings(tmp_path: Path, url: str, **more: str) -> Settings:
    return Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_EMAIL_URL": url, **more})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("outbox:", "outbox"),
        ("smtp://127.0.0.1:2525?connections=4", "smtp"),
        ("smtp://127.0.0.1:2525?connections=8&per_domain=2", "smtp"),
        ("smtps://me:p%40ss@mail.example.com", "smtp"),
        ("sendgrid:", "sendgrid"),
    ],
)
def test_each_scheme_opens_its_channel(tmp_path: Path, url: str, name: str) -> None:
    channel = open_channel(settings(tmp_path, url, SENDGRID_API_KEY="SG.x"))
    assert channel.name == name
    channel.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pigeon://x",
        "smtp://",
        "smtp://h:port",
        "smtp://h?connections=0",
        "smtp://h?connections=x",
        "smtp://h?starttls=no",
        "smtp://h?connections=4&per_domain=0",
    ],
)
def test_a_url_that_names_no_channel_is_refused(tmp_path: Path, url: str) -> None:
    if url == "":
        assert open_channel(settings(tmp_path, url)).name == "outbox"
        return
    with pytest.raises(InputError, match="ENGAGE_EMAIL_URL"):
        open_channel(settings(tmp_path, url))


def test_sendgrid_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="SENDGRID_API_KEY"):
        open_channel(settings(tmp_path, "sendgrid:"))


@pytest.mark.parametrize("address", ["nobody", "山@example.com", "{id}"])
def test_a_bounce_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="ENGAGE_BOUNCE_ADDRESS"):
        open_channel(settings(tmp_path, "smtp://h", ENGAGE_BOUNCE_ADDRESS=address))
