"""`engage approvals`: what waits for a colleague's word, from the command line."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy.orm import Session

from engage import wiring
from engage.errors import NotFoundError
from engage.messages.exceptions import Share, shares, total_of
from engage.messages.presenting import list_pending, load
from engage.staff.colleagues import covered_by
from engage.staff.people import find_by_email

DAYS = 30  # of which the list tells the share that went unasked
by_option = click.option("--by", "email", required=True, metavar="EMAIL", help="Who decides: a colleague's address.")


@click.group()
def approvals() -> None:
    """Messages that a colleague sees before the customer does."""


@approvals.command("list")
@click.option("--for", "email", metavar="EMAIL", help="Only what waits for them, or for whom they stand in now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(email: str | None, as_json: bool) -> None:
    """List what waits, the most urgent first."""
    with wiring.opened() as engage, engage.database.reading() as session:
        assignee, now = _staff_id(session, email) if email else None, engage.clock.now()
        covered = covered_by(session, engage.library.vocabulary(session), assignee, now=now) if assignee else set()
        found = list_pending(session, engage.library, links=engage.links, assignee_id=assignee, instead_of=covered)
        total = total_of(shares(session, since=now - timedelta(days=DAYS)))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False, default=str))
        return
    for one in found:
        until = f"until {one.expires_at:%Y-%m-%d %H:%M} UTC"
        words = (one.public_id, until, one.assignee_name or "nobody", one.account_name, one.subject or one.step_id)
        click.echo("  ".join(words))
    if not found:
        click.echo("nothing waits for approval")
    if total and not email:
        click.echo(f"in {DAYS} days {share_told(total)}")


@approvals.command()
@click.option("--days", default=DAYS, show_default=True, help="How far to look back.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def share(days: int, as_json: bool) -> None:
    """Show how many messages went unasked, as the same words were approved before."""
    with wiring.opened() as engage, engage.database.reading() as session:
        found = shares(session, since=engage.clock.now() - timedelta(days=days))
    if as_json:
        told = [{**dataclasses.asdict(one), "share": one.share} for one in found]
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for one in [*found, *filter(None, [total_of(found)])]:
        click.echo(f"{one.playbook_key or 'all'}: {share_told(one)}")
    if not found:
        click.echo("nobody was asked for approval")


def share_told(share: Share) -> str:
    """The share in words."""
    total = share.asked + share.by_exception
    return f"{share.by_exception} of {total} messages ({share.share:.0%}) went unasked, by exception"


@approvals.command()
@click.argument("approval_id")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the HTML there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(approval_id: str, html_file: Path | None, as_json: bool) -> None:
    """Show the very message, as the customer would get it."""
    with wiring.opened() as engage, engage.database.reading() as session:
        view = load(session, engage.library, approval_id, links=engage.links)
    if html_file:
        html_file.write_text(view.html or view.text, encoding="utf-8")
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(view), ensure_ascii=False, default=str))
        return
    sender = f"{view.sender[0]} <{view.sender[1]}>" if view.sender else "in-app"
    lines = [
        f"{view.public_id}  {view.state}  version {view.version}  {view.cause}",
        f"From:    {sender}",
        f"To:      {view.to[0]} <{view.to[1]}>  {view.account_name}",
        f"Subject: {view.subject}",
        "",
        f"cannot be made: {view.problem}" if view.problem else view.text,
    ]
    click.echo("\n".join(lines))


@approvals.command()
@click.argument("approval_id")
@by_option
@click.option("--version", type=int, help="The version you saw; refused when it has changed since.")
def approve(approval_id: str, email: str, version: int | None) -> None:
    """Let the message go, exactly as shown."""
    from engage.messages import approvals as desk  # who only looks needs nothing of it

    with wiring.opened() as engage, engage.database.transaction() as session:
        staff_id, now = _staff_id(session, email), engage.clock.now()
        decided = desk.approve(
            session, engage.library, approval_id, links=engage.links, by=staff_id, version=version, now=now
        )
        state = decided.state
    waits = "the executive agreed; the CSM is asked next" if state == "pending" else "approved"
    click.echo(f"{approval_id}: {waits}")


@approvals.command()
@click.argument("approval_id")
@by_option
@click.option("--reason", required=True, help="Why: the author of the playbook reads it.")
def reject(approval_id: str, email: str, reason: str) -> None:
    """Take the message back."""
    from engage.messages import approvals as desk

    with wiring.opened() as engage, engage.database.transaction() as session:
        staff_id, now = _staff_id(session, email), engage.clock.now()
        desk.reject(session, approval_id, by=staff_id, reason=reason, now=now)
    click.echo(f"{approval_id}: rejected, the message is cancelled")


def _staff_id(session: Session, email: str) -> int:
    member = find_by_email(session, email)
    if member is None:
        raise NotFoundError("there is no colleague with that address", where=email, hint="engage users list")
    return member.id
