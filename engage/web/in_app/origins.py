"""Which pages may ask: those of the origins that the installation names, or of any where it names none. No cookies."""

from __future__ import annotations

from collections.abc import Collection

from engage.errors import PermissionDeniedError

_ALWAYS = {
    "Access-Control-Expose-Headers": "ETag, Retry-After, X-Engage-Poll-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "7200",
}


def insist_on_origin(origin: str | None, allowed: Collection[str]) -> None:
    """Refuses a page of another origin; who sends none is no page."""
    if origin is not None and allowed and origin not in allowed:
        hint = "name it in ENGAGE_IN_APP_ORIGINS, such as https://app.example.com"
        raise PermissionDeniedError(
            "pages of this origin may not ask", code="origin_not_allowed", where=origin, hint=hint
        )


def headers_for(origin: str | None, allowed: Collection[str]) -> dict[str, str]:
    """What lets the page read the answer, if it may."""
    if not allowed:
        return {**_ALWAYS, "Access-Control-Allow-Origin": "*"}
    mine = {"Access-Control-Allow-Origin": origin} if origin in allowed and origin else {}
    return {**_ALWAYS, **mine, "Vary": "Origin"}
