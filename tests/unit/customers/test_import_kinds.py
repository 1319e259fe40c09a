"""What a row of a customer file becomes, and why it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from engage.customers.import_kinds import KINDS, column_name, read_row

CONTRACT = {"contract_id": "c1", "account_id": "acme", "starts_on": "2027/4/1", "ends_on": "2028年3月31日"}
CONTACT = {"account_id": "acme", "email": "aiko@example.jp"}


def refused(kind: str, row: dict[str, str]) -> str:
    message, reasons = read_row(KINDS[kind], row)
    assert message is None
    return "; ".join(reasons)


def taken(kind: str, row: dict[str, str]) -> dict[str, Any]:
    message, reasons = read_row(KINDS[kind], row)
    assert not reasons
    assert message is not None
    return message


def test_titles_are_known_in_both_languages() -> None:
    titles = ["顧客ID", "ＣＳＭ", " Account ID ", "契約 終了日", "Fiscal-Year-End-Month", "メールアドレス"]

    assert [column_name(title) for title in titles] == [
        "account_id", "csm", "account_id", "ends_on", "fiscal_year_end_month", "email",
    ]  # fmt: skip


def test_a_company_becomes_a_group() -> None:
    row = {
        "account_id": "ａｃｍｅ",
        "name": "㈱アクメ",
        "touch_model": "High",
        "seats": "２０",
        "csm_email": "Sato@Example.jp",
    }

    assert taken("accounts", {**row, "csm_email": "Sato@Example.jp"}) == {
        "type": "group", "groupId": "acme",
        "traits": {"name": "(株)アクメ", "touch_model": "high", "seats": "20", "csm_email": "Sato@example.jp"},
    }  # fmt: skip


def test_a_person_becomes_an_identify_in_the_account() -> None:
    message = taken("contacts", {**CONTACT, "roles": "チャンピオン、決裁者", "family_name": "山田"})

    assert (message["userId"], message["context"]) == ("aiko@example.jp", {"groupId": "acme"})
    assert message["traits"]["roles"] == ["champion", "decision_maker"]


def test_a_contract_keeps_days_and_minor_units() -> None:
    properties = taken("contracts", {**CONTRACT, "amount": "¥1,200,000", "auto_renew": "有"})["properties"]

    assert properties == {
        "contract_id": "c1", "starts_on": "2027-04-01", "ends_on": "2028-03-31", "currency": "JPY",
        "amount_minor": 1_200_000, "auto_renew": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "row", "reason"),
    [
        ("accounts", {"account_id": "", "name": "x"}, "account_id is empty"),
        ("accounts", {"account_id": "a", "name": "Ac\r\nme"}, "line break"),
        ("accounts", {"account_id": "a", "name": "A", "fiscal_year_end_month": "13"}, "month from 1 to 12"),
        ("accounts", {"account_id": "a", "name": "A", "touch_model": "huge"}, "high, mid, low, tech"),
        ("accounts", {"account_id": "a", "name": "A", "csm_email": "佐藤@example.jp"}, "mail servers do not carry"),
        ("contacts", {**CONTACT, "email": "山田@example.jp"}, "mail servers do not carry"),
        ("contacts", {**CONTACT, "email": "nobody"}, "not an address"),
        ("contacts", {**CONTACT, "family_name": "山\n田"}, "line break"),
        ("contacts", {**CONTACT, "time_zone": "Mars/Base"}, "not a time zone"),
        ("contracts", {**CONTRACT, "ends_on": "2027-02-30"}, "does not exist"),
        ("contracts", {**CONTRACT, "ends_on": "2026-03-31"}, "ends before it starts"),
        ("contracts", {**CONTRACT, "notice_deadline": "2029-01-01"}, "lies after the end"),
        ("contracts", {**CONTRACT, "amount": "lots"}, "not an amount"),
        ("contracts", {**CONTRACT, "amount": "10", "currency": "yen"}, "not a currency"),
        ("contracts", {**CONTRACT, "state": "odd"}, "none of"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(kind: str, row: dict[str, str], reason: str) -> None:
    assert reason in refused(kind, row)


def test_every_reason_of_a_row_is_told() -> None:
    said = refused("contracts", {**CONTRACT, "ends_on": "soon", "amount": "lots", "contract_id": ""})

    assert all(part in said for part in ("contract_id is empty", "ends_on", "amount"))


@pytest.mark.parametrize(
    "title", ["user_id", "User ID", "userId", "contact_id", "Contact ID", "利用者ID", "担当者ＩＤ"]
)
def test_the_id_of_a_person_goes_by_many_names(title: str) -> None:
    assert column_name(title) == "user_id"
