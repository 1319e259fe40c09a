"""The people of the demo: our own company, and three customers as a CRM and a product would tell of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Event = dict[str, Any]

PASSWORD = "first-light-demo"  # noqa: S105 - it opens the demo's own console only
CS_HEAD = "mori@aoba-works.example"
CSM = "sato@aoba-works.example"
SALES = "nakamura@aoba-works.example"
COLLEAGUES: tuple[tuple[list[str], list[str]], ...] = (
    (
        [CS_HEAD, "--role", "leader", "--position", "cs_head", "--family-name", "森", "--given-name", "由美"],
        ["--names-en", "Yumi Mori", "--title-ja", "カスタマーサクセス統括", "--title-en", "VP Customer Success"],
    ),
    (
        [CSM, "--role", "csm", "--position", "csm", "--family-name", "佐藤", "--given-name", "花子"],
        ["--names-en", "Hanako Sato", "--title-ja", "カスタマーサクセス担当", "--title-en", "Customer Success Manager"],
    ),
    (
        [SALES, "--role", "csm", "--position", "sales", "--family-name", "中村", "--given-name", "健"],
        ["--names-en", "Ken Nakamura", "--title-ja", "営業担当", "--title-en", "Account Executive"],
    ),
)
SIGNED_BY_ALL = [
    "--phone", "03-0000-0121", "--department-ja", "カスタマーサクセス部", "--department-en", "Customer Success",
    "--hours-ja", "平日 9時から18時", "--hours-en", "9:00 to 18:00 JST, Monday to Friday",
]  # fmt: skip


@dataclass(frozen=True)
class Customer:
    """A customer company: what it is, who works there, what it has signed."""

    id: str
    traits: Mapping[str, Any]
    people: Mapping[str, Mapping[str, Any]]
    contract: Mapping[str, Any]

    def introduced(self, at: datetime) -> Iterator[Event]:
        """The events by which the CRM tells of the company, its people and its contract."""
        yield crm("group", self.id, at, traits={**self.traits, "csm_email": CSM, "sales_email": SALES})
        for user_id, traits in self.people.items():
            yield event("identify", at, userId=user_id, traits=dict(traits), context={"groupId": self.id})
        yield crm("track", self.id, at, event="contract.created", properties=dict(self.contract))

    def told(self, at: datetime, name: str, **properties: Any) -> Event:
        """Something that happened at the company, told by a colleague or the CRM."""
        return crm("track", self.id, at, event=name, properties=properties)

    def learned(self, at: datetime, **traits: Any) -> Event:
        """More that we know of the company."""
        return crm("group", self.id, at, traits=traits)

    def used(self, at: datetime, user_id: str, feature: str) -> Event:
        """Somebody there used the product."""
        said = {"feature": feature}
        return event("track", at, userId=user_id, event="feature.used", properties=said, context={"groupId": self.id})


def event(kind: str, at: datetime, **said: Any) -> Event:
    """One call of the tracking API."""
    return {"type": kind, "timestamp": at.isoformat(), **said}


def crm(kind: str, account: str, at: datetime, **said: Any) -> Event:
    """A call that a CRM makes about a company; nobody there did it."""
    return event(kind, at, anonymousId=f"crm-{account}", groupId=account, context={"groupId": account}, **said)


MIDORI = Customer(
    id="midori",
    traits={
        "name": "株式会社みどり製作所",
        "country": "JP",
        "locale": "ja",
        "time_zone": "Asia/Tokyo",
        "touch_model": "high",
        "phase": "onboarding",
        "fiscal_year_end_month": 3,
        "seats": 40,
        "handoff_complete": True,
        "handoff_purpose": "現場の日報を紙からあおばワークスへ移す",
        "handoff_facts": [
            {"label": "お困りごと", "text": "日報の集計に毎月3日かかっている"},
            {"label": "目標", "text": "集計を半日以内に終える"},
        ],
        "goal_text": "日報の集計を半日以内に終える",
        "goal_metric": "月次集計にかかる時間",
        "goal_unit": "時間",
        "goal_direction": "down",
        "goal_target": 4,
    },
    people={
        "midori-yamada": {
            "email": "yamada@midori.example",
            "family_name": "山田",
            "given_name": "太郎",
            "department": "製造部",
            "title": "部長",
            "locale": "ja",
            "roles": ["champion", "decision_maker"],
        },
        "midori-ito": {
            "email": "ito@midori.example",
            "family_name": "伊藤",
            "given_name": "恵",
            "department": "情報システム課",
            "locale": "ja",
            "roles": ["admin"],
        },
    },
    contract={
        "contract_id": "midori-2027",
        "name": "あおばワークス 40名",
        "starts_on": date(2027, 4, 1).isoformat(),
        "ends_on": date(2028, 3, 31).isoformat(),
        "notice_deadline": date(2028, 1, 31).isoformat(),
        "amount_minor": 2400000,
        "currency": "JPY",
        "auto_renew": False,
    },
)

NORTHWIND = Customer(
    id="northwind",
    traits={
        "name": "Northwind Trading Ltd",
        "country": "GB",
        "locale": "en",
        "time_zone": "Europe/London",
        "touch_model": "low",
        "phase": "onboarding",
        "seats": 12,
        "handoff_complete": False,
        "handoff_missing": ["goal"],
        "handoff_facts": [{"label": "Today", "text": "orders are tracked in three spreadsheets"}],
    },
    people={
        "northwind-emma": {
            "email": "emma.clark@northwind.example",
            "family_name": "Clark",
            "given_name": "Emma",
            "title": "Operations Director",
            "locale": "en",
            "roles": ["champion", "decision_maker", "admin"],
        },
        "northwind-liam": {
            "email": "liam.jones@northwind.example",
            "family_name": "Jones",
            "given_name": "Liam",
            "locale": "en",
            "roles": ["end_user"],
        },
    },
    contract={
        "contract_id": "northwind-2027",
        "name": "Aoba Works, 12 seats",
        "starts_on": date(2027, 4, 1).isoformat(),
        "ends_on": date(2028, 3, 31).isoformat(),
        "amount_minor": 960000,
        "currency": "GBP",
        "auto_renew": False,
    },
)

HINATA = Customer(
    id="hinata",
    traits={
        "name": "ひなた商店株式会社",
        "country": "JP",
        "locale": "ja",
        "time_zone": "Asia/Tokyo",
        "touch_model": "tech",
        "phase": "onboarding",
        "seats": 5,
        "handoff_complete": True,
        "handoff_facts": [
            {"label": "ご利用の場面", "text": "店舗ごとの在庫の記録"},
            {"label": "ご希望", "text": "店長が携帯電話で入力できること"},
        ],
    },
    people={
        "hinata-kudo": {
            "email": "kudo@hinata.example",
            "family_name": "工藤",
            "given_name": "直子",
            "title": "店長",
            "locale": "ja",
            "roles": ["champion", "admin"],
        },
    },
    contract={
        "contract_id": "hinata-2027",
        "name": "あおばワークス 5名",
        "starts_on": date(2027, 4, 1).isoformat(),
        "ends_on": date(2028, 3, 31).isoformat(),
        "amount_minor": 300000,
        "currency": "JPY",
        "auto_renew": False,
    },
)

AKATSUKI = Customer(
    id="akatsuki",
    traits={
        "name": "あかつき物流株式会社",
        "country": "JP",
        "locale": "ja",
        "time_zone": "Asia/Tokyo",
        "touch_model": "high",
        "phase": "onboarding",
        "seats": 60,
        "handoff_complete": True,
        "handoff_facts": [
            {"label": "お困りごと", "text": "配車の変更が電話でしか伝わらない"},
            {"label": "目標", "text": "変更を5分以内に全員へ届ける"},
        ],
    },
    people={
        "akatsuki-ono": {
            "email": "ono@akatsuki.example",
            "family_name": "小野",
            "given_name": "健一",
            "department": "配車センター",
            "title": "センター長",
            "locale": "ja",
            "roles": ["champion", "admin"],
        },
    },
    contract={
        "contract_id": "akatsuki-2027",
        "name": "あおばワークス 60名",
        "starts_on": date(2027, 12, 10).isoformat(),
        "ends_on": date(2028, 12, 9).isoformat(),
        "amount_minor": 3600000,
        "currency": "JPY",
        "auto_renew": False,
    },
)

FIRST_CUSTOMERS = (MIDORI, NORTHWIND, HINATA)
CUSTOMERS = (*FIRST_CUSTOMERS, AKATSUKI)


def sample_people() -> dict[str, dict[str, str]]:
    """Everybody who can be signed in to the sample product, by user id."""
    return {
        user_id: {"name": _named(traits), "company": str(customer.traits["name"]), "locale": traits["locale"]}
        for customer in CUSTOMERS
        for user_id, traits in customer.people.items()
    }


def _named(traits: Mapping[str, Any]) -> str:
    names = [traits["family_name"], traits["given_name"]]
    return " ".join(names if traits["locale"] == "ja" else reversed(names))
