"""Settings: every environment variable, named once, with its default and its meaning."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engage.errors import InputError

_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")
_PAUSE_AT = "bounces=5%/10 complaints=0.2%/3"


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
    Setting(
        "ENGAGE_EMAIL_URL",
        "outbox:",
        "`outbox:` (files), `smtp://user:pass@host:port`, `smtps:…` or `sendgrid:`; a second one is asked for what the "
        "first does not take",
    ),
    Setting("ENGAGE_BOUNCE_ADDRESS", "", "where SMTP's bounces go; `{id}` in it becomes the message's id"),
    Setting(
        "ENGAGE_REPLY_ADDRESS", "", "where customers' answers go, for Engage to read; `{id}` becomes the message's id"
    ),
    Setting("ENGAGE_MAILBOX_URL", "", "mailboxes to read replies and bounces from: `imaps://user:pass@host/INBOX`"),
    Setting("SENDGRID_API_KEY", "", "API key for `sendgrid:`", secret=True),
    Setting("ENGAGE_SENDGRID_URL", "https://api.sendgrid.com", "SendGrid's host, EU host, or a test server"),
    Setting("ENGAGE_SENDGRID_GROUPS", "", "SendGrid's unsubscribe group of a topic: `product=12345`, apart by spaces"),
    Setting("ENGAGE_SENDGRID_WEBHOOK_KEY", "", "public key(s) of the signed Event Webhook, separated by spaces"),
    Setting("ENGAGE_SENDGRID_INBOUND_KEY", "", "password that SendGrid's Inbound Parse comes with", secret=True),
    Setting("ENGAGE_SENDGRID_WEBHOOK_MINUTES", "1500", "how old the signature of a webhook may be; 0 = any age"),
    Setting("ENGAGE_WARM_UP", "", "new sending domains with their first day: `mail.example.com=2026-12-01`"),
    Setting(
        "ENGAGE_PAUSE_AT",
        _PAUSE_AT,
        "share of a week's mail, and at least how many, that pauses a playbook or sending domain; `off` = never",
    ),
    Setting("ENGAGE_WEBHOOKS", "", "addresses for the step `webhook`: `name=https://…`, separated by spaces"),
    Setting("ENGAGE_WEBHOOK_SECRETS", "", "what signs them (Standard Webhooks): `name=whsec_…`", secret=True),
    Setting(
        "ENGAGE_SLACK", "", "Slack's incoming webhooks, for `notify` and colleagues: `name=https://…`", secret=True
    ),
    Setting("ENGAGE_CALL_NETWORKS", "", "inner networks that may be called all the same, such as `10.1.0.0/16`"),
    Setting("ENGAGE_SECRET_KEY", "made once in the home", "signs links, sessions and in-app tokens", secret=True),
    Setting(
        "ENGAGE_FORMER_SECRET_KEYS", "", "earlier secret keys, separated by spaces: their links still work", secret=True
    ),
    Setting("ENGAGE_PUBLIC_URL", "http://127.0.0.1:8000", "where customers and staff reach `engage web`"),
    Setting("ENGAGE_LINK_URL", "the public URL", "where customers' links begin, such as `https://go.example.com`"),
    Setting(
        "ENGAGE_SENDING_DOMAINS",
        "",
        "domains whose SPF, DKIM and DMARC are ours: who has their mailbox elsewhere writes from the first",
    ),
    Setting("ENGAGE_DKIM_SELECTORS", "", "names of the keys that sign mail, for `engage doctor --dns`"),
    Setting("ENGAGE_RETURN_PATH", "the sending domain", "domain where bounces go, as a provider has it below yours"),
    Setting("ENGAGE_CLICK_TRACKING", "on", "`off`: links in mails lead straight to their pages, and no click is noted"),
    Setting(
        "ENGAGE_PROXIES",
        "0",
        "how many proxies of yours stand before `engage web`; only theirs `X-Forwarded-For` counts",
    ),
    Setting(
        "ENGAGE_IN_APP_ORIGINS",
        "any",
        "origins whose pages may ask for inboxes, such as `https://app.example.com`, separated by spaces",
    ),
    Setting("ENGAGE_IN_APP_POLL", "30", "seconds after which a browser asks again whether its inbox has changed"),
    Setting(
        "ENGAGE_STREAM_URL",
        "",
        "address of the live stream, such as `https://engage.example.com/in-app/v1/stream`; without it browsers ask",
    ),
    Setting("ENGAGE_METRICS_TOKEN", "", "bearer token for `/metrics`; without it there is no such page", secret=True),
    Setting("ENGAGE_PLAYBOOKS", "the shipped ones", "folder of playbooks (YAML)"),
    Setting("ENGAGE_TEMPLATES", "the shipped ones", "folder of email and in-app templates"),
    Setting("ENGAGE_ASK_ABOVE", "100", "`playbooks apply` asks first when more customers than this would notice"),
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
    link_url: str
    proxies: int
    metrics_token: str
    playbooks_dir: Path
    templates_dir: Path
    default_locale: str
    default_timezone: str
    ask_above: int = 100
    webhooks: Mapping[str, str] = field(default_factory=dict)
    webhook_secrets: Mapping[str, str] = field(default_factory=dict)
    slack: Mapping[str, str] = field(default_factory=dict)
    call_networks: tuple[str, ...] = ()
    in_app_origins: tuple[str, ...] = ()
    in_app_poll: int = 30
    stream_url: str = ""
    bounce_address: str = ""
    reply_address: str = ""
    mailbox_url: tuple[str, ...] = ()
    sendgrid_inbound_key: str = field(default="", repr=False)
    former_secret_keys: tuple[str, ...] = ()
    click_tracking: bool = True
    sending_domains: tuple[str, ...] = ()
    dkim_selectors: tuple[str, ...] = ()
    return_path: str | None = None
    sendgrid_groups: Mapping[str, str] = field(default_factory=dict)
    sendgrid_webhook_minutes: int = 1500
    warm_up: str = ""
    pause_at: str = _PAUSE_AT

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
        public_url = (env.get("ENGAGE_PUBLIC_URL") or "http://127.0.0.1:8000").rstrip("/")
        return cls(
            home=home,
            database_url=env.get("ENGAGE_DATABASE_URL") or f"sqlite:///{home / 'engage.db'}",
            redis_url=env.get("ENGAGE_REDIS_URL") or None,
            email_url=env.get("ENGAGE_EMAIL_URL") or "outbox:",
            sendgrid_api_key=env.get("SENDGRID_API_KEY", ""),
            sendgrid_url=(env.get("ENGAGE_SENDGRID_URL") or "https://api.sendgrid.com").rstrip("/"),
            sendgrid_webhook_keys=tuple(env.get("ENGAGE_SENDGRID_WEBHOOK_KEY", "").split()),
            secret_key=env.get("ENGAGE_SECRET_KEY") or _kept_secret(home / "secret_key"),
            public_url=public_url,
            link_url=_web_address("ENGAGE_LINK_URL", env.get("ENGAGE_LINK_URL") or public_url),
            proxies=_count("ENGAGE_PROXIES", env.get("ENGAGE_PROXIES") or "0"),
            metrics_token=env.get("ENGAGE_METRICS_TOKEN", ""),
            playbooks_dir=_folder(env.get("ENGAGE_PLAYBOOKS"), "playbooks"),
            templates_dir=_folder(env.get("ENGAGE_TEMPLATES"), "email_templates"),
            default_locale=_locale("ENGAGE_DEFAULT_LOCALE", env.get("ENGAGE_DEFAULT_LOCALE") or "ja"),
            default_timezone=_zone("ENGAGE_DEFAULT_TIMEZONE", env.get("ENGAGE_DEFAULT_TIMEZONE") or "Asia/Tokyo"),
            ask_above=_count("ENGAGE_ASK_ABOVE", env.get("ENGAGE_ASK_ABOVE") or "100"),
            webhooks=_named(env.get("ENGAGE_WEBHOOKS", "")),
            webhook_secrets=_named(env.get("ENGAGE_WEBHOOK_SECRETS", "")),
            slack=_named(env.get("ENGAGE_SLACK", "")),
            call_networks=tuple(env.get("ENGAGE_CALL_NETWORKS", "").split()),
            in_app_origins=_origins("ENGAGE_IN_APP_ORIGINS", env.get("ENGAGE_IN_APP_ORIGINS", "")),
            in_app_poll=max(_count("ENGAGE_IN_APP_POLL", env.get("ENGAGE_IN_APP_POLL") or "30"), 1),
            stream_url=env.get("ENGAGE_STREAM_URL", "").rstrip("/"),
            bounce_address=env.get("ENGAGE_BOUNCE_ADDRESS", "").strip(),
            reply_address=_mail_address("ENGAGE_REPLY_ADDRESS", env.get("ENGAGE_REPLY_ADDRESS", "").strip()),
            mailbox_url=tuple(env.get("ENGAGE_MAILBOX_URL", "").split()),
            sendgrid_inbound_key=env.get("ENGAGE_SENDGRID_INBOUND_KEY", ""),
            sending_domains=_domains("ENGAGE_SENDING_DOMAINS", env.get("ENGAGE_SENDING_DOMAINS", "")),
            dkim_selectors=tuple(env.get("ENGAGE_DKIM_SELECTORS", "").split()),
            return_path=env.get("ENGAGE_RETURN_PATH") or None,
            former_secret_keys=tuple(env.get("ENGAGE_FORMER_SECRET_KEYS", "").split()),
            click_tracking=_switch("ENGAGE_CLICK_TRACKING", env.get("ENGAGE_CLICK_TRACKING") or "on"),
            sendgrid_groups=_named(env.get("ENGAGE_SENDGRID_GROUPS", "")),
            sendgrid_webhook_minutes=_count(
                "ENGAGE_SENDGRID_WEBHOOK_MINUTES", env.get("ENGAGE_SENDGRID_WEBHOOK_MINUTES") or "1500"
            ),
            warm_up=env.get("ENGAGE_WARM_UP", ""),
            pause_at=env.get("ENGAGE_PAUSE_AT") or _PAUSE_AT,
        )


def environment_for(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child process that is to have these settings and none of ours."""
    ours = {setting.name for setting in SETTINGS}
    return {name: value for name, value in os.environ.items() if name not in ours} | dict(settings)


def shipped(name: str) -> Path:
    """The folder of that name as shipped: in the wheel, or at the top of a checkout."""
    inside = Path(__file__).parent / "_shipped" / name
    return inside if inside.is_dir() else Path(__file__).parent.parent / name


def _named(said: str) -> dict[str, str]:
    """`name=value` pairs, separated by spaces."""
    return {name: value for name, _, value in (pair.partition("=") for pair in said.split())}


def _folder(said: str | None, name: str) -> Path:
    return Path(said).expanduser().absolute() if said else shipped(name)


def _origins(name: str, said: str) -> tuple[str, ...]:
    """Origins as browsers write them; `any` names none."""
    origins = () if said.strip() == "any" else tuple(said.split())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            hint = "scheme and host as the browser shows them, such as https://app.example.com"
            raise InputError(f"{origin!r} is no origin", where=name, hint=hint)
    return origins


def _count(name: str, said: str) -> int:
    if not said.isdecimal():
        raise InputError("this setting is a number, 0 or more", where=name)
    return int(said)


def _web_address(name: str, said: str) -> str:
    if not said.startswith(("https://", "http://")):
        raise InputError(f"{said!r} is no address of a web server", where=name, hint="such as https://go.example.com")
    return said.rstrip("/")


def _domains(name: str, said: str) -> tuple[str, ...]:
    found = tuple(said.lower().split())
    for domain in found:
        if "." not in domain.strip(".") or not set("@/:").isdisjoint(domain):
            raise InputError(f"{domain!r} is no domain", where=name, hint="such as mail.example.com")
    return found


def _mail_address(name: str, said: str) -> str:
    local, _, domain = said.rpartition("@")
    if said and (not local or "." not in domain or not set("@ <>,;").isdisjoint(local + domain)):
        hint = "such as replies+{id}@replies.example.com"
        raise InputError(f"{said!r} is no mail address", where=name, hint=hint)
    return said


def _switch(name: str, said: str) -> bool:
    if said not in ("on", "off"):
        raise InputError(f"{said!r} is neither on nor off", where=name)
    return said == "on"


def _locale(name: str, said: str) -> str:
    if said not in ("ja", "en"):
        raise InputError(f"{said!r} is no language that Engage speaks", where=name, hint="ja or en")
    return said


def _zone(name: str, said: str) -> str:
    try:
        ZoneInfo(said)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise InputError(f"{said!r} is no time zone", where=name, hint="such as Asia/Tokyo") from None
    return said


def _kept_secret(path: Path) -> str:
    """The home's secret key; made once, readable by its owner only, and safe when two processes start together."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()
