"""Mails as they come in, to the byte: replies in old and new charsets, robots' answers, reports of servers."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Mapping

SENT = "Tue, 24 Nov 2026 10:15:00 +0900"
AIKO = "aiko@customer.example"


def encoded(text: str, charset: str, transfer: str) -> bytes:
    """A body as it travels."""
    data = jis(text) if charset.lower().startswith("iso-2022-jp") else text.encode(PYTHON.get(charset, charset))
    if transfer == "base64":
        return base64.encodebytes(data)
    return quopri.encodestring(data) if transfer == "quoted-printable" else data


PYTHON = {"Shift_JIS": "cp932", "shift_jis": "cp932", "ISO-8859-1": "latin-1"}


def word(text: str, charset: str = "utf-8") -> str:
    """A header's text as one encoded word."""
    data = jis(text) if charset.lower() == "iso-2022-jp" else text.encode(PYTHON.get(charset, charset))
    return f"=?{charset}?B?{base64.b64encode(data).decode()}?="


def letter(
    text: str,
    *,
    sender: str = f"{word('山田 愛子')} <{AIKO}>",
    to: str = "sato@engage.example",
    subject: str = word("Re: ご契約更新のご案内"),
    answers: str | None = None,
    header_id: str = "reply-1@customer.example",
    charset: str = "utf-8",
    transfer: str = "8bit",
    kind: str = "text/plain",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A mail of one part; `answers` is the Message-ID in its In-Reply-To."""
    lines = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": SENT,
        "Message-ID": f"<{header_id}>",
        **({"In-Reply-To": f"<{answers}>", "References": f"<{answers}>"} if answers else {}),
        **(headers or {}),
        "MIME-Version": "1.0",
        "Content-Type": f"{kind}; charset={charset}",
        "Content-Transfer-Encoding": transfer,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return head.encode() + b"\r\n" + encoded(text, charset, transfer).replace(b"\n", b"\r\n")


def jis(text: str) -> bytes:
    """ISO-2022-JP as Windows writes it, with its own characters (①, ㈱, 髙) and half-width kana."""
    made, mode = bytearray(), b"(B"
    for sign in text:
        wanted, data = _in_jis(sign.encode("cp932"))
        if wanted != mode:
            made += b"\x1b" + wanted
            mode = wanted
        made += data
    return bytes(made + (b"\x1b(B" if mode != b"(B" else b""))


def _in_jis(data: bytes) -> tuple[bytes, bytes]:
    if len(data) == 1:
        return (b"(I", bytes([data[0] & 0x7F])) if data[0] >= 0xA1 else (b"(B", data)
    lead, trail = data
    row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + (trail >= 0x9F)
    cell = trail - 0x9F if trail >= 0x9F else trail - 0x40 - (trail > 0x7F)
    return b"$B", bytes([row + 0x21, cell + 0x21])


def returned(message_id: str, *, to: str = AIKO) -> str:
    """The head of a mail of ours, as a report gives it back."""
    return (
        f"From: Sato <sato@engage.example>\nTo: <{to}>\nSubject: Renewal\nMessage-ID: <{message_id}@engage.example>\n"
        f"X-Engage-Message: {message_id}\n"
    )


def postfix_report(
    message_id: str,
    *,
    to: str = AIKO,
    status: str = "5.1.1",
    said: str = "550 5.1.1 <aiko@customer.example>: Recipient address rejected: User unknown in virtual mailbox table",
    action: str = "failed",
    header_id: str = "20261124011501.4F2A@mx.engage.example",
) -> bytes:
    """As Postfix writes it."""
    return _crlf(f"""Return-Path: <>
From: MAILER-DAEMON@mx.engage.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces@engage.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1/mx"
Message-Id: <{header_id}>
Date: {SENT}

This is a MIME-encapsulated message.

--B1/mx
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.engage.example.

<{to}>: host mx.customer.example[203.0.113.9] said: {said} (in reply to RCPT TO command)

--B1/mx
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.engage.example
X-Postfix-Queue-ID: 4F2A
X-Postfix-Sender: rfc822; bounces@engage.example
Arrival-Date: {SENT}

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{to}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.customer.example
Diagnostic-Code: smtp; {said}

--B1/mx
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <bounces@engage.example>
{returned(message_id, to=to)}
--B1/mx--
""")


def exchange_report(message_id: str, *, to: str = AIKO, status: str = "5.1.10") -> bytes:
    """As Exchange Online writes it: the whole mail comes back, the reason stands in its own words."""
    return _crlf(f"""From: {word("Microsoft Outlook")} <MicrosoftExchange329e71ec88ae4615@customer.example>
To: <bounces@engage.example>
Date: {SENT}
Content-Type: multipart/report; report-type=delivery-status; boundary="ex"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: ja-JP
Message-ID: <9d1e@customer.example>
In-Reply-To: <{message_id}@engage.example>
References: <{message_id}@engage.example>
Subject: {word("配信不能: Renewal")}
Auto-Submitted: auto-replied
MIME-Version: 1.0

--ex
Content-Type: multipart/alternative; boundary="in"

--in
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

{base64.encodebytes(f"{to} へのメッセージを配信できませんでした。".encode()).decode()}
--in--

--ex
Content-Type: message/delivery-status

Reporting-MTA: dns;TY0PR01MB0001.apcprd01.prod.exchangelabs.com

Final-Recipient: rfc822;{to}
Action: failed
Status: {status}
Diagnostic-Code: smtp;550 {status} RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

--ex
Content-Type: message/rfc822

{returned(message_id, to=to)}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Dear Aiko
--ex--
""")


def gmail_report(
    message_id: str,
    *,
    to: str = AIKO,
    said: str = "550-5.1.1 The email account that you tried to reach does not exist. Please try 550 5.1.1 again",
    status: str = "5.1.1",
    action: str = "failed",
) -> bytes:
    """As Gmail writes it: a related part with a picture before the report."""
    return _crlf(f"""Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: bounces@engage.example
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
Message-ID: <65a1@mx.google.com>
Date: {SENT}
MIME-Version: 1.0
Content-Type: multipart/report; boundary="g"; report-type=delivery-status
X-Failed-Recipients: {to}

--g
Content-Type: multipart/related; boundary="r"

--r
Content-Type: multipart/alternative; boundary="a"

--a
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {to}.
--a--
--r
Content-Type: image/png; name="icon.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--

--g
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: {SENT}
X-Original-Message-ID: <{message_id}@engage.example>

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Remote-MTA: dns; gmail-smtp-in.l.google.com.
Diagnostic-Code: smtp; {said}
Last-Attempt-Date: {SENT}

--g
Content-Type: message/rfc822

{returned(message_id, to=to)}
Dear Aiko
--g--
""")


def qmail_bounce(message_id: str, *, to: str = AIKO, said: str = "550 Unknown user (#5.1.1)") -> bytes:
    """As qmail writes it: no report at all, only words."""
    return _crlf(f"""Return-Path: <>
From: MAILER-DAEMON@mail.customer.example
To: bounces@engage.example
Subject: failure notice
Date: {SENT}
Message-ID: <q1@mail.customer.example>

Hi. This is the qmail-send program at mail.customer.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{to}>:
{said}

--- Below this line is a copy of the message.

{returned(message_id, to=to)}
Dear Aiko
""")


def complaint(message_id: str, *, to: str = AIKO) -> bytes:
    """As a mailbox provider reports that its user called a mail spam (RFC 5965)."""
    return _crlf(f"""From: <feedback@provider.example>
To: bounces@engage.example
Subject: FW: Renewal
Date: {SENT}
Message-ID: <arf1@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="f"

--f
Content-Type: text/plain; charset=us-ascii

This is an email abuse report.
--f
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1
Original-Rcpt-To: <{to}>

--f
Content-Type: message/rfc822

{returned(message_id, to=to)}
Dear Aiko
--f--
""")


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
