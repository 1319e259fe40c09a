"""What a trait of a person or company may hold: names of one line, addresses that mail servers carry; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from email_validator import EmailNotValidError, validate_email

from engage.errors import InputError
from engage.events.limits import MAX_ID_CHARS
from engage.events.written_forms import narrow, parse_date

NAME_TRAITS = frozenset({
    "name", "firstName", "lastName", "first_name", "last_name", "full_name", "family_name", "given_name",
    "family_reading", "given_reading", "department", "title", "position", "company", "product", "sold_by",
    "phase", "segment", "region",
})  # fmt: skip
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What nearly every address looks like; the others take the slow way, which also knows the reason.
_USUAL = re.compile(
    r"[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.IGNORECASE
)
_MOST_NAME_CHARS = 200
CONSENT_EVENTS = ("consent.granted", "consent.withdrawn", "unsubscribed")
_CONTRACT_IDS = ("contract_id", "new_contract_id", "account_id", "group_id")
_CONTRACT_DAYS = ("starts_on", "start_date", "ends_on", "end_date", "notice_deadline")


def check_traits(traits: Mapping[str, Any]) -> None:
    """Refuses names that would break a header and addresses that could never get mail."""
    for key, value in traits.items():
        if key in NAME_TRAITS and isinstance(value, str):
            check_name(key, value)
    email = traits.get("email")
    if email is not None and email != "":
        clean_email(email)

    consents = traits.get("consents")
    for topic in consents if isinstance(consents, Mapping) else ():
        check_topic(topic)


def check_told(name: str, properties: Mapping[str, Any]) -> None:
    """Refuses what an event about contracts or consents names that could never be found again, or never come."""
    if name.startswith("contract."):
        for key in _CONTRACT_IDS:
            if properties.get(key) is not None:
                clean_id(f"properties.{key}", properties[key])
        for key in _CONTRACT_DAYS:
            check_day(f"properties.{key}", properties.get(key))
    topic = properties.get("topic")
    if name in CONSENT_EVENTS and isinstance(topic, str):
        check_topic(topic)


def check_day(key: str, value: object) -> None:
    """Refuses a day that does not exist: what a contract's dates set in motion would never come, without a word."""
    if value is None or value == "":
        return
    try:
        parse_date("" if isinstance(value, bool) else str(value))
    except ValueError as error:
        raise InputError(f"{key}: {error}", code="bad_date", hint="null or leaving it out says no day") from None


def check_topic(topic: str) -> None:
    """Refuses a topic of mail with a line break or of absurd length."""
    if len(topic) > MAX_ID_CHARS or holds_control(topic):
        raise InputError(f"a topic must be one line of at most {MAX_ID_CHARS} characters", code="bad_topic")


def clean_id(key: str, value: object) -> str:
    """An id as text without blanks around it; clients also send numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(f"{key} must be a text", code="bad_id")
    text = str(value).strip()
    if len(text) > MAX_ID_CHARS or holds_control(text):
        raise InputError(f"{key} must be one line of at most {MAX_ID_CHARS} characters", code="bad_id")
    return text


def holds_control(text: str) -> bool:
    """True where a text holds a line break or another control character."""
    return _CONTROLS.search(text) is not None


def check_name(key: str, value: str) -> None:
    """Refuses a name with a line break or another control character, or of absurd length."""
    if holds_control(value.strip()):
        raise InputError(f"{key} holds a line break or control character", code="bad_name", hint="write it on one line")
    if len(value) > _MOST_NAME_CHARS:
        raise InputError(f"{key} is longer than {_MOST_NAME_CHARS} characters", code="bad_name")


def clean_email(value: object) -> str:
    """The address in the form we keep (half-width, domain in lower case); InputError says why it is none."""
    if not isinstance(value, str):
        raise InputError("email must be a text", code="bad_email")
    text = narrow(value)
    if _USUAL.fullmatch(text) and len(text) <= 254 and len(text.partition("@")[0]) <= 64:
        local, _, domain = text.partition("@")
        return f"{local}@{domain.lower()}"
    return _checked_email(value.strip())


def _checked_email(text: str) -> str:
    local = text.rpartition("@")[0]
    if not narrow(local).isascii():
        raise InputError(
            f"email {text!r} has characters before the @ that mail servers do not carry", code="bad_email",
            hint="use an address of ASCII letters and digits",
        )  # fmt: skip
    try:
        checked = validate_email(narrow(text), allow_smtputf8=False, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InputError(f"email {text!r} is not an address: {error}", code="bad_email") from None
    return checked.normalized
