"""Settings: every environment variable, named once, with its default and its meaning."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    """One environment variable as `engage doctor` and the README list it."""

    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS = (
    Setting("ENGAGE_HOME", "~/.engage", "where data lives: SQLite file, outbox, Valkey, secret key"),
    Setting("ENGAGE_DATABASE_URL", "SQLite in the home", "`sqlite:///file` or `postgresql+psycopg://…`"),
    Setting("ENGAGE_REDIS_URL", "embedded Valkey", "`redis://…` of a shared Redis or Valkey; `off` = never use one"),
    Setting("ENGAGE_EMAIL_URL", "outbox:", "`outbox:` (files), `smtp://user:pass@host:port`, `smtps:…` or `sendgrid:`"),
    Setting("SENDGRID_API_KEY", "", "API key for `sendgrid:`", secret=True),
    Setting("ENGAGE_SENDGRID_URL", "https://api.sendgrid.com", "SendGrid's host, EU host, or a test server"),
    Setting("ENGAGE_SENDGRID_WEBHOOK_KEY", "", "public key(s) of the signed Event Webhook, separated by spaces"),
    Setting("ENGAGE_SECRET_KEY", "made once in the home", "signs links, sessions and in-app tokens", secret=True),
    Setting("ENGAGE_PUBLIC_URL", "http://127.0.0.1:8000", "where customers and staff reach `engage web`"),
    Setting("ENGAGE_PLAYBOOKS", "the shipped ones", "folder of playbooks (YAML)"),
    Setting("ENGAGE_TEMPLATES", "the shipped ones", "folder of email and in-app templates"),
    Setting("ENGAGE_DEFAULT_LOCALE", "ja", "language where neither contact nor account says one: `ja` or `en`"),
    Setting("ENGAGE_DEFAULT_TIMEZONE", "Asia/Tokyo", "IANA zone where neither contact nor account says one"),
)


@dataclass(frozen=True)
class Settings:
    """What one installation is told from outside."""

    home: Path
    database_url: str
    redis_url: str | None
    email_url: str
    sendgrid_api_key: str
    sendgrid_url: str
    sendgrid_webhook_keys: tuple[str, ...]
    secret_key: str
    public_url: str
    playbooks_dir: Path
    templates_dir: Path
    default_locale: str
    default_timezone: str

    @property
    def clock_file(self) -> Path:
        """The file that moves the clock, read by `clock.py` only."""
        return self.home / "clock"

    @property
    def outbox_dir(self) -> Path:
        """Where the `outbox:` channel leaves its .eml files."""
        return self.home / "outbox"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads the settings; makes the home and its secret key where they are missing."""
        env = os.environ if environ is None else environ
        home = Path(env.get("ENGAGE_HOME") or "~/.engage").expanduser().absolute()
        home.mkdir(parents=True, exist_ok=True)
        return cls(
            home=home,
            database_url=env.get("ENGAGE_DATABASE_URL") or f"sqlite:///{home / 'engage.db'}",
            redis_url=env.get("ENGAGE_REDIS_URL") or None,
            email_url=env.get("ENGAGE_EMAIL_URL") or "outbox:",
            sendgrid_api_key=env.get("SENDGRID_API_KEY", ""),
            sendgrid_url=(env.get("ENGAGE_SENDGRID_URL") or "https://api.sendgrid.com").rstrip("/"),
            sendgrid_webhook_keys=tuple(env.get("ENGAGE_SENDGRID_WEBHOOK_KEY", "").split()),
            secret_key=env.get("ENGAGE_SECRET_KEY") or _kept_secret(home / "secret_key"),
            public_url=(env.get("ENGAGE_PUBLIC_URL") or "http://127.0.0.1:8000").rstrip("/"),
            playbooks_dir=_folder(env.get("ENGAGE_PLAYBOOKS"), "playbooks"),
            templates_dir=_folder(env.get("ENGAGE_TEMPLATES"), "email_templates"),
            default_locale=env.get("ENGAGE_DEFAULT_LOCALE") or "ja",
            default_timezone=env.get("ENGAGE_DEFAULT_TIMEZONE") or "Asia/Tokyo",
        )


def environment_for(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child process that is to have these settings and none of ours."""
    ours = {setting.name for setting in SETTINGS}
    return {name: value for name, value in os.environ.items() if name not in ours} | dict(settings)


def shipped(name: str) -> Path:
    """The folder of that name as shipped: in the wheel, or at the top of a checkout."""
    inside = Path(__file__).parent / "_shipped" / name
    return inside if inside.is_dir() else Path(__file__).parent.parent / name


def _folder(said: str | None, name: str) -> Path:
    return Path(said).expanduser().absolute() if said else shipped(name)


def _kept_secret(path: Path) -> str:
    """The home's secret key; made once, readable by its owner only, and safe when two processes start together."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()
