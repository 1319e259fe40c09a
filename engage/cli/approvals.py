"""`engage approvals`: what waits for a colleague's word, from the command line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click
from sqlalchemy.orm import Session

from engage import wiring
from engage.errors import NotFoundError
from engage.messages import approvals as desk
from engage.staff.people import find_by_email

by_option = click.option("--by", "email", required=True, metavar="EMAIL", help="Who decides: a colleague's address.")


@click.group()
def approvals() -> None:
    """Messages that a colleague sees before the customer does."""


@approvals.command("list")
@click.option("--for", "email", metavar="EMAIL", help="Only those that wait for this colleague.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(email: str | None, as_json: bool) -> None:
    """List what waits, the most urgent first."""
    with wiring.opened() as engage, engage.database.reading() as session:
        assignee = _staff_id(session, email) if email else None
        found = desk.list_pending(session, engage.library, links=engage.links, assignee_id=assignee)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False, default=str))
        return
    for one in found:
        until = f"until {one.expires_at:%Y-%m-%d %H:%M} UTC"
        words = (one.public_id, until, one.assignee_name or "nobody", one.account_name, one.subject or one.step_id)
        click.echo("  ".join(words))
    if not found:
        click.echo("nothing waits for approval")


@approvals.command()
@click.argument("approval_id")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the HTML there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(approval_id: str, html_file: Path | None, as_json: bool) -> None:
    """Show the very message, as the customer would get it."""
    with wiring.opened() as engage, engage.database.reading() as session:
        view = desk.load(session, engage.library, approval_id, links=engage.links)
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
    with wiring.opened() as engage, engage.database.transaction() as session:
        staff_id, now = _staff_id(session, email), engage.clock.now()
        desk.reject(session, engage.library, approval_id, by=staff_id, reason=reason, now=now)
    click.echo(f"{approval_id}: rejected, the message is cancelled")


def _staff_id(session: Session, email: str) -> int:
    member = find_by_email(session, email)
    if member is None:
        raise NotFoundError("there is no colleague with that address", where=email, hint="engage users list")
    return member.id
