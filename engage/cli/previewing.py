"""`engage playbooks preview`: the very messages for a real account, as text or as files; nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from engage import wiring
from engage.channels.base import OutboundEmail
from engage.channels.email.mime import to_bytes
from engage.config import Settings
from engage.ids import Seal
from engage.language.defaults import Defaults
from engage.language.workspace import load_workspace
from engage.messages.foreseeing import Answer
from engage.messages.policy.verdicts import say
from engage.rollout.previewing import MESSAGE_ID, Previewed, preview_account
from engage.rollout.sources import Live, Source, Written

_RULE = "─" * 72


@click.command()
@click.argument("account")
@click.option("--playbook", "key", metavar="KEY", help="Only this playbook.")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Only this language; all by default.")
@click.option("--live", "from_live", is_flag=True, help="What is live, not the files.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write .html, .txt and .eml files here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def preview(
    account: str, key: str | None, locale: str | None, from_live: bool, out: Path | None, as_json: bool
) -> None:
    """Show every message that ACCOUNT (your id or Engage's) would get as things stand, and what the gate says of it.

    The links lead nowhere, and nothing is kept.
    """
    settings = Settings.from_env()
    with wiring.opened(settings) as engage, engage.database.reading() as session:
        source: Source = Live(session, engage.library) if from_live else _written(settings, engage.library.seal)
        now = engage.clock.now()
        found = preview_account(session, source, account, key=key, public_url=settings.link_url, now=now)
    chosen = [one for one in found if locale is None or one.locale in (locale, "")]
    if out is not None:
        for path in _write(chosen, out, now):
            click.echo(str(path), err=as_json)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in chosen], ensure_ascii=False, indent=1))
    elif out is None:
        for line in (line for one in chosen for line in told(one)):
            click.echo(line)
        if not chosen:
            click.echo("Nothing would be sent: no playbook has a message for this account.")


def _written(settings: Settings, seal: Seal) -> Written:
    workspace = load_workspace(settings.playbooks_dir, settings.templates_dir)
    defaults = Defaults(locale=settings.default_locale, time_zone=settings.default_timezone)
    return Written(workspace, defaults, seal)


def told(one: Previewed) -> Iterator[str]:
    """One message as lines of text."""
    yield _RULE
    yield f"{one.playbook} / {one.step}: {one.channel} {one.template}" + (f" [{one.locale}]" if one.locale else "")
    yield f"About:   {one.subject_of_run}"
    if one.not_now:
        yield f"Not now: only if {one.not_now}"
    if one.locale and not one.is_readers:
        yield "Locale:  not the reader's"
    if one.to[1] or one.to[0]:
        yield f"To:      {_mailbox(one.to)}"
    yield from (f"Cc:      {address}" for address in one.cc)
    if one.channel == "email" and one.sender[1]:
        yield f"From:    {_mailbox(one.sender)}"
    if one.approved_by:
        yield f"Asked:   {one.approved_by} says yes first"
    yield from _gate_told(one.gate)
    if one.held:
        yield f"HELD:    {one.held}"
        return
    yield f"Subject: {one.subject}"
    yield ""
    yield one.text.rstrip()
    if one.link:
        yield f"→ {one.link}"
    yield ""


def _gate_told(answer: Answer | None) -> Iterator[str]:
    """What the gate says as things stand, and which copies would be left out."""
    if answer is None:
        return
    until = f" until {answer.until[:16].replace('T', ' ')} UTC" if answer.until else ""
    why = f" by {answer.policy}: {say(answer.reason or '', 'en')}" if answer.policy else ""
    yield f"Gate:    {answer.verdict}{until}{why}"
    yield from (f"         no copy to {who}: {say(reason, 'en')}" for who, reason in answer.copies_left_out)


def _mailbox(who: tuple[str, str]) -> str:
    name, address = who
    return f"{name} <{address}>" if name and address else name or address


def _write(messages: Sequence[Previewed], out: Path, now: datetime) -> Iterator[Path]:
    """The files of each message; one that would be held has a text that says why."""
    out.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(messages, start=1):
        stem = f"{number:02d}-{one.playbook}-{one.step}" + (f".{one.locale}" if one.locale else "")
        yield _file(out / f"{stem}.txt", "\n".join(told(one)).encode())
        if one.html:
            yield _file(out / f"{stem}.html", one.html.encode())
            yield _file(out / f"{stem}.eml", to_bytes(_as_mail(one, now)))


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _as_mail(one: Previewed, now: datetime) -> OutboundEmail:
    return OutboundEmail(
        message_id=MESSAGE_ID,
        attempt=1,
        from_name=one.sender[0],
        from_address=one.sender[1],
        reply_to=None,
        to_name=one.to[0],
        to_address=one.to[1],
        cc=tuple(("", address) for address in one.cc),
        subject=one.subject,
        html=one.html,
        text=one.text,
        headers=(),
        category=one.playbook,
        sent_at=now,
    )
