"""What SendGrid's answers mean: for the ledger an outcome, for whoever operates Engage plain words with a way out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from engage.channels.base import Accepted, Declined, Outcome, Rejected, Throttled, Unavailable, Unknown

ACCOUNT_SECONDS = 300.0  # until our account is tried again where SendGrid does not accept it
_SENDER_SECONDS = 3600.0
_THROTTLED_SECONDS = 60.0
_LONGEST_PAUSE = 3600.0
_RECIPIENT_FIELDS = ("personalizations", "to", "cc")
# What we set for the account as a whole: where it is refused, no mail is at fault.
_OUR_FIELDS = ("asm", "categories", "custom_args", "mail_settings", "tracking_settings")

Errors = list[tuple[str, str]]  # (field, message)


def outcome_of(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """What one answer to `mail/send` says about the message it is the answer to."""
    if status in (200, 202):
        return Accepted(headers.get("X-Message-Id"), pause=_pause(headers))
    if status == 429:
        return Throttled("SendGrid takes no more for now (429 too many requests)", _until_reset(headers))
    if 400 <= status < 500 and status != 408:
        return _refusal(status, errors_in(body))
    return Unknown(f"SendGrid answered {status}: it may have taken the mail all the same")


def refusal_words(status: int, errors: Errors) -> str:
    """Why SendGrid does not accept our account or our request, and what to do; for every call to its API."""
    said = _said(status, errors)
    if "credit" in said.lower():
        return f"the credits of our SendGrid plan are used up ({said}): choose a larger plan, or wait for the next"
    if status == 401:
        return f"SendGrid does not accept our API key ({said}): set SENDGRID_API_KEY to one that is valid"
    if status == 403:
        return f"our API key may not do this ({said}): give it the permission in SendGrid"
    return f"SendGrid does not know this request ({said}): is ENGAGE_SENDGRID_URL right?"


def errors_in(body: bytes) -> Errors:
    """The fields and messages of an error body; none where it is not one."""
    try:
        errors = json.loads(body)["errors"]
        return [(str(error.get("field") or ""), str(error["message"])) for error in errors]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def _refusal(status: int, errors: Errors) -> Outcome:
    said, fields = _said(status, errors), [field for field, _ in errors]
    if status == 413:
        return Declined(f"the mail is larger than SendGrid takes ({said})", is_final=True)
    if _is_about_sender(status, errors):
        why = f"SendGrid does not send in this sender's name ({said}): verify the address or its domain in SendGrid"
        return Declined(why, _SENDER_SECONDS)
    if status != 400:
        return Unavailable(refusal_words(status, errors), ACCOUNT_SECONDS)
    if _are_all(fields, _RECIPIENT_FIELDS):
        return Rejected(f"SendGrid refuses the recipient's address ({said})")
    if _are_all(fields, _OUR_FIELDS):
        return Declined(f"SendGrid refuses a setting of ours ({said}): see ENGAGE_SENDGRID_GROUPS", _SENDER_SECONDS)
    return Declined(f"SendGrid refuses the mail as it is ({said})", is_final=True)


def _is_about_sender(status: int, errors: Errors) -> bool:
    """Whether it is this sender who may not send; colleagues whose addresses are verified still may."""
    if status == 403:
        return any("from address" in message.lower() or "sender identity" in message.lower() for _, message in errors)
    return status == 400 and _are_all([field for field, _ in errors], ("from", "reply_to"))


def _are_all(fields: list[str], of: tuple[str, ...]) -> bool:
    return bool(fields) and all(field.partition(".")[0].partition("[")[0] in of for field in fields)


def _said(status: int, errors: Errors) -> str:
    texts = (f"{field}: {message}" if field else message for field, message in errors)
    return f"{status} {'; '.join(texts) or 'without a reason'}"[:400]


def _pause(headers: Mapping[str, str]) -> float:
    """None, unless this was the last message that SendGrid takes before its window opens again."""
    return _until_reset(headers) if headers.get("X-RateLimit-Remaining") == "0" else 0.0


def _until_reset(headers: Mapping[str, str]) -> float:
    """Seconds until SendGrid's window opens again, by SendGrid's own clock."""
    try:
        served = parsedate_to_datetime(headers["Date"]).timestamp()
        return min(max(int(headers["X-RateLimit-Reset"]) - served, 1.0), _LONGEST_PAUSE)
    except (KeyError, ValueError):
        return _THROTTLED_SECONDS
