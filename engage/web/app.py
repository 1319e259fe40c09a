"""The web application: every blueprint in one table."""

from __future__ import annotations

from flask import Flask, redirect, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

from engage import wiring
from engage.events.limits import MAX_BODY_BYTES
from engage.logs import configure_logs
from engage.web.api.blueprint import intake_api
from engage.web.console.blueprint import console
from engage.web.deciding.blueprint import deciding_pages
from engage.web.errors import handle_errors
from engage.web.example.blueprint import example_product
from engage.web.headers import harden
from engage.web.health import health_checks
from engage.web.hooks.inbound import inbound_hooks
from engage.web.hooks.sendgrid import sendgrid_hooks
from engage.web.in_app.blueprint import in_app_api
from engage.web.metrics import metrics_page
from engage.web.public.blueprint import public_pages

BLUEPRINTS = (
    health_checks, metrics_page, intake_api, sendgrid_hooks, inbound_hooks, in_app_api, public_pages, deciding_pages,
    console, example_product,
)  # fmt: skip


def create_app(engage: wiring.Engage) -> Flask:
    """The application over one installation."""
    app = Flask("engage.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    if engage.settings.proxies:  # whose request it is, as the outermost of our own proxies saw it
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=engage.settings.proxies, x_proto=0)  # type: ignore[method-assign]
    harden(app, https=engage.settings.public_url.startswith("https://"))
    handle_errors(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint(engage))
    app.add_url_rule("/", "front_door", lambda: redirect(url_for("console.home")))
    return app


def application() -> Flask:
    """The application over the installation that the environment describes; what a WSGI server asks for."""
    configure_logs()
    return create_app(wiring.build())
