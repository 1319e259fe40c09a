"""What happens in the demo's year, chapter by chapter: events come in, and our people decide what waits for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engage.cli.demo.clicking import click_answer
from engage.cli.demo.company import (
    AKATSUKI,
    COLLEAGUES,
    CS_HEAD,
    CSM,
    FIRST_CUSTOMERS,
    MIDORI,
    NORTHWIND,
    PASSWORD,
    SIGNED_BY_ALL,
    Customer,
    Event,
    sample_people,
)
from engage.cli.demo.stage import Stage

TOKYO = ZoneInfo("Asia/Tokyo")
BEGINS = datetime(2027, 3, 25, 10, 0, tzinfo=TOKYO)


@dataclass(frozen=True)
class Chapter:
    """A day of the story: when, what it is about, what happens."""

    at: datetime
    title: str
    play: Callable[[Stage], None]


def prepare(stage: Stage) -> None:
    """What a team does once: the schema, its people, a write key, its playbooks."""
    stage.command("db", "upgrade")
    for added, signs in COLLEAGUES:
        stage.command("users", "add", *added, "--password", "-", stdin=f"{PASSWORD}\n")
        stage.command("users", "sign", added[0], *signs, *SIGNED_BY_ALL)
    stage.write_key = json.loads(stage.command("keys", "create", "demo", "--json"))["key"]
    signing = json.loads(stage.command("keys", "create", "product", "--in-app", "--json"))
    stage.in_app_key = (signing["kid"], signing["secret"])
    stage.leave_example(signing["kid"], sample_people())
    stage.command("playbooks", "apply")


def _on(month: int, day: int, hour: int = 10, minute: int = 0, year: int = 2027) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=TOKYO)


def _sales_hands_over(stage: Stage) -> None:
    now = stage.clock.now()
    stage.send(*(event for customer in FIRST_CUSTOMERS for event in customer.introduced(now)))


def _sales_completes(stage: Stage) -> None:
    now = stage.clock.now()
    facts = [
        {"label": "Today", "text": "orders are tracked in three spreadsheets"},
        {"label": "Aim", "text": "one place where every order can be seen"},
    ]
    goal = {
        "goal_text": "every order visible in one place",
        "goal_metric": "Orders in one place",
        "goal_unit": "%",
        "goal_target": 95,
    }
    stage.send(
        NORTHWIND.learned(now, handoff_complete=True, handoff_missing=[], handoff_facts=facts, **goal),
        NORTHWIND.told(now, "handoff.recorded"),
    )
    for task in json.loads(stage.command("tasks", "list", "--account", NORTHWIND.id, "--json")):
        stage.command("tasks", "done", task["id"], "--outcome", "asked Northwind's buyer")


def _approve_all(stage: Stage) -> None:
    """Each colleague who is asked looks at the mail and says yes."""
    # One yes may answer several: an executive agrees once to each text that goes out in their name.
    while waiting := json.loads(stage.command("approvals", "list", "--json")):
        asked = CS_HEAD if waiting[0]["cause"] == "sender_consent" else CSM
        stage.command("approvals", "approve", waiting[0]["public_id"], "--by", asked)
    stage.settle()


def _kickoff_held(stage: Stage) -> None:
    now = stage.clock.now()
    for customer in (MIDORI, NORTHWIND):
        held = {"kickoff_held_on": now.date().isoformat()}
        stage.send(customer.learned(now, **held), customer.told(now, "kickoff.held"))


def _minutes_recorded(stage: Stage) -> None:
    actions = [
        {"owner": "伊藤", "side": "customer", "what": "利用者40名の一覧を送る", "due": "2027-04-09"},
        {"owner": "佐藤", "side": "us", "what": "日報のひな形を設定する", "due": "2027-04-12"},
    ]
    decisions = ["製造1課から始め、5月に全課へ広げる", "集計の締めは毎月5営業日とする"]
    stage.send(_minutes(MIDORI, stage, held_on="2027-04-05", decisions=decisions, actions=actions))
    _approve_all(stage)


def _minutes(customer: Customer, stage: Stage, **said: Any) -> Event:
    return customer.told(stage.clock.now(), "kickoff.minutes_recorded", **said)


def _first_use(stage: Stage) -> None:
    now = stage.clock.now()
    stage.send(
        MIDORI.used(now, "midori-ito", "日報のひな形"),
        MIDORI.used(now, "midori-yamada", "日報のひな形"),
        NORTHWIND.used(now, "northwind-emma", "order board"),
        NORTHWIND.used(now, "northwind-liam", "order board"),
    )


def _use(
    customer: Customer, users: tuple[str, ...], feature: str, until: datetime, *, first: int, last: int = 1
) -> Iterator[Event]:
    """The use of each day from so many days ago to so many days ago, each person once a day."""
    for ago in range(first, last - 1, -1):
        yield from (customer.used(until - timedelta(days=ago), user, feature) for user in users)


def _quarter_passes(stage: Stage) -> None:
    now = stage.clock.now()
    stage.send(
        *_use(MIDORI, ("midori-ito",), "日報", now, first=58, last=31),
        *_use(MIDORI, ("midori-ito", "midori-yamada"), "日報", now, first=28),
        *_use(NORTHWIND, ("northwind-emma",), "order board", now, first=55, last=36),
        *_use(NORTHWIND, ("northwind-emma", "northwind-liam"), "order board", now, first=20),
    )
    as_of = now.date().isoformat()
    action = {"review_action": "製造2課の日報を移す", "review_action_owner": "伊藤 恵"}
    stage.send(
        MIDORI.learned(
            now,
            phase="adoption",
            goal_actual=9,
            goal_previous=24,
            goal_as_of=as_of,
            **action,
            review_action_due="2027-07-30",
        ),
        NORTHWIND.learned(now, phase="adoption", goal_actual=71, goal_previous=40, goal_as_of=as_of),
    )


def _autumn(stage: Stage) -> None:
    now = stage.clock.now()
    as_of = now.date().isoformat()
    stage.send(
        *_use(MIDORI, ("midori-ito",), "日報", now, first=52, last=30),
        *_use(MIDORI, ("midori-ito", "midori-yamada"), "日報", now, first=26),
        *_use(NORTHWIND, ("northwind-emma", "northwind-liam"), "order board", now, first=50, last=26),
        *_use(NORTHWIND, ("northwind-emma",), "order board", now, first=20, last=9),
        *_use(NORTHWIND, ("northwind-emma", "northwind-liam"), "order board", now, first=8),
        MIDORI.learned(now, phase="renewal", goal_actual=5, goal_previous=9, goal_as_of=as_of),
        NORTHWIND.learned(now, goal_actual=78, goal_previous=71, goal_as_of=as_of),
    )


def _winter(stage: Stage) -> None:
    now = stage.clock.now()
    stage.send(
        *_use(NORTHWIND, ("northwind-emma",), "order board", now, first=39, last=30),
        *_use(NORTHWIND, ("northwind-emma", "northwind-liam"), "order board", now, first=22),
        NORTHWIND.learned(now, phase="renewal", goal_actual=93, goal_previous=78, goal_as_of=now.date().isoformat()),
    )


def _northwind_works_on(stage: Stage, days: int) -> None:
    """Who uses the product is heard of each day: a silence would be a sign."""
    stage.send(*_use(NORTHWIND, ("northwind-emma", "northwind-liam"), "order board", stage.clock.now(), first=days))


def _another_morning_in_london(stage: Stage) -> None:
    _northwind_works_on(stage, 10)


def _midori_is_deciding(stage: Stage) -> None:
    _northwind_works_on(stage, 2)
    said = {"choice": "deciding", "date.deciding": "2027-10-20", "comment": "10月の経営会議に諮ります"}
    click_answer(stage, "renewal/value-so-far", "社内で検討している", **said)
    _approve_all(stage)


def _midori_goes_on(stage: Stage) -> None:
    _northwind_works_on(stage, 14)
    click_answer(stage, "renewal/value-so-far", "継続する", choice="going_on", comment="会議で承認されました")


def _midori_renews(stage: Stage) -> None:
    now = stage.clock.now()
    stage.send(
        MIDORI.learned(now, next_goal="集計を2時間以内に終える"),
        MIDORI.told(
            now, "contract.renewed", contract_id="midori-2027", starts_on="2028-04-01", ends_on="2029-03-31",
            notice_deadline="2029-01-31",
        ),
    )  # fmt: skip


def _akatsuki_signs(stage: Stage) -> None:
    stage.send(*AKATSUKI.introduced(stage.clock.now()))


def _akatsuki_meets(stage: Stage) -> None:
    now = stage.clock.now()
    stage.send(AKATSUKI.learned(now, kickoff_held_on="2027-12-13"), AKATSUKI.told(now, "kickoff.held"))
    actions = [{"owner": "小野", "side": "customer", "what": "配車担当の名簿を送る", "due": "2027-12-17"}]
    decisions = ["夜間の便から始め、年明けに全便へ広げる"]
    stage.send(_minutes(AKATSUKI, stage, held_on="2027-12-13", decisions=decisions, actions=actions))


def _nothing(_stage: Stage) -> None:
    return


CHAPTERS = (
    Chapter(BEGINS, "Sales hands three customers over", _sales_hands_over),
    Chapter(_on(3, 26), "Sales completes the hand-over of Northwind", _sales_completes),
    Chapter(_on(4, 1, 9, 30), "The contracts start; the executive agrees to sign the welcome", _approve_all),
    Chapter(_on(4, 1, 18, 15), "Morning in London", _nothing),
    Chapter(_on(4, 5, 16, 0), "The kickoff meetings are held", _kickoff_held),
    Chapter(_on(4, 6, 11, 0), "The CSM fills in the minutes for みどり製作所 and approves them", _minutes_recorded),
    Chapter(_on(4, 8, 17, 30), "First use, in Tokyo and in London", _first_use),
    Chapter(_on(4, 9, 11, 0), "The next morning", _nothing),
    Chapter(_on(4, 16, 12, 0), "Ten business days, and nobody at ひなた商店 has started", _nothing),
    Chapter(_on(6, 30, 18, 0), "A quarter of use", _quarter_passes),
    Chapter(_on(7, 1, 11, 0), "The business review is due; the CSM approves it", _approve_all),
    Chapter(_on(7, 1, 19, 0), "Morning in London again", _nothing),
    Chapter(_on(9, 24, 18, 0), "Autumn figures", _autumn),
    Chapter(_on(9, 28, 10, 0), "The renewal of みどり製作所 is prepared", _nothing),
    Chapter(_on(9, 30, 10, 30), "The CSM approves it", _approve_all),
    Chapter(_on(10, 1, 19, 0), "The review of Northwind: use has fallen, and the words say so", _nothing),
    Chapter(_on(10, 4, 19, 0), "One mail a day: the survey that met the review leaves now", _another_morning_in_london),
    Chapter(_on(10, 6, 14, 0), "One click: deciding until 20 October; they get a page to forward", _midori_is_deciding),
    Chapter(_on(10, 20, 10, 30), "Their day: going on. The reminder that was ready is taken back", _midori_goes_on),
    Chapter(_on(11, 29, 10, 0), "Winter figures of Northwind", _winter),
    Chapter(_on(12, 2, 19, 0), "The renewal of Northwind is due: 120 days before its end", _nothing),
    Chapter(_on(12, 8, 10, 0), "あかつき物流 signs; its term begins in two days", _akatsuki_signs),
    Chapter(_on(12, 10, 11, 0), "みどり製作所 renews and is thanked; あかつき物流 is welcomed", _midori_renews),
    Chapter(_on(12, 13, 15, 0), "Its kickoff was held; the minutes wait for the CSM in the console", _akatsuki_meets),
)
