"""Japanese subjects and names to the byte: lines of at most 76 octets, every character whole, read back as written."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest

from engage.channels.email.mime import to_bytes
from tests.unit.channels.mails import an_email

GOLDEN = {
    "ご契約更新のお伺い": "Subject: =?utf-8?b?44GU5aWR57SE5pu05paw44Gu44GK5Ly644GE?=",
    "髙橋様・山﨑様": "Subject: =?utf-8?b?6auZ5qmL5qeY44O75bGx76iR5qeY?=",
    "𠮷野家様のご報告": "Subject: =?utf-8?b?8KCut+mHjuWutuanmOOBruOBlOWgseWRig==?=",
    "ﾔﾏﾀﾞ商店 御中": "Subject: =?utf-8?b?776U776P776A776e5ZWG5bqXIOW+oeS4rQ==?=",
}
LONG = [
    "【一般社団法人日本ビジネスプロセスアウトソーシング協会東日本支部 御中】ご活用状況のご報告(2026年9月から11月)",
    "𠮷" * 60,
    "Aoba Works: ご契約の満了は2027年3月31日(水)です。お手続きの期限は2月26日(金)です",
    "邊\U000e0100" * 20,
]


@pytest.mark.parametrize(("subject", "header"), GOLDEN.items())
def test_a_subject_is_written_as_these_octets(subject: str, header: str) -> None:
    head = to_bytes(an_email(subject=subject)).partition(b"\r\n\r\n")[0].decode("ascii")
    assert header in head.split("\r\n")


@pytest.mark.parametrize("text", [*GOLDEN, *LONG])
def test_long_subjects_and_names_keep_to_76_octets_and_come_back_whole(text: str) -> None:
    raw = to_bytes(an_email(subject=text, to_name=text, from_name=text))
    head = raw.partition(b"\r\n\r\n")[0]
    encoded = [line for line in head.split(b"\r\n") if b"=?utf-8?b?" in line]

    assert encoded and max(map(len, encoded)) <= 76
    for word in (part for line in encoded for part in line.split() if part.startswith(b"=?")):
        ((octets, charset),) = decode_header(word.decode("ascii"))
        assert octets.decode(charset or "ascii"), "each word decodes by itself"
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == text
    for name in ("To", "From"):
        phrase = message_from_bytes(raw)[name].rpartition("<")[0]
        assert str(make_header(decode_header(phrase.replace("\r\n", "")))).strip() == text
