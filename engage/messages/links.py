"""Signed links that customers follow: short, made the same way every time, checked in constant time.

A link names its message and carries a code over what it leads to, and nothing else. Where it leads is found again among
what the message links to, so that no link leads anywhere its mail did not. What former versions and former secrets
made is read for ever: a mail is opened years later, too.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from typing import Final, Literal

from engage.errors import NotFoundError
from engage.ids import in_letters

Use = Literal["click", "unsubscribe", "preferences", "confirm", "answer", "chart", "decision"]
# How links are made: `long` ones held what they lead to, and `straight` ones to other pages are not ours at all.
Form = Literal["short", "long", "straight"]

_PATHS: Final[dict[Use, str]] = {
    "click": "click", "unsubscribe": "unsubscribe", "preferences": "preferences", "confirm": "confirm",
    "answer": "survey", "chart": "chart", "decision": "decide",
}  # fmt: skip
_OF_MESSAGES = "msg_"
_CODE_LETTERS = 16  # of five bits each: nobody guesses one of 2^80
_MAC_BYTES = 16
_MOST_CHARACTERS = 8_000
_BEHIND = ".,;:!?)]}>'\"。、」)"  # what a mail program may take for a part of the link before it


@dataclass(frozen=True, slots=True)
class Asked:
    """What a deciding link says: which approval, asked of whom, until when."""

    approval_id: str
    staff_id: str
    until: datetime


class Links:
    """Makes and reads the links in mails; one key for each use."""

    def __init__(
        self, secret: str, public_url: str, *, former_secrets: Sequence[str] = (), form: Form = "short"
    ) -> None:
        if not secret:
            raise ValueError("links cannot be signed without a secret key")
        self._secrets = (secret, *former_secrets)
        self._keys = {use: tuple(_key(one, use) for one in self._secrets) for use in _PATHS}
        # Its links last for days only, and whoever knows a secret of before should decide on nothing.
        self._keys["decision"] = self._keys["decision"][:1]
        self._form = form
        self.public_url = public_url.rstrip("/")

    @property
    def follows_text(self) -> bool:
        """Whether the links of a text part are click links, too: long ones would break at the end of a line."""
        return self._form == "short"

    @property
    def follows_clicks(self) -> bool:
        """Whether links to other pages are click links at all."""
        return self._form != "straight"

    def beginning_with(self, public_url: str) -> Links:
        """The same links at another address."""
        return self._made_likewise(public_url, self._form)

    @cached_property
    def straight(self) -> Links:
        """The same links, but those to other pages lead straight there, and nobody knows who followed them."""
        return self._made_likewise(self.public_url, "straight")

    def as_before(self, public_url: str) -> Iterator[Links]:
        """Every way in which the links of a former mail may have been made, which began at this address."""
        for secret in self._secrets:
            for form in ("short", "long", "straight"):
                yield Links(secret, public_url, form=form)

    def leading_nowhere(self) -> Links:
        """Links that look right and do nothing, for mails that are only looked at; their pictures can be fetched."""
        inert = Links("preview", self.public_url)
        inert._keys["chart"] = self._keys["chart"]
        return inert

    def click_url(self, message_id: str, url: str) -> str:
        """The link that notes a click on a message and leads to exactly this URL."""
        if self._form == "short":
            return self._short("click", message_id, url)
        return self._long("click", f"{message_id} {url}") if self._form == "long" else url

    def read_click(self, token: str, targets: Callable[[str], Iterable[str]]) -> tuple[str, str]:
        """The message and the URL that were signed; anything else is refused.

        `targets` tells the pages to which a message links; it is asked only where the link does not say it itself.
        """
        said = self._read_long("click", token)
        if said is not None:
            message_id, _, url = said.partition(" ")
            return message_id, url
        message_id, url = self._read_short("click", token, targets)
        return message_id, url

    def unsubscribe_url(self, message_id: str) -> str:
        """The link that stops the topic of this message for the address it went to; it never expires."""
        return self._long("unsubscribe", message_id) if self._form == "long" else self._short("unsubscribe", message_id)

    def read_unsubscribe(self, token: str) -> str:
        """The message that was signed; anything else is refused."""
        said = self._read_long("unsubscribe", token)
        return said if said is not None else self._read_short("unsubscribe", token, lambda _: ("",))[0]

    def chart_url(self, drawing: str) -> str:
        """The address of a picture that is drawn when it is asked for; it names nobody."""
        return f"{self._long('chart', drawing)}.png"

    def read_chart(self, token: str) -> str:
        """What is to be drawn, as it was signed; anything else is refused."""
        drawing = self._read_long("chart", token)
        if drawing is None:
            raise _refusal()
        return drawing

    def preferences_url(self, message_id: str) -> str:
        """The link to the page on which the reader of this message chooses what they get; it never expires."""
        return self._short("preferences", message_id)

    def read_preferences(self, token: str) -> str:
        """The message that was signed; anything else is refused."""
        return self._read_short("preferences", token, lambda _: ("",))[0]

    def confirm_url(self, message_id: str) -> str:
        """The link to the page on which the reader of this message confirms that they want such mail."""
        return self._short("confirm", message_id)

    def read_confirm(self, token: str) -> str:
        """The message that was signed; anything else is refused."""
        return self._read_short("confirm", token, lambda _: ("",))[0]

    def answer_url(self, message_id: str, question: str, choice: str) -> str:
        """The link to the page on which the reader of this message confirms this choice."""
        if self._form == "long":
            return self._long("answer", f"{message_id} {question} {choice}")
        return self._short("answer", message_id, f"{question} {choice}")

    def read_answer(self, token: str, choices: Callable[[], Iterable[tuple[str, str]]]) -> tuple[str, str, str]:
        """The message, the question and the choice that were signed; anything else is refused.

        `choices` tells every question with each of its choices; it is asked only where the link does not say them.
        """
        said = self._read_long("answer", token)
        if said is not None:
            message_id, question, choice = said.split(" ")
            return message_id, question, choice
        message_id, chosen = self._read_short("answer", token, lambda _: (" ".join(one) for one in choices()))
        question, choice = chosen.split(" ")
        return message_id, question, choice

    def decision_url(self, asked: Asked) -> str:
        """The link to the page on which this colleague decides on this approval, without a login."""
        return self._long("decision", f"{asked.approval_id} {asked.staff_id} {int(asked.until.timestamp())}")

    def read_decision(self, token: str) -> Asked:
        """What was signed; anything else is refused."""
        said = self._read_long("decision", token)
        if said is None:
            raise _refusal()
        approval_id, staff_id, until = said.split(" ")
        return Asked(approval_id, staff_id, datetime.fromtimestamp(int(until), UTC))

    def _made_likewise(self, public_url: str, form: Form) -> Links:
        made = Links(self._secrets[0], public_url, former_secrets=self._secrets[1:], form=form)
        made._keys["chart"] = self._keys["chart"]  # of links that lead nowhere, the only ones that lead somewhere
        return made

    def _short(self, use: Use, message_id: str, target: str = "") -> str:
        name = message_id.removeprefix(_OF_MESSAGES)
        return f"{self.public_url}/{_PATHS[use]}/{name}{_code(self._keys[use][0], name, target)}"

    def _long(self, use: Use, payload: str) -> str:
        return f"{self.public_url}/{_PATHS[use]}/{_sealed(self._keys[use][0], payload.encode())}"

    def _read_short(self, use: Use, token: str, targets: Callable[[str], Iterable[str]]) -> tuple[str, str]:
        """The message, and which of the targets the code is over."""
        letters = token.rstrip(_BEHIND).lower()  # a program on the way may have changed the case
        name, code = letters[:-_CODE_LETTERS], letters[-_CODE_LETTERS:]
        if not name or len(token) > _MOST_CHARACTERS or not (letters.isascii() and letters.isalnum()):
            raise _refusal()
        message_id = f"{_OF_MESSAGES}{name}"
        for target in targets(message_id):
            if any(hmac.compare_digest(code, _code(key, name, target)) for key in self._keys[use]):
                return message_id, target
        raise _refusal()

    def _read_long(self, use: Use, token: str) -> str | None:
        sealed = _decoded(token)
        mac, payload = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        if payload and any(hmac.compare_digest(mac, _mac(key, payload)) for key in self._keys[use]):
            return payload.decode()
        return None


def _key(secret: str, use: Use) -> bytes:
    return hmac.digest(secret.encode(), f"engage link {use}".encode(), "sha256")


def _code(key: bytes, name: str, target: str) -> str:
    """The code of a short link, a keyed BLAKE2b; ten of them are made for a mail."""
    return in_letters(blake2b(f"{name} {target}".encode(), key=key, digest_size=_CODE_LETTERS).digest())


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, "sha256")[:_MAC_BYTES]


def _sealed(key: bytes, payload: bytes) -> str:
    return base64.urlsafe_b64encode(_mac(key, payload) + payload).rstrip(b"=").decode("ascii")


def _decoded(token: str) -> bytes:
    """The bytes of a long token; empty where it is none in the one spelling that we made."""
    if len(token) > _MOST_CHARACTERS or not token.isascii():
        return b""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return sealed if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii") == token else b""


def _refusal() -> NotFoundError:
    return NotFoundError(
        "this link is not one of ours, or it was cut short",
        code="bad_link",
        hint="open the link from the mail again, or copy all of it",
    )
