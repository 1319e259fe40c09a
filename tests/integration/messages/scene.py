"""One customer, Aiko at Aoba, her CSM, a leader and an executive, and templates to write to her with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact
from engage.db.session import Database
from engage.events.tables import Event
from engage.language.durations import Duration
from engage.messages.drafting import draft
from engage.messages.links import Links
from engage.messages.orders import ApprovalRule, MessageOrder
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.releases.tables import Release, TemplateVersion
from engage.staff.tables import AccountOwner, StaffMember
from engage.testing import MONDAY, make_account, make_contact

LINKS = Links("secret", "https://engage.example.com")
CSM_APPROVES = ApprovalRule("csm", Duration(2, "business days"))
VOCABULARY = {
    "company": {
        "name": {"ja": "株式会社サンプル", "en": "Sample Inc."},
        "team": {"name": {"ja": "サポート窓口", "en": "Support desk"}, "email": "team@sample.example"},
    },
    "topics": {"product": {"title": {"ja": "製品のご案内", "en": "Product news"}, "purpose": "relationship"}},
    "touch_models": {"high": {"approve": "always", "by": "csm", "within": "2 business days", "escalate_to": "cs_head"}},
}
HTML = """<html lang="ja"><body><p>{{ salutation }}</p>
<p>{{ sender.name }}です。{{ usage.active_users | number }}名にお使いいただいています。</p>
<p><a href="https://app.sample.example/next?from=mail">次の一歩</a></p>
{% if unsubscribe_url %}<p>{{ unsubscribe_topic }}: <a href="{{ unsubscribe_url }}">停止</a></p>{% endif %}
</body></html>"""


@dataclass
class Cast:
    """Who is in the scene, by id."""

    account_id: int
    aiko: int
    csm: int
    other_csm: int
    leader: int
    ceo: int
    email: dict[str, int]
    in_app: dict[str, int]

    def order(self, **said: Any) -> MessageOrder:
        """An order of a mail to Aiko; `said` overrides."""
        facts = {
            "account": {"name": "株式会社青葉", "country": "JP", "locale": "ja", "time_zone": "Asia/Tokyo"},
            "contact": {"family_name": "山田", "given_name": "愛子", "locale": "ja", "time_zone": "Asia/Tokyo"},
            "usage": {"active_users": 1200, "events": 5, "as_of": "2026-11-15"},
            "people": [object()],
        }
        usual: dict[str, Any] = {
            "origin": "notice",
            "origin_id": 1,
            "step_id": "email-first",
            "account_id": self.account_id,
            "contact_id": self.aiko,
            "channel": "email",
            "template": "first-use/admin",
            "templates": self.email,
            "facts": facts,
            "due_at": MONDAY,
            "playbook_key": "first-use",
            "topic": "product",
        }
        return MessageOrder(**(usual | said))


def play(database: Database) -> Cast:
    """Sets the scene."""
    with database.transaction() as session:
        account = make_account(session, "aoba", name="株式会社青葉", country="JP", locale="ja", touch_model="high")
        aiko = make_contact(
            session,
            account,
            "aiko",
            family_name="山田",
            given_name="愛子",
            department="営業部",
            title="部長",
            locale="ja",
        )
        people = [_staff(session, word, role, position) for word, role, position in _PEOPLE]
        csm, other_csm, leader, ceo = (member.id for member in people)
        session.add(AccountOwner(account_id=account.id, staff_id=csm, role="csm", since=MONDAY))
        session.add(Release(created_at=MONDAY, author="test", vocabulary=VOCABULARY, playbooks={}))
        email = {locale: _template(session, locale, "email") for locale in ("ja", "en")}
        in_app = {locale: _template(session, locale, "in_app") for locale in ("ja", "en")}
        return Cast(account.id, aiko.id, csm, other_csm, leader, ceo, email, in_app)


def propose(database: Database, cast: Cast, *, now: datetime = MONDAY, **said: Any) -> str:
    """A mail that waits for the CSM; the approval's id."""
    with database.transaction() as session:
        (message_id,) = draft(session, Library(), [cast.order(approval=CSM_APPROVES, **said)], now=now)
        found = session.scalar(select(Approval.public_id).where(Approval.message_id == message_id))
    assert found is not None
    return found


def only_message(database: Database) -> Message:
    """The one message there is."""
    with database.reading() as session:
        return session.scalars(select(Message)).one()


def approval_of(database: Database, public_id: str) -> Approval:
    """An approval as it is now."""
    with database.reading() as session:
        return session.scalars(select(Approval).where(Approval.public_id == public_id)).one()


def events(database: Database) -> list[str]:
    """The names of the events that were told, in order."""
    with database.reading() as session:
        return list(session.scalars(select(Event.name).order_by(Event.id)))


def change(database: Database, table: type[Account] | type[Contact], key: int, **said: Any) -> None:
    """Something about the customer changes."""
    with database.transaction() as session:
        row = session.get_one(table, key)
        for name, value in said.items():
            setattr(row, name, value)


def days(count: float) -> timedelta:
    """So many days."""
    return timedelta(days=count)


_PEOPLE = (("sato", "csm", "csm"), ("ito", "csm", "csm"), ("mori", "leader", None), ("ono", "leader", "ceo"))


def _staff(session: Session, word: str, role: str, position: str | None) -> StaffMember:
    member = StaffMember(
        public_id=f"stf_{word}", email=f"{word}@sample.example", role=role, position=position, family_name=word.title(),
        given_name="", created_at=MONDAY,
    )  # fmt: skip
    session.add(member)
    session.flush()
    return member


def _template(session: Session, locale: str, kind: str) -> int:
    is_email = kind == "email"
    version = TemplateVersion(
        name="first-use/admin" if is_email else "first-use/note",
        locale=locale,
        kind=kind,
        sha=f"{kind}-{locale}",
        subject="{{ account.name }}" + ("様のご利用状況" if locale == "ja" else ": your usage"),
        html=HTML.replace("ja", locale, 1) if is_email else "",
        text=None if is_email else "{{ usage.active_users | number }}",
        meta={
            "purpose": "relationship",
            "topic": "product",
            "needs": ["usage.active_users", "usage.as_of"],
            **({} if is_email else {"link": "https://app.sample.example/next"}),
        },
        created_at=MONDAY,
    )
    session.add(version)
    session.flush()
    return version.id
