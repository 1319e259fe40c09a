"""Our hand-written MIME against the standard library's, both parsed by the standard library."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.channels.base import OutboundEmail
from engage.channels.email.addresses import UnsendableError, wire_address
from engage.channels.email.mime import text_header, to_bytes
from tests.unit.channels.mails import an_email

REFERENCE = policy.SMTP.clone(max_line_length=76)
NAMES = [
    "",
    "山田 太郎",
    "Ben O'Hara",
    'Dr. "Bob" Smith, Jr.',
    "髙橋𠮷男" * 12,
    "a=?utf-8?b?eA==?=",
    "名" * 60,
    "N" * 80,
]
SUBJECTS = [
    "Welcome",
    "",
    " leading and trailing ",
    "two  spaces",
    "Your renewal is on 31 March 2027 and this is a subject that is long enough to need folding over lines",
    "x" * 300,
    "【重要】ご契約更新のご案内（2027年3月31日まで）：サンプル商事株式会社 御中 いつもありがとうございます",
    "絵文字🎉とJIS外字①㈱髙﨑" * 4,
    "=?utf-8?b?fake?=",
]
BODIES = ["", "plain\nlines\r\n.dot\n..two\r", "日本語の本文\n" * 50, "a" * 5000, "é\n" + "b" * 3000, "\0nul"]

header_text = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120)
body_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=400)


def reference(email: OutboundEmail) -> bytes:
    message = EmailMessage(policy=REFERENCE)
    message["From"] = Address(email.from_name, addr_spec=wire_address(email.from_address))
    message["To"] = Address(email.to_name, addr_spec=wire_address(email.to_address))
    if email.cc:
        message["Cc"] = [Address(name, addr_spec=wire_address(address)) for name, address in email.cc]
    message["Subject"] = email.subject
    message.set_content(email.text)
    message.add_alternative(email.html, subtype="html")
    return message.as_bytes()


def mailboxes(raw: bytes, header: str) -> list[tuple[str, str]]:
    """Names and addresses; read the older way, because the newer parser keeps the gap between encoded words."""
    lines = [line.replace("\r\n", "") for line in message_from_bytes(raw).get_all(header, [])]
    return [(str(make_header(decode_header(name))), address) for name, address in getaddresses(lines)]


def meaning(raw: bytes) -> dict[str, object]:
    """What a reader of the mail gets to see; the standard library ends every body with a newline."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    found: dict[str, object] = {"subject": message["Subject"]}
    for header in ("From", "To", "Cc"):
        found[header] = mailboxes(raw, header)
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert not part.defects
        content = part.get_payload(decode=True).decode("utf-8")
        found[kind] = content.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return found


def check_wire(raw: bytes) -> None:
    """What every mail server may insist on."""
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 998
    for line in head.split(b"\r\n"):
        assert len(line) <= (76 if b"=?utf-8?b?" in line else 998)
        assert line.strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_reads_as_the_standard_library_writes_it(name: str) -> None:
    email = an_email(to_name=name, from_name=name, cc=((name, "a@example.com"), ("B", "b@example.com")))
    raw = to_bytes(email)
    check_wire(raw)
    seen = meaning(raw)
    if "=?" not in name:  # the standard library leaves such a name to be mistaken for an encoded one
        assert seen == meaning(reference(email))
    assert seen["To"] == [(name, "taro.yamada@example.co.jp")]
    assert seen["From"] == [(name, "hanako.sato@example.com")]
    assert seen["Cc"] == [(name, "a@example.com"), ("B", "b@example.com")]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_reads_as_the_standard_library_writes_it(subject: str) -> None:
    email = an_email(subject=subject)
    check_wire(to_bytes(email))
    assert meaning(to_bytes(email))["subject"] == subject
    if subject == subject.strip() and "=?" not in subject:
        assert meaning(to_bytes(email)) == meaning(reference(email))


@pytest.mark.parametrize("body", BODIES)
def test_a_body_reads_as_the_standard_library_writes_it(body: str) -> None:
    email = an_email(text=body, html=body)
    check_wire(to_bytes(email))
    assert meaning(to_bytes(email)) == meaning(reference(email))


def test_a_body_that_holds_the_boundary_cannot_end_its_part() -> None:
    body = "above\n--=_engage_msg_0123456789--\nbelow"
    assert meaning(to_bytes(an_email(text=body)))["plain"] == body


@given(subject=header_text, name=header_text, text=body_text, html=body_text)
def test_any_text_arrives_as_it_was_given(subject: str, name: str, text: str, html: str) -> None:
    raw = to_bytes(an_email(subject=subject, to_name=name, from_name=name, text=text, html=html))
    check_wire(raw)
    seen = meaning(raw)
    plain = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    assert (seen["subject"], seen["To"], seen["plain"]) == (subject, [(name, "taro.yamada@example.co.jp")], plain)


def test_the_headers_a_program_reads_are_never_folded_or_encoded() -> None:
    url = "<https://example.com/unsubscribe/" + "t" * 200 + ">"
    raw = to_bytes(
        an_email(headers=(("List-Unsubscribe", url), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")))
    )
    assert f"\r\nList-Unsubscribe: {url}\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_our_id_and_the_date_travel_with_the_mail() -> None:
    message = message_from_bytes(to_bytes(an_email()), policy=policy.default)
    assert message["Message-ID"] == "<msg_0123456789@example.com>"
    assert message["X-Engage-Message"] == "msg_0123456789"
    assert message["Date"] == "Thu, 01 Apr 2027 00:30:15 +0000"
    assert message["Reply-To"] == "csm@example.com"


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\x0bb", "a\u2028b", "a\0b", "a\ud800b"])
@pytest.mark.parametrize("field", ["subject", "from_name", "to_name"])
def test_control_characters_in_a_header_are_refused(field: str, evil: str) -> None:
    with pytest.raises(UnsendableError, match="control character"):
        to_bytes(an_email(**{field: evil}))


def test_control_characters_in_cc_and_extra_headers_are_refused() -> None:
    with pytest.raises(UnsendableError, match="cc"):
        to_bytes(an_email(cc=(("a\nb", "a@example.com"),)))
    with pytest.raises(UnsendableError, match="X-A"):
        to_bytes(an_email(headers=(("X-A", "a\r\nb"),)))
    with pytest.raises(UnsendableError, match="header name"):
        to_bytes(an_email(headers=(("X A:", "a"),)))


@pytest.mark.parametrize(
    "address",
    [
        "山田@example.co.jp",
        "no-at.example.com",
        "a b@example.com",
        "a@",
        "@b.com",
        "a@b..c",
        "a@b\r\n.com",
        "<a@b.com>",
        "a@-b.com",
    ],
)
def test_an_address_no_server_would_take_is_refused(address: str) -> None:
    with pytest.raises(UnsendableError):
        to_bytes(an_email(to_address=address))


def test_a_japanese_domain_travels_in_ascii() -> None:
    assert wire_address("info@日本語.jp") == "info@xn--wgv71a119e.jp"


def test_a_long_ascii_subject_folds_between_words() -> None:
    assert text_header("Subject", "word " * 30 + "end").split("\r\n")[1].startswith(" word")
