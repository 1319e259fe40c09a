"""What a refusal is about: the address, the reader, ourselves, or the moment."""

from __future__ import annotations

import pytest

from engage.channels.email.refusals import Fault, fault_of, status_of

ADDRESS, READER, OURS, MOMENT = Fault.ADDRESS, Fault.READER, Fault.OURS, Fault.MOMENT


@pytest.mark.parametrize(
    ("code", "text", "fault"),
    [
        (550, "5.1.1 <a@b>: Recipient address rejected: User unknown in virtual mailbox table", ADDRESS),
        (550, "5.1.1 The email account that you tried to reach does not exist. gsmtp", ADDRESS),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", ADDRESS),
        (556, "5.1.10 Domain does not accept mail (nullMX)", ADDRESS),
        (550, "5.1.2 Host unknown", ADDRESS),
        (550, "5.2.1 The email account that you tried to reach is disabled", ADDRESS),
        (550, "5.4.1 Recipient address rejected: Access denied", ADDRESS),  # Exchange Online: nobody by that name
        (550, "5.4.4 Host or domain name not found", ADDRESS),
        (550, "Unknown user", ADDRESS),
        (550, "no such user", ADDRESS),
        (554, "delivery error: dd This user doesn't have a yahoo.co.jp account (a@b) [0]", ADDRESS),
        (550, "5.2.2 Mailbox full", READER),
        (552, "5.2.3 Message size exceeds fixed limit", READER),
        (550, "5.7.1 RESOLVER.RST.AuthRequired; this group takes mail from colleagues only", READER),
        (550, "5.7.1 Message content rejected, user unknown to our filters", READER),  # a policy, whatever its words
        (554, "5.7.1 Your message looks like spam", READER),
        (554, "spam", READER),
        (550, "Requested action not taken: mailbox unavailable", READER),  # it may be a policy as well
        (550, "5.6.0 Malformed", READER),
        (550, "5.7.26 Unauthenticated email from engage.example is not accepted due to domain's DMARC policy", OURS),
        (550, "5.7.25 The IP address sending this message does not have a PTR record", OURS),
        (550, "5.7.606 Access denied, banned sending IP [203.0.113.9]", OURS),
        (554, "5.7.1 Service unavailable; Client host [203.0.113.9] blocked using zen.spamhaus.org", OURS),
        (554, "5.7.1 <a@b>: Relay access denied", OURS),
        (550, "5.7.64 TenantAttribution; Relay Access Denied", OURS),
        (553, "5.1.8 Sender address rejected: Domain not found", OURS),
        (530, "5.7.0 Authentication required", OURS),
        (535, "5.7.8 Username and Password not accepted", OURS),
        (421, "4.7.0 Try again later, closing connection", MOMENT),
        (450, "4.2.1 The user you are trying to contact is receiving mail too quickly", MOMENT),
        (451, "4.7.1 Greylisting in action, please come back later", MOMENT),
        (452, "4.2.2 The email account that you tried to reach is over quota", MOMENT),
        (450, "4.1.1 user unknown", MOMENT),
        (0, "4.4.7 Message expired", MOMENT),
        (0, "5.1.1", ADDRESS),
        (0, "5.0.0", READER),
    ],
)
def test_whom_a_refusal_speaks_of(code: int, text: str, fault: Fault) -> None:
    assert fault_of(code, text) is fault


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1 no", "5.1.1"),
        ("#5.7.26 no", "5.7.26"),
        ("550-5.1.1 The email account", "5.1.1"),
        ("5.01.001", "5.1.1"),
        ("host 10.5.1.1 said no", None),
        ("no 5.1.1", None),
        ("5.1.1.9 is an address", None),
        ("", None),
    ],
)
def test_the_status_stands_at_the_beginning(text: str, status: str | None) -> None:
    assert status_of(text) == status
