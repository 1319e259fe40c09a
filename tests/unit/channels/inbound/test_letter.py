"""Mail as it was sent: every charset that customers in Japan write, every way of naming people, any bytes."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import asdict
from datetime import UTC, date, datetime
from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.channels.email.inbound.automatic import read_automatic
from engage.channels.email.inbound.charsets import decoded
from engage.channels.email.inbound.letter import MOST_TEXT, read_letter
from engage.channels.email.inbound.quoting import own_words
from engage.channels.email.inbound.reports import read_report
from tests.support.letters import AIKO, jis, letter, word

WORDS = "お世話になっております。①㈱青葉の髙橋・山﨑です。ﾃｽﾄ 12月5日(土)でお願いします。"


@pytest.mark.parametrize(
    ("charset", "transfer"),
    [
        ("utf-8", "8bit"),
        ("utf-8", "base64"),
        ("UTF-8", "quoted-printable"),
        ("ISO-2022-JP", "7bit"),
        ("iso-2022-jp", "base64"),
        ("ISO-2022-JP", "quoted-printable"),
        ("Shift_JIS", "8bit"),
        ("shift_jis", "base64"),
        ("cp932", "quoted-printable"),
    ],
)
def test_japanese_is_read_as_it_was_written(charset: str, transfer: str) -> None:
    subject = word(f"Re: {WORDS}", "ISO-2022-JP" if charset.lower().startswith("iso") else "utf-8")
    read = read_letter(letter(WORDS, charset=charset, transfer=transfer, subject=subject))
    assert (read.text, read.subject) == (WORDS, f"Re: {WORDS}")


@pytest.mark.parametrize("written", ["cp932", "euc_jp", "utf-8", "iso2022_jp"])
@pytest.mark.parametrize("said", ["us-ascii", "", "utf-8", "x-unknown", "no-such-charset"])
def test_a_charset_that_is_missing_or_wrong_is_found_by_its_looks(written: str, said: str) -> None:
    assert (
        decoded("ご契約の更新について、来月お返事します。".encode(written), said)
        == "ご契約の更新について、来月お返事します。"
    )


SIGNS = "".join(bytes([lead, trail]).decode("cp932", "ignore") for lead in (*range(0x81, 0xA0), *range(0xE0, 0xEF))
                for trail in (*range(0x40, 0x7F), *range(0x80, 0xFD)))  # fmt: skip
# The standard and Windows read some cells of JIS X 0208 as different characters that look the same.
SAME = str.maketrans("〜‖−¢£¬—¦＼", "～∥－￠￡￢―￤\\")


@given(st.text(st.sampled_from(SIGNS + "abc ｱｲｳ\n"), max_size=60))
def test_windows_iso_2022_jp_comes_back_whole(text: str) -> None:
    assert decoded(jis(text), "iso-2022-jp").translate(SAME) == text.translate(SAME)


@given(st.binary(max_size=400), st.sampled_from([*sorted(set(aliases.values())), "cp50221", "zip", "idna", "no", ""]))
def test_any_bytes_are_some_text_that_a_database_keeps(data: bytes, charset: str) -> None:
    text = decoded(data, charset)
    text.encode("utf-8")
    assert "\0" not in text


@given(st.binary(max_size=600))
def test_any_bytes_are_some_letter(data: bytes) -> None:
    read_letter(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + data)
    read_letter(data)


def test_a_name_may_hold_a_comma_a_title_and_old_mail_programs_habits() -> None:
    jis_name = base64.b64encode(jis("山田、愛子")).decode()
    for sender in (
        f"{word('山田、愛子')} <{AIKO}>",
        f'"{word("山田、愛子")}" <{AIKO}>',  # an encoded word inside quotes: forbidden, and common
        f"=?ISO-2022-JP?B?{jis_name}?= <{AIKO}>",
        f"山田、愛子 <{AIKO}>",
    ):
        assert read_letter(letter("x", sender=sender)).sender == ("山田、愛子", AIKO)
    assert read_letter(letter("x", sender=f'"Yamada, Aiko" <{AIKO}>')).sender == ("Yamada, Aiko", AIKO)
    assert read_letter(letter("x", sender=AIKO)).sender == ("", AIKO)
    assert read_letter(letter("x", sender="nobody at all")).sender == ("", "")


def test_a_subject_whose_characters_are_split_over_two_words_is_whole() -> None:
    data = "ご契約更新".encode()
    words = [f"=?utf-8?B?{base64.b64encode(part).decode()}?=" for part in (data[:7], data[7:])]
    assert read_letter(letter("x", subject="\r\n ".join(words))).subject == "ご契約更新"


def test_a_raw_iso_2022_jp_subject_is_read() -> None:
    raw = letter("x", subject="S").replace(b"Subject: S", b"Subject: " + jis("ご契約①"))
    assert read_letter(raw).subject == "ご契約①"


def test_what_it_answers_comes_nearest_first() -> None:
    raw = letter("x", headers={"In-Reply-To": "<c@x>", "References": "<a@x>\r\n <b@x> <c@x>"})
    assert read_letter(raw).answers == ("c@x", "b@x", "a@x")


def test_the_date_is_an_instant_and_nonsense_is_none() -> None:
    assert read_letter(letter("x")).sent_at == datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
    for written in ("yesterday", "Tue, 99 Nov 2026 10:15:00 +0900", ""):
        assert read_letter(letter("x", headers={"Date": written})).sent_at is None


def test_flowed_text_has_no_breaks_that_were_only_for_the_way() -> None:
    text = "明日は伺えませんので、 \n来週お願いします。\n\n-- \n山田"
    flowed = letter(text, kind="text/plain; format=flowed; delsp=yes")
    assert read_letter(flowed).text == "明日は伺えませんので、来週お願いします。\n\n-- \n山田"
    assert read_letter(letter("One \nline.\nTwo.", kind="text/plain; format=flowed")).text == "One line.\nTwo."


def test_html_alone_is_read_without_what_it_quotes() -> None:
    html = (
        "<html><head><style>p {color: red}</style></head><body><p>承知しました。</p>"
        "<div>12月で<br>お願いします &amp; よろしく</div>"
        '<div class="gmail_quote"><div>2026年11月24日</div><blockquote>山田様</blockquote></div></body></html>'
    )
    assert read_letter(letter(html, kind="text/html")).text == "承知しました。\n\n12月で\nお願いします & よろしく"


def test_attachments_are_named_and_not_read() -> None:
    raw = (
        b"From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the file.\r\n"
        b"--b\r\nContent-Type: application/pdf; name*=utf-8''%E8%A6%8B%E7%A9%8D.pdf\r\n"
        b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
    )
    read = read_letter(raw)
    assert read.text.strip() == "See the file."
    assert [(one.name, one.type, one.size) for one in read.attachments] == [("見積.pdf", "application/pdf", 3)]


def test_what_is_endless_is_cut() -> None:
    assert len(read_letter(letter("あ" * 300_000)).text) == MOST_TEXT
    nested = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 3000
    assert read_letter(b"Subject: deep\r\n" + nested).subject == "deep"


HEADS = ("(", '"', "<", "a,", "=?utf-8?Q?", "@", ";", "\\", "a@b,", ":")


@pytest.mark.parametrize("piece", HEADS)
def test_no_head_takes_long_or_fails(piece: str) -> None:
    raw = b"".join(
        name + (piece * 20_000).encode()[:50_000] + b"\r\n" for name in (b"From: ", b"To: ", b"References: ")
    )
    began = time.perf_counter()
    read_report(read_letter(raw + b"\r\nx"), envelope_from="")
    assert time.perf_counter() - began < 5


@given(st.binary(max_size=600), st.sampled_from(["mixed", "report", "alternative"]), st.booleans())
def test_any_parts_are_read_by_every_reader(data: bytes, kind: str, is_status: bool) -> None:
    inner = b"message/delivery-status" if is_status else b"text/html; charset=\xff"
    head = b"From: MAILER-DAEMON@x\r\nContent-Type: multipart/" + kind.encode() + b"; boundary=b\r\n\r\n"
    letter = read_letter(head + b"--b\r\nContent-Type: " + inner + b"\r\n\r\n" + data + b"\r\n--b--\r\n")
    report = read_report(letter, envelope_from="")
    automatic = read_automatic(letter, envelope_from="", received_on=date(2026, 11, 24))
    told = [asdict(one) for one in report.about] if report else []
    kept = json.dumps(
        [told, automatic and automatic.evidence, letter.subject, own_words(letter.text)], ensure_ascii=False
    )
    assert "\\u0000" not in json.dumps(kept) and kept.encode()
