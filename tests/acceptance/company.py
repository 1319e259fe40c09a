"""A whole company on the real engine: the shipped playbooks, a clock that we move, events in, mails out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.calendars.holidays import is_working_day
from engage.channels.base import OutboundEmail
from engage.channels.email.recording import RecordingChannel
from engage.channels.in_app.tables import InAppItem
from engage.customers.tables import Account
from engage.db.session import Database
from engage.events.intake import accept
from engage.ids import new_id
from engage.journeys.tables import Enrolment
from engage.language.workspace import Workspace, load_workspace
from engage.messages.approvals import approve, list_pending
from engage.messages.links import Links
from engage.messages.tables import Approval, Message
from engage.releases.library import Library, LivePlaybook
from engage.rollout.apply import apply_workspace
from engage.staff.keys import create_write_key
from engage.staff.tables import AccountOwner, StaffMember, WriteKey
from engage.tasks.tables import Task
from engage.testing import FrozenClock
from engage.worker.due import due_kinds
from engage.worker.rounds import BRAKES, DIGESTS, LOOKS, OCCURRENCES, ROUNDS, SUPPRESSIONS, Parts
from tests.unit.content.letters import ROOT

TOKYO = ZoneInfo("Asia/Tokyo")
UPKEEP = frozenset({LOOKS, DIGESTS, SUPPRESSIONS, BRAKES})  # no story is about what is looked at for us
FIVE_MOMENTS = ("sales-handoff", "kickoff", "first-use", "business-review", "renewal")
HANDED_OVER = [
    {"label": "現状", "text": "三拠点が表計算で集計している"},
    {"label": "時期", "text": "3月の決算に間に合わせる"},
]
GOAL = {
    "goal_text": "月次締めを5営業日で終える",
    "goal_metric": "月次締めの日数",
    "goal_unit": "営業日",
    "goal_target": 5,
    "goal_actual": 7,
    "goal_previous": 10,
    "goal_as_of": "2026-05-31",
    "goal_direction": "down",
}


def at(day: str, hour: int = 9, minute: int = 0) -> datetime:
    """An instant in Tokyo."""
    return datetime.combine(date.fromisoformat(day), time(hour, minute), TOKYO).astimezone(UTC)


@cache
def shipped() -> Workspace:
    """The playbooks and templates of this repository, read once."""
    return load_workspace(ROOT / "playbooks", ROOT / "email_templates")


def five_moments() -> Workspace:
    """The part of them that these stories are about; every playbook more makes every story longer."""
    files = tuple(file for file in shipped().playbooks if file.playbook.key.startswith(FIVE_MOMENTS))
    left_out = {file.playbook.key for file in shipped().playbooks} - {file.playbook.key for file in files}
    return replace(shipped(), playbooks=files, left_out=frozenset(left_out))


def publish_shipped(url: str) -> None:
    """Publishes the five moments to a database, before any company opens."""
    database = Database(url)
    try:
        with database.transaction() as session:
            apply_workspace(session, five_moments(), author="tests", now=at("2026-01-05"))
    finally:
        database.close()


class Focused(Library):
    """A library of what is published that knows of some moments only: each morning looks at every playbook there is."""

    def __init__(self, moments: tuple[str, ...]) -> None:
        super().__init__()
        self._moments = moments

    def live(self, session: Session) -> tuple[LivePlaybook, ...]:
        """The live playbooks of these moments."""
        return tuple(one for one in super().live(session) if one.key.startswith(self._moments))


class Company:
    """Aoba Software with its customers, as events and rounds of work make it."""

    def __init__(self, database: Database, library: Library, start: datetime) -> None:
        self.database = database
        self.library = library
        self.clock = FrozenClock(start)
        self.channel = RecordingChannel()
        self.links = Links("a secret of the tests", "https://engage.example")
        self.parts = Parts(database, self.library, self.links, self.clock, self.channel)

    def found(self) -> Company:
        """The first day: its key, and the people who work here."""
        with self.database.transaction() as session:
            create_write_key(session, "tests", now=self.clock.now())
            self._hire(session)
        return self

    @cached_property
    def source_id(self) -> int:
        """Where its events come from."""
        with self.database.reading() as session:
            return session.scalars(select(WriteKey.id)).one()

    def _hire(self, session: Any) -> None:
        for position, family, given, name, title in (
            ("cs_head", "田中", "浩", "Hiroshi Tanaka", {"ja": "執行役員", "en": "Vice President"}),
            ("csm", "佐藤", "美咲", "Misaki Sato", {"ja": "担当マネージャー", "en": "Customer Success Manager"}),
            ("sales", "木村", "隆", "Takashi Kimura", {"ja": "主任", "en": "Account Executive"}),
        ):
            session.add(
                StaffMember(
                    public_id=new_id("stf"),
                    email=f"{position}@aoba-works.example",
                    role="leader" if position == "cs_head" else "csm",
                    position=position,
                    family_name=family,
                    given_name=given,
                    names={"en": name},
                    title=title,
                    department={"ja": "カスタマーサクセス部", "en": "Customer Success"},
                    phone="03-0000-0121",
                    hours={"ja": "平日 9時から17時半", "en": "9:00 to 17:30 JST"},
                    created_at=self.clock.now(),
                )
            )

    # -- what comes in

    def say(self, *calls: dict[str, Any], when: datetime | None = None) -> None:
        """Sends calls as a Segment client would, and lets the work they make be done."""
        now = self.clock.now()
        stamped = [{"messageId": new_id("tst"), "timestamp": (when or now).isoformat(), **call} for call in calls]
        with self.database.transaction() as session:
            result = accept(session, self.source_id, stamped, received_at=now, sent_at=now)
        assert result.problems == ()
        self.work()

    def customer(
        self, key: str = "minato", *, locale: str = "ja", owned: bool = True, people: Any = None, **traits: Any
    ) -> None:
        """A customer company with a champion, owned by Sato (CSM) and Kimura (sales)."""
        known = {"name": "みなと商事株式会社", "locale": locale, "country": "JP", "time_zone": "Asia/Tokyo"}
        known |= {"touch_model": "tech", "phase": "adoption", "handoff_facts": HANDED_OVER, "handoff_complete": True}
        self.traits(key, **known | GOAL | traits)
        if owned:
            self._own(key)
        for number, (name, roles) in enumerate(
            ({"山田": ["champion", "decision_maker"]} if people is None else people).items()
        ):
            self.person(f"{key}-{number}", key, family_name=name, given_name="花子", roles=roles, locale=locale)

    def traits(self, key: str = "minato", **traits: Any) -> None:
        """Facts of the company, as a CRM sends them."""
        self.say({"type": "group", "userId": f"crm-{key}", "groupId": key, "traits": traits})

    def person(self, user: str, key: str = "minato", *, roles: list[str], **traits: Any) -> None:
        """Somebody at the customer."""
        known = {"email": f"{user}@{key}.example", "department": "経営企画部", "title": "部長"} | traits
        self.say(
            {"type": "identify", "userId": user, "traits": known | {"roles": roles}, "context": {"groupId": key}},
            {"type": "group", "userId": user, "groupId": key, "traits": {}},
        )

    def contract(self, event: str = "created", key: str = "minato", **said: Any) -> None:
        """What the CRM says of a contract."""
        known = {"contract_id": f"{key}-1"}
        if event == "created":
            known |= {
                "name": "あおばワークス スタンダード",
                "auto_renew": True,
                "amount_minor": 1200000,
                "currency": "JPY",
            }
        call = {"type": "track", "event": f"contract.{event}", "userId": f"crm-{key}", "properties": known | said}
        self.say(call | {"context": {"groupId": key}})

    def happens(self, name: str, key: str = "minato", *, user: str | None = None, **properties: Any) -> None:
        """Any other event of the customer."""
        who = user or f"crm-{key}"
        self.say({"type": "track", "event": name, "userId": who, "properties": properties, "context": {"groupId": key}})

    def uses(self, user: str, times: int, *, day: str, key: str = "minato") -> None:
        """Somebody uses the product on a day."""
        call = {"type": "track", "event": "feature.used", "userId": user, "properties": {"feature": "closing"}}
        self.say(*({**call, "context": {"groupId": key}} for _ in range(times)), when=at(day, 11))

    def _own(self, key: str) -> None:
        with self.database.transaction() as session:
            account = session.scalars(select(Account.id).where(Account.external_id == key)).one()
            for role in ("csm", "sales"):
                staff = session.scalars(select(StaffMember.id).where(StaffMember.position == role)).one()
                since = self.clock.now()
                session.add(AccountOwner(account_id=account, staff_id=staff, role=role, since=since, until=None))

    # -- time and work

    def work(self, *, without: frozenset[str] = frozenset()) -> None:
        """Every kind of work that is due, as a worker does it, until nothing is left to do now."""
        for _ in range(30):
            with self.database.reading() as session:
                kinds = due_kinds(session, self.clock.now())
            if not sum(ROUNDS[kind](self.parts) for kind in kinds if kind not in {"sweep", *without}):
                return
        raise AssertionError("the work never ends")

    def until(self, day: str, hour: int = 18) -> Company:
        """Lives on until then, from one moment at which something is due to the next."""
        end = at(day, hour)
        while self.clock.now() < end:
            morning = self._next_morning()
            self.clock.move_to(min(end, morning, self._next_due()))
            # Dates come in the morning, and with news; to look at any other moment would find nobody.
            moment = self.clock.now()
            self.work(without=UPKEEP if moment == morning else frozenset() if moment == end else UPKEEP | {OCCURRENCES})
        return self

    def skip_to(self, day: str, hour: int = 9) -> Company:
        """Leaves out a time in which nothing is to happen."""
        self.clock.move_to(at(day, hour))
        self.work()
        return self

    def _next_morning(self) -> datetime:
        """Just after the next working day has begun, when dates are looked at."""
        day = self.clock.now().astimezone(TOKYO).date() + timedelta(days=1)
        while not is_working_day("JP", day):
            day += timedelta(days=1)
        return datetime.combine(day, time(0, 1), TOKYO).astimezone(UTC)

    def _next_due(self) -> datetime:
        """The next moment at which a run, a message or an approval is due."""
        now = self.clock.now()
        soonest = [
            select(func.min(Message.due_at)).where(Message.state.in_(("queued", "held")), Message.due_at > now),
            select(func.min(Enrolment.due_at)).where(Enrolment.state == "running", Enrolment.due_at > now),
            select(func.min(Approval.expires_at)).where(Approval.state == "pending", Approval.expires_at > now),
        ]
        with self.database.reading() as session:
            found = [moment for query in soonest if (moment := session.scalar(query)) is not None]
        return max(min([*found, now + timedelta(days=1)]), now + timedelta(minutes=1))

    def consent(self) -> int:
        """Whoever is asked says yes to everything that waits."""
        with self.database.transaction() as session:
            waiting = [view.public_id for view in list_pending(session, self.library, links=self.links)]
        for public_id in waiting:
            with self.database.transaction() as session:
                head = session.scalars(select(StaffMember.id).where(StaffMember.position == "cs_head")).one()
                approve(session, self.library, public_id, links=self.links, by=head, now=self.clock.now())
        self.work()
        return len(waiting)

    # -- what went out

    @property
    def mails(self) -> list[OutboundEmail]:
        """Every mail to a customer that left."""
        return [mail for mail in self.channel.sent if mail.category != "staff_notice"]

    def mails_of(self, template: str) -> list[OutboundEmail]:
        """The mails that left of one template."""
        with self.database.reading() as session:
            named = select(Message.public_id).where(Message.template_name == template)
            ids = set(session.scalars(named))
        return [mail for mail in self.mails if mail.message_id in ids]

    def sent_on(self, mail: OutboundEmail) -> str:
        """The local day a mail was accepted."""
        with self.database.reading() as session:
            moment = session.scalars(select(Message.accepted_at).where(Message.public_id == mail.message_id)).one()
        assert moment is not None
        return moment.astimezone(TOKYO).date().isoformat()

    def states(self, template: str) -> list[tuple[str, str | None]]:
        """State and reason of every message of a template."""
        with self.database.reading() as session:
            rows = select(Message.state, Message.reason).where(Message.template_name == template).order_by(Message.id)
            return [(row.state, row.reason) for row in session.execute(rows)]

    def tasks(self, playbook: str | None = None) -> list[Task]:
        """The open work of a playbook."""
        with self.database.reading() as session:
            found = select(Task).where(Task.state == "open").order_by(Task.id)
            return list(session.scalars(found if playbook is None else found.where(Task.playbook_key == playbook)))

    def in_app(self) -> list[InAppItem]:
        """Every message shown in the product."""
        with self.database.reading() as session:
            return list(session.scalars(select(InAppItem).order_by(InAppItem.id)))


def titles(tasks: list[Task]) -> Iterator[str]:
    """What the tasks ask for, in English."""
    return (str(task.title["en"]) for task in tasks)
