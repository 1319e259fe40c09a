"""ENGAGE_EMAIL_URL names one provider or several, each with its options, or is refused with the way out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engage.channels.email.opening import PROVIDERS, open_channel
from engage.channels.email.routing.brakes import Allowance
from engage.channels.email.routing.routes import Routes
from engage.config import Settings
from engage.errors import InputError


def opened(tmp_path: Path, url: str, **more: str) -> Routes:
    said = {"ENGAGE_HOME": str(tmp_path), "ENGAGE_EMAIL_URL": url, "SENDGRID_API_KEY": "SG.x", **more}
    routes = open_channel(Settings.from_env(said))
    routes.close()
    return routes


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("", ["outbox"]),
        ("outbox:", ["outbox"]),
        ("smtp://127.0.0.1:2525?connections=4", ["smtp"]),
        ("smtp://127.0.0.1:2525?connections=8&per_domain=2", ["smtp"]),
        ("smtps://me:p%40ss@mail.example.com", ["smtp"]),
        ("sendgrid:", ["sendgrid"]),
        ("sendgrid:?sandbox=yes&connections=32", ["sendgrid"]),
        ("sendgrid:?per_second=50 smtp://relay.example.com", ["sendgrid", "smtp"]),
        ("smtp://one.example.com  smtps://two.example.com", ["smtp", "smtp-2"]),
    ],
)
def test_each_url_opens_its_providers_in_order(tmp_path: Path, url: str, names: list[str]) -> None:
    routes = opened(tmp_path, url)
    assert [route.name for route in routes.each] == names
    assert routes.name == names[0]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (" ", "names no channel"),
        ("pigeon://x", "names no channel"),
        ("outbox: pigeon://x", "names no channel"),
        ("smtp://", "names no host"),
        ("smtp://h:port", "port is not a number"),
        ("smtp://h?connections=0", "from 1 to 64"),
        ("smtp://h?connections=x", "from 1 to 64"),
        ("smtp://h?connections=4&per_domain=0", "per_domain must be"),
        ("smtp://h?starttls=no", "starttls=no is none of"),
        ("sendgrid:?sandbx=yes", "has no option sandbx"),
        ("sendgrid:?sandbox=true", "sandbox=true is none of"),
        ("sendgrid:?per_second=0", "per_second must be"),
        ("sendgrid:?per_second=5&per_day=9", "say one of per_second and per_day"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(InputError, match=f"ENGAGE_EMAIL_URL.*{why}"):
        opened(tmp_path, url)


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        ("", None),
        ("?per_second=50", Allowance(50, timedelta(seconds=1))),
        ("?per_minute=50", Allowance(50, timedelta(minutes=1))),
        ("?per_hour=50", Allowance(50, timedelta(hours=1))),
        ("?per_day=50", Allowance(50, timedelta(days=1))),
    ],
)
def test_any_provider_may_have_a_limit(tmp_path: Path, said: str, limit: Allowance | None) -> None:
    for url in ("outbox:", "smtp://h", "sendgrid:"):
        assert opened(tmp_path, url + said).each[0].limit == limit


def test_sendgrid_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="SENDGRID_API_KEY"):
        opened(tmp_path, "sendgrid:", SENDGRID_API_KEY="")


@pytest.mark.parametrize("said", ["product=news", "product=", "product=0"])
def test_a_group_that_is_no_number_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(InputError, match="ENGAGE_SENDGRID_GROUPS"):
        opened(tmp_path, "sendgrid:", ENGAGE_SENDGRID_GROUPS=said)


@pytest.mark.parametrize("address", ["nobody", "山@example.com", "{id}"])
def test_a_bounce_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="ENGAGE_BOUNCE_ADDRESS"):
        opened(tmp_path, "smtp://h", ENGAGE_BOUNCE_ADDRESS=address)


def test_every_provider_is_a_folder_with_the_same_files() -> None:
    package = Path(__file__).parents[3] / "engage" / "channels" / "email"
    folders = {provider.open.__module__.split(".")[-2] for provider in PROVIDERS.values()}
    assert folders == {"outbox", "smtp", "sendgrid"}
    for folder in folders:
        assert {"__init__.py", "opening.py", "channel.py"} <= {path.name for path in (package / folder).iterdir()}
