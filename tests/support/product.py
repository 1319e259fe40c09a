"""A customer's product that shows the inbox: another origin, with the strict policy that such products have."""

from __future__ import annotations

from flask import Flask, Response, request

PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Product</title>
<meta name="viewport" content="width=device-width"><style>:root {{ color-scheme: light dark }}</style>
<main><h1>Product</h1><engage-inbox src="{engage}" token="{token}"></engage-inbox></main>
<script type="module" src="{engage}/in-app/engage-inbox.js"></script></html>"""


def product(engage: str, page: str = PAGE, *, styles: str = "style-src 'unsafe-inline'", live: str = "") -> Flask:
    """An app whose one page, `/?lang=…&token=…`, embeds the inbox of the Engage at this URL."""
    app = Flask("product")
    policy = f"default-src 'none'; script-src {engage}; connect-src {engage} {live}; {styles}"

    @app.get("/")
    def home() -> Response:
        body = page.format(engage=engage, lang=request.args["lang"], token=request.args["token"])
        return Response(body, headers={"Content-Security-Policy": policy})

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)

    return app
