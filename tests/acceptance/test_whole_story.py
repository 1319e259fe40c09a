"""The whole story on real processes: a stock client's events in, a CSM's yes, mail by SMTP and by SendGrid, receipts
back, the inbox, one click to stop it, and the reasons for all of it."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from segment.analytics.client import Client
from sqlalchemy import select, update

from engage.clock import Clock
from engage.db.session import Database
from engage.messages.tables import Message, Suppression
from engage.releases.library import Library
from engage.staff.keys import create_write_key
from engage.staff.passwords import hash_password
from engage.staff.tables import StaffMember
from tests.acceptance.company import GOAL, Company, at
from tests.servers.running import Running, fake_sendgrid, smtp_sink
from tests.support.forms import hidden_fields
from tests.support.postgres import PostgresServer
from tests.support.processes import engage, engage_done, free_port, status
from tests.support.site import SECRET, make_in_app_key, make_token
from tests.support.waiting import until

CSM, PASSWORD = "csm@aoba-works.example", "a quiet morning in Kyoto"
MORNING, LONDON_NOON = at("2026-06-09", 10), at("2026-06-09", 20)


@dataclass
class Place:
    """An installation: a home whose clock we move, a database with the shipped playbooks, a port."""

    home: Path
    url: str
    database: Database
    clock: Clock
    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    key: str = ""

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def found(self) -> None:
        """What a team does first: its people, a key for its server and one for its product's tokens."""
        Company(self.database, Library(), self.clock.now()).found()
        with self.database.transaction() as session:
            self.key = create_write_key(session, "product", now=self.clock.now())
            make_in_app_key(session)
            let_in = update(StaffMember).where(StaffMember.email == CSM).values(password_hash=hash_password(PASSWORD))
            session.execute(let_in)

    @contextmanager
    def up(self, email_url: str) -> Iterator[None]:
        """Web, worker, clock and Valkey, sending there."""
        words = ("up", "--quiet", "--listen", f"127.0.0.1:{self.port}")
        with engage(*words, home=self.home, **self.settings, ENGAGE_PUBLIC_URL=self.site, ENGAGE_EMAIL_URL=email_url):
            until(lambda: status(self.port, "/readyz") == 200, what="the start")
            yield

    def told(self, *words: str) -> str:
        """What a command says."""
        done = engage_done(*words, home=self.home, **self.settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def states(self, account: str) -> dict[str, str]:
        """The states of the messages to the first person at a customer, by channel."""
        with self.database.reading() as session:
            asked = select(Message.channel, Message.state).where(Message.address == f"{account}-1@{account}.example")
            return dict(tuple(row) for row in session.execute(asked))

    def banners(self, user: str) -> list[dict[str, Any]]:
        """What a customer is shown over a page of the product, as their browser asks for it."""
        token = {"Authorization": f"Bearer {make_token(user, self.clock.now())}"}
        visit = {"session": f"visit-of-{user}"}
        answer = requests.get(f"{self.site}/in-app/v1/feed", params=visit, headers=token, timeout=60)
        banners: list[dict[str, Any]] = answer.json()["overlays"]
        return banners


@pytest.fixture
def place(postgres: PostgresServer, published_postgres: str, tmp_path: Path) -> Iterator[Place]:
    """On PostgreSQL; the demo plays its story on SQLite."""
    with postgres.fresh_database(published_postgres) as url:
        yield from _founded(url, tmp_path)


def _founded(url: str, tmp_path: Path) -> Iterator[Place]:
    home = tmp_path / "home"
    home.mkdir()
    clock = Clock(home / "clock")
    clock.move(MORNING - clock.now())
    database = Database(url)
    settings = {"ENGAGE_DATABASE_URL": url, "ENGAGE_REDIS_URL": "", "ENGAGE_SECRET_KEY": SECRET}
    made = Place(home, url, database, clock, settings)
    made.found()
    yield made
    database.close()


@pytest.mark.timeout(600)
def test_two_customers_whole_journey(place: Place, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with ExitStack() as stack:
        smtp = stack.enter_context(smtp_sink(tmp_path / "smtp.log", "--keep", str(tmp_path / "kept")))
        sendgrid = stack.enter_context(fake_sendgrid(tmp_path / "sendgrid.log"))
        provider = f"http://127.0.0.1:{sendgrid.port}"
        place.settings |= {
            "ENGAGE_SENDGRID_URL": provider, "SENDGRID_API_KEY": "SG.test",
            "ENGAGE_SENDGRID_WEBHOOK_KEY": requests.get(f"{provider}/control/key", timeout=60).json()["public_key"],
        }  # fmt: skip
        with place.up(f"smtp://127.0.0.1:{smtp.port}"):
            tell(place)
            subject = approve_the_only_one(place)
            until(lambda: smtp.lines(), what="the Japanese mail")
            until(lambda: place.banners("minato-1"), what="the message in the product")
        mail: Any = email.message_from_bytes((tmp_path / "kept/1.eml").read_bytes(), policy=email.policy.default)
        with place.up("sendgrid:"):
            it_is_the_mail_that_was_approved(mail, subject)
            place.clock.move(LONDON_NOON - place.clock.now())
            until(lambda: sendgrid.lines(), what="the English mail")
            receipts_come_back(place, sendgrid)
            until(lambda: place.banners("north-1"), what="the message in the product")
            one_click_stops_the_topic_and_a_second_one_changes_nothing(place, mail["List-Unsubscribe"])
            assert [item["title"] for item in place.banners("minato-1")] == ["契約期間は2026年9月17日までです"]
            assert [item["title"] for item in place.banners("north-1")] == [
                "Your contract runs until September 17, 2026"
            ]
        assert [line.split(" ")[1] for line in smtp.lines()] == ["minato-1@minato.example"]
        assert [json.loads(line)["to"] for line in sendgrid.lines()] == ["north-1@north.example"]
        everything_can_be_explained(place)


def tell(place: Place) -> None:
    """The stock client tells of a customer in Tokyo whose CSM is asked first, and of one in London."""
    failed: list[Any] = []
    client = Client(place.key, host=place.site, gzip=True, on_error=lambda *said: failed.append(said))
    today, now = place.clock.now().date(), datetime.now(UTC)
    for key, name, country, zone, touch in (
        ("minato", "みなと商事株式会社", "JP", "Asia/Tokyo", "high"),
        ("north", "Northwind Trading Ltd", "GB", "Europe/London", "tech"),
    ):
        locale, context = ("ja" if country == "JP" else "en"), {"groupId": key}
        about = {"country": country, "locale": locale, "time_zone": zone, "touch_model": touch, "phase": "renewal"}
        client.group(f"crm-{key}", key, {"name": name, "csm_email": CSM, "seats": 10, **about, **GOAL})
        person = {"email": f"{key}-1@{key}.example", "family_name": "山田", "given_name": "花子", "roles": ["champion"]}
        client.identify(f"{key}-1", {**person, "locale": locale}, context=context)
        for days in (40, 3):
            used = now - timedelta(days=days)
            client.track(f"{key}-1", "feature.used", {"feature": "closing"}, context=context, timestamp=used)
        client.track(f"crm-{key}", "contract.created", contract(key, today), context=context)
    client.shutdown()
    assert failed == []


def contract(key: str, today: date) -> dict[str, Any]:
    """A year's contract with a hundred days to go: the renewal is prepared at once."""
    ends = today + timedelta(days=100)
    starts = ends.replace(year=ends.year - 1) + timedelta(days=1)
    said = {"contract_id": f"{key}-1", "name": "あおばワークス", "auto_renew": False}
    return said | {"starts_on": starts.isoformat(), "ends_on": ends.isoformat()}


def approve_the_only_one(place: Place) -> str:
    """The CSM logs in, finds one mail that waits, reads it as it will look, and lets it go; its subject."""
    desk = requests.Session()
    door = {"email": CSM, "password": PASSWORD}
    assert desk.post(f"{place.site}/console/login", data=door, timeout=60).status_code == 200
    (path,) = until(lambda: waiting(place, desk), what="the approval")
    assert place.states("north") == {"email": "queued"}, "it is night in London"
    page = desk.get(f"{place.site}{path}", timeout=60).text
    shown = desk.get(f"{place.site}{path}/mail", timeout=60).text
    assert "みなと商事株式会社" in shown and "月次締めの日数" in shown
    subject = re.search(r"<h1[^>]*>([^<]+)</h1>", page)
    assert subject is not None
    decided = desk.post(f"{place.site}{path}/approve", data=hidden_fields(page), timeout=60)
    assert decided.status_code == 200 and decided.url.endswith("notice=approved")
    return subject[1]


def waiting(place: Place, desk: requests.Session) -> set[str]:
    """The pages of what waits for a yes."""
    return set(re.findall(r"/console/approvals/apr_\w+", desk.get(f"{place.site}/console/approvals", timeout=60).text))


def it_is_the_mail_that_was_approved(mail: Any, subject: str) -> None:
    assert mail["Subject"] == subject
    assert str(mail["From"]) == "佐藤 美咲 <csm@aoba-works.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in ("plain", "html"):
        assert "みなと商事株式会社" in mail.get_body((part,)).get_content()


def receipts_come_back(place: Place, sendgrid: Running) -> None:
    """The provider says what became of the mail, in a signed webhook; a forged one is refused and changes nothing."""
    now = int(place.clock.now().timestamp())
    (sent,) = (json.loads(line)["message_id"] for line in sendgrid.lines())
    events = [{"message_id": sent, "event": event, "timestamp": now} for event in ("delivered", "processed")]
    said = {"url": f"{place.site}/hooks/sendgrid/events", "events": events, "timestamp": str(now)}
    forged = requests.post(said["url"], json=[{"engage_message_id": sent, "event": "bounce"}], timeout=60)
    told = requests.post(f"http://127.0.0.1:{sendgrid.port}/control/events", json=said, timeout=60).json()
    assert (forged.status_code, told) == (403, {"status": 200})
    (shown,) = (one for one in json.loads(place.told("messages", "list", "--json")) if one["public_id"] == sent)
    assert (shown["state"], shown["delivery"]) == ("accepted", "delivered")


def one_click_stops_the_topic_and_a_second_one_changes_nothing(place: Place, header: str) -> None:
    link = header.strip("<>")
    assert requests.get(link, timeout=60).status_code == 200
    assert stopped(place) == []
    for _ in range(2):
        answer = requests.post(link, data={"List-Unsubscribe": "One-Click"}, allow_redirects=False, timeout=60)
        assert answer.status_code == 200
    assert stopped(place) == [("minato-1@minato.example", "contract")]


def stopped(place: Place) -> list[tuple[str, str]]:
    with place.database.reading() as session:
        return [(row.address_key, row.topic) for row in session.scalars(select(Suppression))]


def everything_can_be_explained(place: Place) -> None:
    for account, reasons in (("minato", ("(touch_model)", ": approved")), ("north", ("Europe/London",))):
        told = place.told("customers", "explain", account)
        for words in ("renewal v1", "email renewal/value-so-far", ": accepted", "gate (ask)", "gate (send)", *reasons):
            assert words in told
