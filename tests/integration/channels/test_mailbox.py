"""A mailbox over IMAP: read once and in order, from where we were, and never changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engage.channels.email.mailbox import MOST_MAILS, Mailbox, MailboxError, Place, mailbox_of
from engage.errors import InputError
from tests.servers.running import Running, imap_box
from tests.support import dovecot
from tests.support.certificates import self_signed
from tests.support.letters import letter

SINCE = date(2026, 11, 20)


class Box:
    """A folder of mails, and the server over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, uid: int, raw: bytes, *, on: datetime = datetime(2026, 11, 24, tzinfo=UTC)) -> None:
        path = self.folder / f"{uid}.eml"
        path.write_bytes(raw)
        os.utime(path, (on.timestamp(), on.timestamp()))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    (tmp_path / "box").mkdir()
    return Box(tmp_path / "box")


@pytest.fixture
def server(box: Box, tmp_path: Path) -> Iterator[Running]:
    with imap_box(box.folder, tmp_path / "log") as running:
        yield running


def at(server: Running, *, password: str = "geheim") -> Mailbox:
    return Mailbox("127.0.0.1", server.port, "box", password, tls="never")


def uids(mails: object) -> list[int]:
    assert isinstance(mails, list)
    return [mail.uid for mail in mails]


def test_mails_are_read_once_in_their_order_and_nothing_changes(box: Box, server: Running) -> None:
    for uid in (3, 4, 9):
        box.put(uid, letter(f"mail {uid}"))
    place, mails, more = at(server).read(None, since=SINCE)
    assert (place, uids(mails), more) == (Place(1, 9), [3, 4, 9], False)
    assert mails[0].raw == letter("mail 3")
    assert mails[0].arrived_at == datetime(2026, 11, 24, tzinfo=UTC)

    place, mails, _ = at(server).read(place, since=SINCE)
    assert (place, mails) == (Place(1, 9), [])
    box.put(10, letter("new"))
    assert uids(at(server).read(place, since=SINCE)[1]) == [10]

    verbs = {" ".join(line.split()[:2]) if line.startswith("UID") else line.split()[0] for line in server.lines()}
    assert verbs == {"CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"}


def test_what_lies_there_for_long_is_not_read_at_first(box: Box, server: Running) -> None:
    box.put(1, letter("of old"), on=datetime(2026, 11, 1, tzinfo=UTC))
    box.put(2, letter("of late"))
    assert uids(at(server).read(None, since=SINCE)[1]) == [2]


def test_numbers_that_mean_something_else_now_are_not_believed(box: Box, server: Running) -> None:
    box.put(1, letter("moved"))
    (box.folder / "validity").write_text("77")
    place, mails, _ = at(server).read(Place(1, 500), since=SINCE)
    assert (place, uids(mails)) == (Place(77, 1), [1])


def test_a_full_mailbox_is_read_in_pieces(box: Box, server: Running) -> None:
    for uid in range(1, MOST_MAILS + 3):
        box.put(uid, b"x")
    place, mails, more = at(server).read(None, since=SINCE)
    assert (len(mails), more) == (MOST_MAILS, True)
    _, mails, more = at(server).read(place, since=SINCE)
    assert (len(mails), more) == (2, False)


def test_a_mailbox_that_cannot_be_read_says_why(server: Running) -> None:
    with pytest.raises(MailboxError, match=r"login is refused.*Authentication failed"):
        at(server, password="wrong").read(None, since=SINCE)
    server.process.kill()
    server.process.wait()
    with pytest.raises(MailboxError, match="refused"):
        at(server).read(None, since=SINCE)


def test_tls_is_spoken_to_a_server_that_is_trusted_only(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path / "both.pem")
    box.put(1, letter("x"))
    with imap_box(box.folder, tmp_path / "log", "--certificate", str(certificate)) as server:
        mailbox = mailbox_of(f"imaps://box:geheim@127.0.0.1:{server.port}")
        with pytest.raises(MailboxError, match=r"(?i)certificate"):
            mailbox.read(None, since=SINCE)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert uids(mailbox.read(None, since=SINCE)[1]) == [1]


@pytest.mark.skipif(
    not dovecot.is_here(), reason="no Dovecot here, or not root (Debian: apt-get install dovecot-imapd)"
)
def test_a_real_server_is_read_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path / "both.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    today = datetime.now(UTC).date()
    with dovecot.dovecot(certificate) as real:
        first, second = letter("一通目", charset="ISO-2022-JP"), letter("x" * 11_000_000)
        real.put(first)
        real.put(second)
        implicit = mailbox_of(f"imaps://box:geheim@127.0.0.1:{real.implicit}/INBOX")
        place, mails, more = implicit.read(None, since=today)
        assert [mail.raw for mail in mails] == [first, second[: 10 << 20]]
        assert (implicit.read(place, since=today)[1], more) == ([], False)
        real.put(letter("later"))
        by_starttls = mailbox_of(f"imap://box%40x:geheim@127.0.0.1:{real.plain}")
        _, mails, _ = by_starttls.read(place, since=today)
        assert len(mails) == 1
        assert real.touched() == []
        with pytest.raises(MailboxError, match="login is refused"):
            mailbox_of(f"imaps://box:wrong@127.0.0.1:{real.implicit}").read(None, since=today)


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "folder", "tls"),
    [
        ("imaps://me%40x.jp:pa%3Ass@mail.x.jp", "mail.x.jp", 993, "me@x.jp", "INBOX", "implicit"),
        ("imap://me:pa%21ss@mail.x.jp:1143/Replies/2026", "mail.x.jp", 1143, "me", "Replies/2026", "required"),
        ("imap://me:pa%21ss@localhost/%E8%BF%94%E4%BF%A1?starttls=never", "localhost", 143, "me", "返信", "never"),
    ],
)
def test_a_url_names_a_mailbox(url: str, host: str, port: int, user: str, folder: str, tls: str) -> None:
    found = mailbox_of(url)
    assert (found.host, found.port, found.user, found.folder, found.tls) == (host, port, user, folder, tls)
    assert found.password not in repr(found)


@pytest.mark.parametrize(
    "url", ["", "pop3://a:b@c", "imaps://host", "imaps://me@host", "imaps://a:b@h:x", "imap://a:b@h?starttls=maybe"]
)
def test_a_url_that_names_no_mailbox_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="ENGAGE_MAILBOX_URL"):
        mailbox_of(url)
