"""Signed links that customers follow: compact, stateless, made the same way every time, checked in constant time."""

from __future__ import annotations

import base64
import binascii
import hmac

from engage.errors import NotFoundError

_MAC_BYTES = 16
_MOST_CHARACTERS = 8_000


class Links:
    """Makes and reads the tokens of click, unsubscribe and answer links; one key for each use."""

    def __init__(self, secret: str, public_url: str) -> None:
        if not secret:
            raise ValueError("links cannot be signed without a secret key")
        self._secret = secret
        self.public_url = public_url.rstrip("/")
        self._click_key = hmac.digest(secret.encode(), b"engage link click", "sha256")
        self._unsubscribe_key = hmac.digest(secret.encode(), b"engage link unsubscribe", "sha256")
        self._chart_key = hmac.digest(secret.encode(), b"engage link chart", "sha256")
        self._answer_key = hmac.digest(secret.encode(), b"engage link answer", "sha256")

    def beginning_with(self, public_url: str) -> Links:
        """The same links at another address."""
        return Links(self._secret, public_url)

    def leading_nowhere(self) -> Links:
        """Links that look right and do nothing, for mails that are only looked at; their pictures can be fetched."""
        inert = Links("preview", self.public_url)
        inert._chart_key = self._chart_key
        return inert

    def click_url(self, message_id: str, url: str) -> str:
        """The link that notes a click on a message and leads to exactly this URL."""
        return f"{self.public_url}/click/{_sealed(self._click_key, f'{message_id} {url}'.encode())}"

    def read_click(self, token: str) -> tuple[str, str]:
        """The message and the URL that were signed; anything else is refused."""
        message_id, _, url = _opened(self._click_key, token).partition(" ")
        return message_id, url

    def unsubscribe_url(self, message_id: str) -> str:
        """The link that stops the topic of this message for the address it went to; it never expires."""
        return f"{self.public_url}/unsubscribe/{_sealed(self._unsubscribe_key, message_id.encode())}"

    def read_unsubscribe(self, token: str) -> str:
        """The message that was signed; anything else is refused."""
        return _opened(self._unsubscribe_key, token)

    def chart_url(self, drawing: str) -> str:
        """The address of a picture that is drawn when it is asked for; it names nobody."""
        return f"{self.public_url}/chart/{_sealed(self._chart_key, drawing.encode())}.png"

    def read_chart(self, token: str) -> str:
        """What is to be drawn, as it was signed; anything else is refused."""
        return _opened(self._chart_key, token)

    def answer_url(self, message_id: str, question: str, choice: str) -> str:
        """The link to the page on which the reader of this message confirms this choice."""
        return f"{self.public_url}/survey/{_sealed(self._answer_key, f'{message_id} {question} {choice}'.encode())}"

    def read_answer(self, token: str) -> tuple[str, str, str]:
        """The message, the question and the choice that were signed; anything else is refused."""
        message_id, question, choice = _opened(self._answer_key, token).split(" ")
        return message_id, question, choice


def _sealed(key: bytes, payload: bytes) -> str:
    mac = hmac.digest(key, payload, "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode("ascii")


def _opened(key: bytes, token: str) -> str:
    sealed = _decoded(token)
    mac, payload = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    if not payload or not hmac.compare_digest(mac, hmac.digest(key, payload, "sha256")[:_MAC_BYTES]):
        raise _refusal()
    return payload.decode()


def _decoded(token: str) -> bytes:
    """The bytes of a token; only the one spelling that we make is read."""
    if len(token) > _MOST_CHARACTERS or not token.isascii():
        raise _refusal()
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refusal() from error
    if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii") != token:
        raise _refusal()
    return sealed


def _refusal() -> NotFoundError:
    return NotFoundError(
        "this link is not one of ours, or it was cut short",
        code="bad_link",
        hint="open the link from the mail again, or copy all of it",
    )
