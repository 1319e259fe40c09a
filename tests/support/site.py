"""An installation over a test database, the console and the in-app API in front of it, and what they show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from flask import Flask
from sqlalchemy.orm import Session

from engage.channels.in_app.posting import NewItem, post
from engage.clock import Clock
from engage.config import Settings
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.ids import new_id
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.releases.tables import TemplateVersion
from engage.staff.in_app_keys import derive
from engage.staff.tables import InAppKey, StaffMember
from engage.testing import MONDAY
from engage.web.console.blueprint import console
from engage.web.deciding.blueprint import deciding_pages
from engage.web.errors import handle_errors
from engage.web.headers import harden
from engage.web.in_app.blueprint import in_app_api
from engage.wiring import Engage, links_of

SECRET = "a secret for tests"
MAIL = """<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>-</title></head><body>
<p>{{ contact.family_name }} 様</p><p>いつもご利用いただき、ありがとうございます。</p>
<p><a href="https://app.example.com/report">ご報告を見る</a></p></body></html>"""


def installation(database: Database, clock: Clock, home: Path, **said: Any) -> Engage:
    """Everything a web process needs, over this database."""
    settings = Settings.from_env({"ENGAGE_HOME": str(home), "ENGAGE_SECRET_KEY": SECRET})
    settings = replace(settings, **said)
    return Engage(settings=settings, clock=clock, database=database, library=Library(), links=links_of(settings))


def site(engage: Engage) -> Flask:
    """The console and the in-app API as the web process serves them."""
    app = Flask("site", static_folder=None)
    harden(app, https=engage.settings.public_url.startswith("https:"))
    handle_errors(app)
    app.register_blueprint(console(engage))
    app.register_blueprint(deciding_pages(engage))
    app.register_blueprint(in_app_api(engage))
    return app


def make_in_app_key(session: Session, kid: str = "k1", *, revoked_at: datetime | None = None) -> None:
    """A key id that may sign tokens."""
    session.add(InAppKey(kid=kid, name=kid, created_at=MONDAY, revoked_at=revoked_at))
    session.flush()


def make_token(user_id: object, now: datetime, *, kid: str = "k1", secret: str | None = None, **claims: Any) -> str:
    """A token as a product backend makes it; `claims` overrides, None leaves out."""
    said = {"sub": user_id, "aud": "engage-in-app", "iat": int(now.timestamp()), "exp": int(now.timestamp()) + 600}
    payload = {name: value for name, value in {**said, **claims}.items() if value is not None}
    key = secret if secret is not None else derive(SECRET, kid)
    return jwt.encode(payload, key, "HS256", headers={"kid": kid})


def make_message(
    session: Session,
    contact: Contact,
    *,
    subject: str = "ようこそ",
    html: str = "",
    now: datetime = MONDAY,
    **said: Any,
) -> Message:
    """A message of the ledger with a template of its own."""
    columns = {"channel": "in_app", "locale": "ja", "state": "accepted", "account_id": None, **said}
    if columns["state"] == "accepted":
        columns = {"accepted_at": now, "ended_at": now, **columns}
    template = TemplateVersion(
        name="welcome", locale=columns["locale"], kind=columns["channel"], sha=new_id("sha"),
        subject=subject, html=html, text=None if html else "本文", meta={}, created_at=now,
    )  # fmt: skip
    session.add(template)
    session.flush()
    defaults = {"origin": "notice", "origin_id": template.id, "step_id": "step", "visit": 1, "template_name": "welcome",
                "topic": "product", "purpose": "relationship", "created_at": now}  # fmt: skip
    message = Message(
        public_id=new_id("msg"), contact_id=contact.id, template_version_id=template.id, **{**defaults, **columns}
    )
    session.add(message)
    session.flush()
    return message


def make_approval(
    session: Session, contact: Contact, assignee: StaffMember | None, *, now: datetime = MONDAY, **said: Any
) -> Approval:
    """A mail that waits for a colleague, with the facts it is made from."""
    columns: dict[str, Any] = {
        "channel": "email", "state": "proposed", "due_at": now, "html": MAIL,
        "subject": "{{ contact.family_name }}様へ",
        "inputs": {"contact": {"family_name": "田中"}, "sender": {"name": "佐藤 花子", "email": "sato@engage.example"}},
        **said,
    }  # fmt: skip
    message = make_message(session, contact, now=now, **columns)
    approval = Approval(
        public_id=new_id("apr"), message_id=message.id, cause="touch_model", state="pending", asked_at=now,
        assignee_id=assignee.id if assignee else None, expires_at=now + timedelta(hours=20), version=1, edits={},
    )  # fmt: skip
    session.add(approval)
    session.flush()
    return approval


def make_item(session: Session, contact: Contact, title: str, *, now: datetime = MONDAY, **said: Any) -> Message:
    """One message in a contact's inbox."""
    message = make_message(session, contact, now=now)
    item = {"locale": "ja", "body": f"{title}の本文", "account_id": None, **said}
    post(session, [NewItem(message_id=message.id, contact_id=contact.id, title=title, **item)], now=now)
    return message
