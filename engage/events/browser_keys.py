"""What a key may say that everybody can read in a web page: use of the product, language and time zone; pure."""

from __future__ import annotations

from dataclasses import replace

from engage.errors import InputError
from engage.events.parsing import ParsedMessage
from engage.language.catalogue import NOT_USE
from engage.language.vocabulary import BUILT_IN_EVENTS

_TYPES = ("track", "page", "screen", "identify")
_TRAITS = frozenset({"locale", "language", "time_zone", "timezone", "timeZone"})
# Events that Engage takes as a word about the customer, by their beginning.
_ABOUT_CUSTOMERS = tuple(name for name in NOT_USE if name.endswith("."))
_NAMES = BUILT_IN_EVENTS.union(NOT_USE)
_INSTEAD = "send it from your server, with a server key"


def admit_from_browser(message: ParsedMessage) -> ParsedMessage:
    """The message as far as anybody may say it, without an account of its own choosing; InputError names the rest.

    Whose account it is has been said by the server; a browser that could choose would read other companies' mail.
    """
    if message.type not in _TYPES:
        raise _refused(f"a browser key cannot send {message.type}")
    if message.type == "identify":
        _check_identify(message)
    if message.type == "track" and (message.name.startswith(_ABOUT_CUSTOMERS) or message.name in _NAMES):
        raise _refused(f"a browser key cannot say {message.name!r}: it is about the customer, not use of the product")
    if message.user_id is None and message.anonymous_id is None:
        raise _refused("a browser key speaks for a person: userId or anonymousId is missing")
    return replace(message, group_id=None)


def _check_identify(message: ParsedMessage) -> None:
    if message.group_id is not None:
        raise _refused("a browser key cannot say which account a person belongs to")
    others = sorted(message.properties.keys() - _TRAITS)
    if others:
        raise _refused(f"a browser key can say a person's language and time zone, not {', '.join(others)[:200]}")


def _refused(reason: str) -> InputError:
    return InputError(reason, code="not_for_browser_keys", hint=_INSTEAD)
