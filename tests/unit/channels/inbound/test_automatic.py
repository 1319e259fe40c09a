"""Which replies no person wrote, and what they say of their owner."""

from __future__ import annotations

from datetime import date

import pytest

from engage.channels.email.inbound.automatic import Automatic, Meaning, read_automatic
from engage.channels.email.inbound.away_dates import last_day_away
from engage.channels.email.inbound.letter import read_letter
from tests.support.letters import AIKO, letter, word

TODAY = date(2026, 11, 24)
AUTO = word("自動応答: ご契約更新のご案内")


def read(text: str, *, subject: str = AUTO, envelope_from: str | None = None, **headers: str) -> Automatic | None:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    mail = letter(text, subject=subject, headers=said)
    return read_automatic(read_letter(mail), envelope_from=envelope_from, received_on=TODAY)


@pytest.mark.parametrize(
    ("subject", "headers", "text"),
    [
        ("Re: Renewal", {"Auto_Submitted": "auto-replied"}, "x"),
        ("Re: Renewal", {"Auto_Submitted": "auto-generated; type=vacation"}, "x"),
        ("Re: Renewal", {"X_Autoreply": "yes"}, "x"),
        ("Re: Renewal", {"X_Autorespond": "Renewal"}, "x"),
        ("Re: Renewal", {"Precedence": "auto_reply"}, "x"),
        ("Re: Renewal", {"Precedence": "bulk"}, "x"),
        ("Re: Renewal", {"Return_Path": "<>"}, "x"),
        ("Automatic reply: Renewal", {}, "x"),
        ("Auto-Reply: Renewal", {}, "x"),
        ("Out of Office Re: Renewal", {}, "x"),
        ("Re: Out of the office", {}, "x"),
        (word("自動返信: ご契約更新"), {}, "x"),
        (word("【自動返信】お問い合わせありがとうございます"), {}, "x"),
        (word("不在のお知らせ"), {}, "x"),
        (word("Re: 不在通知", "iso-2022-jp"), {}, "x"),
        ("Re: Renewal", {}, "This is an automated response. Your ticket is 12."),
        ("Re: Renewal", {}, "※このメールは自動返信メールです。"),
    ],
)
def test_a_robot_is_known_by_one_sign(subject: str, headers: dict[str, str], text: str) -> None:
    assert read(text, subject=subject, **headers) is not None


def test_that_a_mail_was_read_is_no_reply() -> None:
    receipt = letter(
        "x", subject="Read: Renewal", kind="multipart/report; report-type=disposition-notification; boundary=b"
    )
    said = read_automatic(read_letter(receipt), envelope_from=None, received_on=TODAY)
    assert said is not None and said.meaning is Meaning.OTHER


def test_an_empty_envelope_sender_is_a_robot() -> None:
    assert read("x", subject="Re: Renewal", envelope_from="") is not None


@pytest.mark.parametrize(
    ("subject", "headers", "text"),
    [
        ("Re: Renewal", {}, "I am out of the office until Friday, but yes, we want to renew."),
        (word("Re: ご契約更新"), {}, "来週金曜まで休暇をいただきます。戻りましたらお返事します。"),
        (word("Re: ご契約更新"), {}, "後任の鈴木からご連絡します。"),
        ("Re: Renewal", {"Auto_Submitted": "no"}, "Yes."),
        ("Re: Renewal", {"Precedence": "list"}, "Yes."),  # by way of the team's own mailing list
        ("Re: Renewal", {"X_Auto_Response_Suppress": "All"}, "Yes."),  # asks for none, is none
        (word("自動化のご相談"), {}, "レポートの自動化について伺いたいです。"),
        ("Automation of reports", {}, "Can we?"),
    ],
)
def test_what_a_person_wrote_is_a_reply(subject: str, headers: dict[str, str], text: str) -> None:
    assert read(text, subject=subject, **headers) is None


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("ただいま不在にしております。12月4日(金)まで休暇をいただいております。", date(2026, 12, 4)),
        ("12月8日(火)より出社いたします。", date(2026, 12, 7)),
        ("12月4日(金)まで休暇です。12月7日(月)より出社いたします。", date(2026, 12, 6)),  # the weekend with it
        ("11/30〜12/4まで出張のため不在です。", date(2026, 12, 4)),
        ("11/30(月)~12/4(金) 夏季休暇", date(2026, 12, 4)),
        ("2026年12月28日から2027年1月4日まで年末年始の休業とさせていただきます。", date(2027, 1, 4)),
        ("1月5日(火)から通常通り営業いたします。", date(2027, 1, 4)),
        ("12月2日の午前まで外出しております", None),  # nothing that reads like an end stands right behind the date
        ("12月1日に出社いたしますので、それ以降にご返信します。", date(2026, 11, 30)),
        ("12月4日(金)15時まで不在です。", date(2026, 12, 4)),
        ("本日は終日不在にしております。", None),
        ("2026年4月1日より不在です。", None),
        ("9月30日まで休職しております。", None),  # further ahead than an absence that we wait for
        ("I am out of the office until Friday, 4 December 2026.", date(2026, 12, 4)),
        ("Out of office through Dec 4th.", date(2026, 12, 4)),
        ("I am on leave from November 25 to December 4, back on Monday, December 7th.", date(2026, 12, 6)),
        ("I will be returning to the office on 7 December.", date(2026, 12, 6)),
        ("Away until 2026-12-04.", date(2026, 12, 4)),
        ("On vacation from 30 November until\n4 December, 2026", date(2026, 12, 4)),
        ("I'm away, back 07/12/2026.", None),  # 7 December or 12 July
        ("I am out until Monday.", None),
        ("Out of office since 1 November.", None),
        ("Until 31 February I am away.", None),
    ],
)
def test_the_last_day_away(text: str, until: date | None) -> None:
    assert last_day_away(text, TODAY) == until
    assert read(f"不在です。vacation\n{text}") is not None


@pytest.mark.parametrize(
    ("text", "meaning", "name", "address"),
    [
        (
            "11月30日付で退職いたしました。後任は営業部の鈴木 一郎です。\nご連絡は下記まで\nsuzuki@customer.example",
            Meaning.LEFT, "鈴木 一郎", "suzuki@customer.example",
        ),
        (
            "このたび異動となりました。\n\n新しい担当者は、高橋(takahashi@customer.example)となります。",
            Meaning.LEFT, "高橋", "takahashi@customer.example",
        ),
        ("山田は退職いたしました。ご連絡は info@customer.example まで。", Meaning.LEFT, "", "info@customer.example"),
        ("本件の担当が変更となりました。後任:佐々木", Meaning.HANDED_OVER, "佐々木", ""),
        ("退職のため本アドレスは利用できません。後任は追ってご連絡いたします。", Meaning.LEFT, "", ""),
        (
            "I am no longer with Aoba Ltd. Please contact my successor Ken Suzuki at ken.suzuki@customer.example.",
            Meaning.LEFT, "Ken Suzuki", "ken.suzuki@customer.example",
        ),
        (
            "Aiko has left the company. Mary Jones <mary@customer.example> is now responsible.",
            Meaning.LEFT, "Mary Jones", "mary@customer.example",
        ),
        ("My last day at Aoba was Friday. Write to a@customer.example or b@customer.example.", Meaning.LEFT, "", ""),
        ("John Smith has taken over my accounts.", Meaning.HANDED_OVER, "John Smith", ""),
        ("産休のため、12月より後任の田中 実が担当いたします。", Meaning.HANDED_OVER, "田中 実", ""),
        ("出張のため不在です。お急ぎの場合は代理の鈴木(suzuki@customer.example)まで。", Meaning.AWAY, "", ""),
        ("不在の間は鈴木が業務を引き継いでおります。", Meaning.AWAY, "", ""),
        ("I am on leave. In urgent cases contact Ken Suzuki (ken@customer.example).", Meaning.AWAY, "", ""),
        ("お問い合わせを受け付けました。担当者よりご連絡いたします。", Meaning.OTHER, "", ""),
        ("Thank you for your message. Your ticket is 12.", Meaning.OTHER, "", ""),
    ],
)  # fmt: skip
def test_what_it_says_of_its_owner(text: str, meaning: Meaning, name: str, address: str) -> None:
    said = read(text, Auto_Submitted="auto-replied")
    assert said is not None
    assert (said.meaning, said.successor.name, said.successor.address) == (meaning, name, address)


def test_the_passage_that_told_is_kept() -> None:
    said = read("お世話になっております。\n\n私は11月30日付で退職いたしました。\n後任は鈴木です。\n\n青葉株式会社")
    assert said is not None
    assert said.evidence == "私は11月30日付で退職いたしました。\n後任は鈴木です。"


def test_the_owner_and_we_ourselves_are_nobodys_successor() -> None:
    said = read(f"担当が変更となりました。{AIKO} から sato@engage.example へのご連絡は不要です。")
    assert said is not None
    assert said.successor.address == ""
