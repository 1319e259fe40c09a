"""Response headers that keep browsers strict; a view that needs another policy sets it first."""

from __future__ import annotations

from flask import Flask, Response

STRICT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# The very mail as it will look, in a frame of our own page: no scripts, no forms, no way out, our origin unreachable.
MAIL_POLICY = "; ".join(
    (
        "sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src https: http: data:",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
# A click in the preview would count as the customer's: in a frame without pop-ups, links to new windows lead nowhere.
_INERT_LINKS = '<base target="_blank">'
_ALWAYS = {
    "Content-Security-Policy": STRICT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def framed_mail(html: str) -> Response:
    """A mail to be shown in a frame of one of our pages."""
    headers = {"Content-Security-Policy": MAIL_POLICY, "Cache-Control": "no-store"}
    return Response(_INERT_LINKS + html, mimetype="text/html", headers=headers)


def harden(app: Flask, *, https: bool) -> None:
    """Gives every response of the app the strict headers it did not set itself."""
    always = _ALWAYS | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in always.items():
            response.headers.setdefault(name, value)
        return response
