"""`engage doctor`: what is configured, reachable, migrated, lagging; what to do about it."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from engage import wiring
from engage.config import SETTINGS, Settings
from engage.customers.declared_words import declared_by
from engage.upkeep.doctor import Patient, examine
from engage.upkeep.findings import Finding
from engage.worker.nudges import answers

_FIELDS = {
    "ENGAGE_SENDGRID_WEBHOOK_KEY": "sendgrid_webhook_keys",
    "ENGAGE_PLAYBOOKS": "playbooks_dir",
    "ENGAGE_TEMPLATES": "templates_dir",
}
_SIGNS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


@click.command()
@click.option("--dns", "asks_dns", is_flag=True, help="Also judge SPF, DKIM, DMARC and MX of the domains mail is from.")
@click.option(
    "--records",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judge the DNS records of this file, as `dig` writes them, instead of asking DNS.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(asks_dns: bool, records: Path | None, as_json: bool) -> None:
    """Look whether all is well, and say what to do where it is not."""
    settings = Settings.from_env()
    with wiring.opened(settings) as engage:
        findings = examine(
            Patient(
                settings=settings,
                database=engage.database,
                clock=engage.clock,
                is_migrated=wiring.is_migrated,
                redis_answers=lambda: _redis_answers(settings),
                declared=lambda session: declared_by(engage.library.vocabulary(session)),
            )
        )
        if asks_dns or records:
            findings += _dns(engage, records)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        _print_settings(settings)
        _print_findings(findings)
    sys.exit(1 if any(finding.verdict == "bad" for finding in findings) else 0)


def _dns(engage: wiring.Engage, file: Path | None) -> list[Finding]:
    from engage.upkeep.dns.domains import examine_dns
    from engage.upkeep.dns.records import AskedRecords, records_in
    from engage.upkeep.dns.sending import sending_of

    records = records_in(file) if file else AskedRecords()
    return examine_dns(records, sending_of(engage.database, engage.library, engage.settings))


def _redis_answers(settings: Settings) -> bool | None:
    url = wiring.redis_url(settings)
    return answers(url) if url else None


def _print_settings(settings: Settings) -> None:
    for setting in SETTINGS:
        value = _value(settings, setting.name)
        shown = ("(set)" if value else "(not set)") if setting.secret else value or "(not set)"
        click.echo(f"  {setting.name:<28} {shown}")
    click.echo()


def _value(settings: Settings, name: str) -> str:
    """What is in force for a variable, a default included; passwords in URLs are left out."""
    field = _FIELDS.get(name, name.removeprefix("ENGAGE_").lower())
    value = getattr(settings, field)
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Mapping):
        value = tuple(f"{key}={said}" for key, said in value.items())
    text = " ".join(value) if isinstance(value, tuple) else str(value or "")
    return re.sub(r"://([^:/@\s]*):[^@\s]*@", r"://\1:…@", text)


def _print_findings(findings: list[Finding]) -> None:
    for finding in findings:
        click.echo(f"{_SIGNS[finding.verdict]}  {finding.what}: {finding.said}")
        if finding.way_out:
            click.echo(f"        -> {finding.way_out}")
