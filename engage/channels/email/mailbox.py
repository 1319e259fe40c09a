"""A mailbox read over IMAP: what came since the place where we were. It is only ever read: nothing in it changes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from engage.errors import InputError

MOST_BYTES = 10 << 20  # of one mail; what stands behind is an attachment's
MOST_MAILS = 50  # read at a time
_MOST_AT_ONCE = 20 << 20  # bytes of all that is read at a time
_TIMES = SocketTimeout(connect=10, read=20)
_PORTS = {"imaps": 993, "imap": 143}


class MailboxError(Exception):
    """The mailbox cannot be read now; the text says why, without the password."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a mailbox was read: the number of the last mail, which means something under one validity only."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail as the server keeps it."""

    uid: int
    raw: bytes
    size: int  # of all of it, where the bytes are cut
    arrived_at: datetime


@dataclass(frozen=True)
class Mailbox:
    """Where a mailbox is and how to get in."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    tls: str = "implicit"  # implicit | required | never

    @property
    def name(self) -> str:
        """What it is called in the store and by the doctor."""
        return f"{self.user}@{self.host}/{self.folder}"

    def read(self, place: Place | None, *, since: date) -> tuple[Place, list[Fetched], bool]:
        """What came behind the place, the oldest first; from a day on where there is no place that holds any more.

        Also the place behind it, and whether more is there. Raises MailboxError; then nothing was read.
        """
        with self._open() as (client, validity):
            known = place.uid if place and place.validity == validity else 0
            uids = _behind(client, known, since)
            mails: list[Fetched] = []
            for uid in uids[:MOST_MAILS]:
                if sum(len(mail.raw) for mail in mails) > _MOST_AT_ONCE:
                    break
                known = uid
                mails += _fetched(client, uid)
            return Place(validity, known), mails, bool(uids) and known < uids[-1]

    @contextmanager
    def _open(self) -> Iterator[tuple[IMAPClient, int]]:
        context = ssl.create_default_context()
        implicit = self.tls == "implicit"
        try:
            client = IMAPClient(
                self.host, self.port, ssl=implicit, ssl_context=context if implicit else None, timeout=_TIMES
            )
            client.normalise_times = False
            with client:
                if self.tls == "required":
                    client.starttls(context)
                client.login(self.user, self.password)
                selected = client.select_folder(self.folder, readonly=True)
                yield client, int(selected[b"UIDVALIDITY"])
        except LoginError as error:
            raise MailboxError(f"the login is refused ({_said(error)})") from None
        except (IMAPClientError, OSError, KeyError, ValueError) as error:
            raise MailboxError(_said(error) or type(error).__name__) from None


def mailbox_of(url: str) -> Mailbox:
    """The mailbox that a URL of the settings names; InputError with the way out where it names none."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise _wrong("its port is not a number") from None
    if parts.scheme not in _PORTS:
        raise _wrong(f"{parts.scheme or 'nothing'}: is no way to a mailbox")
    if not parts.hostname or not parts.username or parts.password is None:
        raise _wrong("it needs a user, a password and a host; an @ in the user's name is written %40")
    asked = parse_qs(parts.query).get("starttls", ["required"])[0]
    if asked not in ("required", "never"):
        raise _wrong(f"starttls={asked} is neither required nor never")
    return Mailbox(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls="implicit" if parts.scheme == "imaps" else asked,
    )


def _wrong(why: str) -> InputError:
    hint = "imaps://user:password@host/INBOX"
    return InputError(f"this URL cannot be used: {why}", where="ENGAGE_MAILBOX_URL", hint=hint)


def _behind(client: IMAPClient, known: int, since: date) -> Sequence[int]:
    """The numbers of the mails to read; a search for what is behind the last one finds the last one again."""
    if not known:
        return sorted(client.search(["SINCE", since]))
    return sorted(uid for uid in client.search(["UID", f"{known + 1}:*"]) if uid > known)


def _fetched(client: IMAPClient, uid: int) -> list[Fetched]:
    """The mail, unless it was deleted meanwhile; looking at it leaves it unread for people."""
    asked = [f"BODY.PEEK[]<0.{MOST_BYTES}>", "INTERNALDATE", "RFC822.SIZE"]
    said: dict[bytes, Any] = client.fetch([uid], asked).get(uid, {})
    raw = next((value for name, value in said.items() if name.startswith(b"BODY[]")), None)
    at = said.get(b"INTERNALDATE")
    if not isinstance(raw, bytes) or not isinstance(at, datetime):
        return []
    size = max(len(raw), int(said.get(b"RFC822.SIZE", 0)))
    return [Fetched(uid, raw, size, at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))]


def _said(error: Exception) -> str:
    text = str(error.args[0] if len(error.args) == 1 else error)
    return " ".join(text.removeprefix("b'").removesuffix("'").split())[:200]
