"""A setting that cannot be meant is refused by name, with the way out, before anything rests on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage import wiring
from engage.cli.run import worker_children
from engage.config import Settings
from engage.errors import InputError, StoreUnavailableError


def said(tmp_path: Path, **settings: str) -> Settings:
    return Settings.from_env({"ENGAGE_HOME": str(tmp_path), **settings})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGAGE_DEFAULT_LOCALE", "fr"),
        ("ENGAGE_DEFAULT_TIMEZONE", "Mars/Base"),
        ("ENGAGE_DEFAULT_TIMEZONE", "../etc/passwd"),
        ("ENGAGE_PROXIES", "two"),
        ("ENGAGE_ASK_ABOVE", "-1"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(InputError) as refused:
        said(tmp_path, **{name: value})
    assert refused.value.where == name


@pytest.mark.parametrize("url", ["nonsense", "mysql://me@host/name", "postgres://me@host/name"])
def test_an_address_that_is_no_database_of_ours_is_refused(tmp_path: Path, url: str) -> None:
    with (
        pytest.raises(InputError, match=r"ENGAGE_DATABASE_URL.*postgresql"),
        wiring.opened(said(tmp_path, ENGAGE_DATABASE_URL=url)),
    ):
        pass


def test_a_database_that_is_away_says_so_when_the_schema_is_brought(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        wiring.migrate(said(tmp_path, ENGAGE_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none"))


def test_no_worker_starts_on_a_channel_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="SENDGRID_API_KEY"):
        worker_children(said(tmp_path, ENGAGE_EMAIL_URL="sendgrid:"))
