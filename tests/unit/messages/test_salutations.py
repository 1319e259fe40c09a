"""Golden salutations: each a line that a Japanese or English reader would not stumble over."""

from __future__ import annotations

import pytest

from engage.messages.salutations import Addressee, Salutation, salute

FULL = Addressee(company="株式会社青葉製作所", department="営業部", title="課長", family_name="山田", given_name="太郎")

JAPANESE = [
    ("full", FULL, "株式会社青葉製作所\n営業部\n課長 山田太郎様", "山田様"),
    (
        "title names the department",
        Addressee(company="青葉", department="営業部", title="営業部長", family_name="山田", given_name="太郎"),
        "青葉\n営業部長 山田太郎様",
        "山田様",
    ),
    (
        "title with family name",
        Addressee(company="青葉", title="部長", family_name="山田"),
        "青葉\n部長 山田様",
        "山田様",
    ),
    (
        "title typed with 様",
        Addressee(company="青葉", title="部長様", family_name="山田"),
        "青葉\n部長 山田様",
        "山田様",
    ),
    (
        "name typed with 様",
        Addressee(company="青葉", family_name="山田", given_name="太郎 様"),
        "青葉\n山田太郎様",
        "山田様",
    ),
    (
        "a surname that ends so",
        Addressee(company="青葉", family_name="鵜殿", given_name="太郎"),
        "青葉\n鵜殿太郎様",
        "鵜殿様",
    ),
    ("a surname alone", Addressee(company="青葉", family_name="真殿"), "青葉\n真殿様", "真殿様"),
    ("such a surname in one field", Addressee(company="青葉", full_name="鵜殿"), "青葉\n鵜殿様", "鵜殿様"),
    (
        "a name in one field with 殿",
        Addressee(company="青葉", full_name="山田太郎殿"),
        "青葉\n山田太郎様",
        "山田太郎様",
    ),
    ("surname typed with 様", Addressee(company="青葉", family_name="山田様"), "青葉\n山田様", "山田様"),
    ("surname typed with 殿", Addressee(company="青葉", family_name="山田 殿"), "青葉\n山田様", "山田様"),
    ("no name", Addressee(company="青葉"), "青葉\nご担当者様", "ご担当者様"),
    ("title but no name", Addressee(company="青葉", title="部長"), "青葉\nご担当者様", "ご担当者様"),
    ("department alone", Addressee(company="青葉", department="総務部"), "青葉\n総務部 御中", "総務部 御中"),
    (
        "department typed with 御中",
        Addressee(company="青葉", department="総務部御中"),
        "青葉\n総務部 御中",
        "総務部 御中",
    ),
    ("shared box", Addressee(company="青葉", is_shared_box=True), "青葉 御中", "青葉 御中"),
    (
        "shared box of a department",
        Addressee(company="青葉", department="総務部", family_name="総務", is_shared_box=True),
        "青葉\n総務部 御中",
        "総務部 御中",
    ),
    (
        "own staff",
        Addressee(company="自社", department="CS", family_name="佐藤", given_name="花子", is_staff=True),
        "佐藤花子",
        "佐藤",
    ),
    (
        "foreign name",
        Addressee(company="Aoba", title="CTO", family_name="Smith", given_name="John"),
        "Aoba\nCTO John Smith 様",
        "Smith 様",
    ),
    (
        "foreign name in katakana",
        Addressee(company="青葉", family_name="スミス", given_name="ジョン"),
        "青葉\nスミス ジョン様",
        "スミス様",
    ),
    ("no department", Addressee(company="青葉", family_name="山田", given_name="太郎"), "青葉\n山田太郎様", "山田様"),
    (
        "one text for the whole name",
        Addressee(company="青葉", full_name="山田 太郎"),
        "青葉\n山田 太郎様",
        "山田 太郎様",
    ),
    ("nothing known", Addressee(), "ご担当者様", "ご担当者様"),
    (
        "a partner's person, without the customer's company",
        Addressee(department="第一営業部", title="部長", family_name="髙橋", given_name="一郎"),
        "第一営業部\n部長 髙橋一郎様",
        "髙橋様",
    ),
    (
        "a long company name stays whole",
        Addressee(company="一般社団法人日本ビジネスプロセスアウトソーシング協会東日本支部", family_name="山﨑"),
        "一般社団法人日本ビジネスプロセスアウトソーシング協会東日本支部\n山﨑様",
        "山﨑様",
    ),
    ("letters beyond the first plane", Addressee(company="𠮷野家", family_name="𠮷田"), "𠮷野家\n𠮷田様", "𠮷田様"),
    (
        "variants as written",
        Addressee(family_name="邊\U000e0100", given_name="﨑"),
        "邊\U000e0100﨑様",
        "邊\U000e0100様",
    ),
    ("half-width kana as written", Addressee(family_name="ﾔﾏﾀﾞ"), "ﾔﾏﾀﾞ様", "ﾔﾏﾀﾞ様"),
    (
        "a shared box of a partner",
        Addressee(department="営業推進部", family_name="営業", is_shared_box=True),
        "営業推進部 御中",
        "営業推進部 御中",
    ),
    (
        "separators of lines in a name",
        Addressee(family_name="山田\u2028", given_name="太\u2029郎"),
        "山田太 郎様",
        "山田様",
    ),
    (
        "line break in a name",
        Addressee(company="青葉", family_name="山田\r\nBcc: x", given_name=None),
        "青葉\n山田 Bcc: x様",
        "山田 Bcc: x様",
    ),
]

ENGLISH = [
    (
        "full",
        Addressee(company="Aoba", title="Director", family_name="Yamada", given_name="Taro"),
        "Dear Taro Yamada,",
        "Taro Yamada",
    ),
    (
        "reading in Latin letters",
        Addressee(family_name="山田", given_name="太郎", family_reading="Yamada", given_reading="Taro"),
        "Dear Taro Yamada,",
        "Taro Yamada",
    ),
    ("no Latin reading", Addressee(family_name="山田", given_name="太郎"), "Dear 山田 太郎,", "山田 太郎"),
    (
        "department alone",
        Addressee(company="Aoba", department="Accounting"),
        "Dear Accounting team,",
        "Accounting team",
    ),
    ("shared box", Addressee(company="Aoba", is_shared_box=True), "Dear Aoba team,", "Aoba team"),
    ("no name", Addressee(), "Hello,", "you"),
    ("own staff", Addressee(family_name="Sato", given_name="Hanako", is_staff=True), "Hi Hanako Sato,", "Hanako Sato"),
]


@pytest.mark.parametrize(("who", "full", "short"), [c[1:] for c in JAPANESE], ids=[c[0] for c in JAPANESE])
def test_japanese_salutation(who: Addressee, full: str, short: str) -> None:
    assert salute(who, "ja") == Salutation(full, short)


@pytest.mark.parametrize(("who", "full", "short"), [c[1:] for c in ENGLISH], ids=[c[0] for c in ENGLISH])
def test_english_salutation(who: Addressee, full: str, short: str) -> None:
    assert salute(who, "en-US") == Salutation(full, short)


@pytest.mark.parametrize("who", [c[1] for c in JAPANESE])
def test_an_honorific_stands_at_most_once_on_a_line(who: Addressee) -> None:
    for line in salute(who, "ja").full.replace("鵜殿", "").replace("真殿", "").splitlines():
        assert sum(line.count(word) for word in ("様", "御中", "殿")) <= 1
