"""In-app identity: a short-lived JWT that the customer's product backend signs for one of its users."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from engage.errors import PermissionDeniedError
from engage.staff import in_app_keys

AUDIENCE = "engage-in-app"
LONGEST = timedelta(hours=1)
LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whom a token speaks for, by which key, and until when."""

    user_id: str
    kid: str
    until: datetime


def read_token(token: str, *, secret_key: str, now: datetime) -> Speaker:
    """Whom a signed token speaks for; raises PermissionDeniedError with the reason. That its key is live is not asked.

    Nothing is looked up before the signature holds: a forged token costs no statement.
    """
    kid = _key_id(token)
    claims = _verified(token, in_app_keys.derive(secret_key, kid))
    until = _end(claims, now)
    user_id = claims["sub"]
    if not isinstance(user_id, str) or not user_id or "\0" in user_id:
        raise _refused("bad_token", "`sub` is not a user id", "sub = the userId your backend sends in identify")
    return Speaker(user_id, kid, until)


def unknown_key(kid: str) -> PermissionDeniedError:
    """What is said to a token whose key was never made, or was revoked."""
    return _refused("unknown_key", f'there is no in-app key "{kid[:40]}"', "make one: engage keys create NAME --in-app")


def bearer(header: str) -> str:
    """The token in an `Authorization` header."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refused("no_token", "no token was given", "Authorization: Bearer <token>")
    return token.strip()


def _key_id(token: str) -> str:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError as error:
        raise _refused("bad_token", "this is not a JWT", "Authorization: Bearer <token>") from error
    if not isinstance(kid, str) or not kid.isascii():
        raise _refused("bad_token", "the token's header names no key", "set `kid` in the header")
    return kid


def _verified(token: str, secret: str) -> dict[str, Any]:
    # Times are checked by our own clock, which a demo may move.
    options: Any = {"require": ["sub", "iat", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        return jwt.decode(token, secret, algorithms=["HS256"], audience=AUDIENCE, options=options)
    except jwt.InvalidAudienceError as error:
        raise _refused("bad_token", "the token is for somebody else", f'aud = "{AUDIENCE}"') from error
    except jwt.MissingRequiredClaimError as error:
        raise _refused("bad_token", f"the token lacks `{error.claim}`", "it needs sub, aud, iat and exp") from error
    except jwt.InvalidTokenError as error:
        raise _refused("bad_token", "the signature is not right", "HS256 with the secret of that key id") from error


def _end(claims: dict[str, Any], now: datetime) -> datetime:
    try:
        issued, expires = float(claims["iat"]), float(claims["exp"])
    except (TypeError, ValueError, OverflowError):
        issued = expires = math.nan
    if not (math.isfinite(issued) and math.isfinite(expires)):
        raise _refused("bad_token", "`iat` and `exp` are not numbers", "seconds since 1970")
    if expires - issued > LONGEST.total_seconds():
        raise _refused("bad_token", "the token lives longer than an hour", "exp - iat is 3600 at most")
    if now.timestamp() > expires + LEEWAY.total_seconds():
        raise _refused("token_expired", "the token has run out", "ask your backend for a fresh one")
    if issued > now.timestamp() + LEEWAY.total_seconds():
        raise _refused("bad_token", "the token is from the future", "check the clock of your backend")
    return datetime.fromtimestamp(expires, UTC) + LEEWAY


def _refused(code: str, message: str, hint: str) -> PermissionDeniedError:
    return PermissionDeniedError(message, code=code, hint=hint)
