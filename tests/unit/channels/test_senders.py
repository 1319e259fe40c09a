"""Who a mail is from: a golden table of people, proved domains, and what the receiving server sees."""

from __future__ import annotations

import pytest

from engage.channels.email.senders import Sender, is_nobodys, mail_id_of, writes_as

HANAKO = ("佐藤 花子", "hanako.sato@sample.example")
PROVED = ("mail.sample.example", "sample.co.jp")


@pytest.mark.parametrize(
    ("person", "domains", "sender"),
    [
        # nothing is set: everybody writes from their own address, as the server allows it
        (HANAKO, (), Sender("佐藤 花子", "hanako.sato@sample.example")),
        # the person's domain is proved, however it is written
        (HANAKO, ("sample.example",), Sender("佐藤 花子", "hanako.sato@sample.example")),
        (("S", "s@Sample.Example"), ("sample.example",), Sender("S", "s@Sample.Example")),
        (("S", "s@sample.co.jp"), PROVED, Sender("S", "s@sample.co.jp")),
        (("S", "s@日本.example"), ("xn--wgv71a.example",), Sender("S", "s@日本.example")),
        # it is not: their name, their local part on ours, their mailbox for the answer
        (HANAKO, PROVED, Sender("佐藤 花子", "hanako.sato@mail.sample.example", "hanako.sato@sample.example")),
        (("", "ono@gmail.example"), PROVED, Sender("", "ono@mail.sample.example", "ono@gmail.example")),
        # a domain below a proved one is another one: its own records decide
        (("S", "s@team.sample.co.jp"), PROVED, Sender("S", "s@mail.sample.example", "s@team.sample.co.jp")),
        # and one that only ends alike
        (("S", "s@notsample.co.jp"), PROVED, Sender("S", "s@mail.sample.example", "s@notsample.co.jp")),
    ],
)
def test_a_mail_comes_from_a_proved_domain_and_is_answered_to_the_person(
    person: tuple[str, str], domains: tuple[str, ...], sender: Sender
) -> None:
    assert writes_as(person, domains) == sender


@pytest.mark.parametrize(
    ("address", "nobodys"),
    [
        ("no-reply@sample.example", True),
        ("noreply@sample.example", True),
        ("cs.do-not-reply@sample.example", True),
        ("DoNotReply@sample.example", True),
        ("reply@sample.example", False),
        ("hanako@no-reply.example", False),
    ],
)
def test_an_address_that_nobody_reads_is_known(address: str, nobodys: bool) -> None:
    assert is_nobodys(address) is nobodys


def test_a_message_id_says_which_message_it_is_on_the_domain_of_its_sender() -> None:
    assert mail_id_of("msg_1", "s@sample.example") == "<msg_1@sample.example>"
    assert mail_id_of("msg_1", "s@日本.example") == "<msg_1@xn--wgv71a.example>"
    assert mail_id_of("msg_1", "no address") is None
