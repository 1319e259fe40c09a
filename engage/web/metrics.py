"""`/metrics`: the installation's figures for Prometheus, to whoever knows the token; none is about anybody."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, request
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from engage.errors import NotFoundError, PermissionDeniedError
from engage.upkeep.vitals import Vitals, take_vitals
from engage.wiring import Engage


def metrics_page(engage: Engage) -> Blueprint:
    """The blueprint of the metrics; without a token in the settings there is no such page."""
    pages = Blueprint("metrics", __name__)
    token = engage.settings.metrics_token

    @pages.before_request
    def guard() -> None:
        if not token:
            raise NotFoundError("metrics are off", hint="set ENGAGE_METRICS_TOKEN")
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
            raise PermissionDeniedError("the token is missing or wrong", code="wrong_token")

    @pages.get("/metrics")
    def metrics() -> Response:
        with engage.database.reading() as session:
            vitals = take_vitals(session, engage.clock.now())
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(_registry(vitals)), content_type=content_type, headers={"Cache-Control": "no-store"})

    return pages


def _registry(vitals: Vitals) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Told(vitals))
    return registry


@dataclass(frozen=True, eq=False)
class _Told(Collector):
    vitals: Vitals

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every figure under its name."""
        vitals = self.vitals
        states = GaugeMetricFamily("engage_messages", "Messages in the ledger, by state.", labels=["state"])
        for state, count in vitals.messages.items():
            states.add_metric([state], count)
        yield states
        said = "For how long the oldest due piece of work has waited, by kind of work."
        waiting = GaugeMetricFamily("engage_work_waiting_seconds", said, labels=["work"])
        for work, lag in vitals.waiting.items():
            waiting.add_metric([work], lag.total_seconds())
        yield waiting
        yield _one("engage_events_unresolved", "Events that no digest has taken yet.", vitals.unresolved_events)
        yield _one("engage_unknowns_listed", "Messages in doubt that wait for a person's word.", vitals.unknowns_listed)
        said = "Mail of the last seven days, by playbook, sending domain and what became of it."
        mail = GaugeMetricFamily("engage_mail_week", said, labels=["playbook", "domain", "what"])
        for cause, fared in vitals.mail.items():
            for what in ("sent", "bounced", "complained"):
                mail.add_metric([cause.playbook, cause.domain, what], getattr(fared, what))
        yield mail
        resting = GaugeMetricFamily("engage_provider_resting", "Providers that take nothing now.", labels=["provider"])
        for provider in sorted(vitals.resting):
            resting.add_metric([provider], 1)
        yield resting
        if vitals.worker_seen is not None:
            seen = vitals.worker_seen.total_seconds()
            yield _one("engage_worker_seen_seconds", "How long ago a worker last showed; each shows every 15 s.", seen)


def _one(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, value=value)
