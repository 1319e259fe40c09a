"""Which column a trait goes to and how its value is read, for people, companies and contracts; pure.

The same tables serve the tracking API (an unreadable value stays a plain trait) and imports (it is told to the person).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engage.calendars.zones import find_zone
from engage.errors import InputError
from engage.events.trait_checks import check_name, clean_email
from engage.events.written_forms import narrow, parse_currency, parse_date, parse_whole, parse_yes

YES = (True, "true", "yes", "1", 1)
_LANGUAGES = {"日本語": "ja", "japanese": "ja", "英語": "en", "english": "en"}
_COUNTRIES = {"日本": "JP", "japan": "JP", "united states": "US", "usa": "US", "アメリカ": "US", "uk": "GB"}
_ROLES = {
    "チャンピオン": "champion", "推進担当": "champion", "決裁者": "decision_maker", "役員": "sponsor",
    "スポンサー": "sponsor", "管理者": "admin", "利用者": "end_user", "請求": "billing", "経理": "billing",
    "パートナー": "partner", "decisionmaker": "decision_maker", "enduser": "end_user", "user": "end_user",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One column: the names under which people send it, and how a value is read (ValueError says why not)."""

    column: str
    names: tuple[str, ...]
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Read:
    """Traits sorted out: columns, what has no column, and what could not be read (name, reason)."""

    columns: dict[str, Any]
    rest: dict[str, Any]
    unreadable: dict[str, str]


def read_traits(fields: Sequence[Field], traits: Mapping[str, Any]) -> Read:
    """Sorts traits into columns and the rest; a value that cannot be read stays in the rest and is named."""
    columns: dict[str, Any] = {}
    unreadable: dict[str, str] = {}
    rest = dict(traits)
    for field in fields:
        name = next((name for name in field.names if name in rest), None)
        if name is None:
            continue
        value = rest.pop(name)
        try:
            columns[field.column] = None if value is None or value == "" else field.read(value)
        except (ValueError, InputError) as error:
            rest[name], unreadable[name] = value, str(error)
    return Read(columns, rest, unreadable)


def read_line(value: Any) -> str:
    """A name: one line, half-width, without a control character."""
    text = _text(value)
    check_name("the text", text)
    return narrow(text)


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is not a text")
    return str(value)


def _word(value: Any) -> str:
    word = narrow(_text(value))
    check_name("the text", word)
    return word


def _language(value: Any) -> str:
    text = _word(value).lower()
    code = _LANGUAGES.get(text) or re.split("[-_]", text)[0]
    if not re.fullmatch("[a-z]{2,3}", code):
        raise ValueError(f"{value!r} is not a language; write it like ja or en")
    return code


def _country(value: Any) -> str:
    text = _word(value)
    code = _COUNTRIES.get(text.lower()) or text.upper()
    if not re.fullmatch("[A-Z]{2}", code):
        raise ValueError(f"{value!r} is not a country; write its two letters, like JP")
    return code


def _zone(value: Any) -> str:
    name = _word(value)
    if not name or find_zone(name) is None:
        raise ValueError(f"{value!r} is not a time zone; write it like Asia/Tokyo")
    return name


def _month(value: Any) -> int:
    month = parse_whole(_word(value).removesuffix("月"))
    if not 1 <= month <= 12:
        raise ValueError(f"{value!r} is not a month from 1 to 12")
    return month


def _yes(value: Any) -> bool:
    return value if isinstance(value, bool) else parse_yes(_text(value))


def says_yes(value: Any) -> bool:
    """Whether a value, in any of the ways in which people write it, means yes."""
    try:
        return _yes(value)
    except (ValueError, InputError):
        return False


def _day(value: Any) -> date:
    return parse_date(_text(value))


def _amount(value: Any) -> int:
    return parse_whole(_text(value).removesuffix(".0"))


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        word = _word(value).lower().replace(" ", "_").replace("-", "_")
        if word not in words:
            raise ValueError(f"{value!r} is none of {', '.join(words)}")
        return word

    return read


def read_roles(value: Any) -> list[str]:
    """Roles from a list or a text with commas, each in the word that playbooks use."""
    said = value if isinstance(value, list) else re.split("[,;、・/|]", _text(value))
    words = [re.sub("[ -]", "_", _word(one).lower()) for one in said if one]
    return list(dict.fromkeys(_ROLES.get(word, word) for word in words if word))


PERSON = (
    Field("email", ("email",), clean_email),
    Field("family_name", ("family_name", "familyName", "last_name", "lastName"), read_line),
    Field("given_name", ("given_name", "givenName", "first_name", "firstName"), read_line),
    Field("full_name", ("full_name", "name"), read_line),
    Field("family_reading", ("family_reading", "familyReading", "last_name_kana", "lastNameKana"), read_line),
    Field("given_reading", ("given_reading", "givenReading", "first_name_kana", "firstNameKana"), read_line),
    Field("department", ("department",), read_line),
    Field("title", ("title", "position", "job_title", "jobTitle"), read_line),
    Field("locale", ("locale", "language"), _language),
    Field("time_zone", ("time_zone", "timezone", "timeZone"), _zone),
    Field("is_staff", ("is_staff", "isStaff"), _yes),
    Field("is_shared_box", ("is_shared_box", "isSharedBox"), _yes),
)

ACCOUNT = (
    Field("name", ("name", "company_name"), read_line),
    Field("country", ("country",), _country),
    Field("region", ("region",), read_line),
    Field("locale", ("locale", "language"), _language),
    Field("time_zone", ("time_zone", "timezone", "timeZone"), _zone),
    Field("segment", ("segment",), _word),
    Field("touch_model", ("touch_model", "touchModel"), _one_of("high", "mid", "low", "tech")),
    Field("phase", ("phase",), _word),
    Field("fiscal_year_end_month", ("fiscal_year_end_month", "fiscalYearEndMonth"), _month),
    Field("is_test", ("is_test", "isTest"), _yes),
)

CONTRACT = (
    Field("name", ("name", "contract_name"), read_line),
    Field("starts_on", ("starts_on", "start_date"), _day),
    Field("ends_on", ("ends_on", "end_date"), _day),
    Field("notice_deadline", ("notice_deadline",), _day),
    Field("amount_minor", ("amount_minor",), _amount),
    Field("currency", ("currency",), parse_currency),
    Field("auto_renew", ("auto_renew",), _yes),
    Field("sold_by", ("sold_by",), _word),
    Field("contact_policy", ("contact_policy",), _one_of("direct", "copy_partner", "partner_only")),
    Field("state", ("state",), _one_of("pending", "active", "renewed", "ended", "cancelled")),
)
