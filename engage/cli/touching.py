"""`engage customers touch`: a call, a visit or a mail of one's own is logged."""

from __future__ import annotations

import getpass
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from engage import wiring
from engage.customers.touching import KINDS, LONGEST_NOTE, Touched, log_touch
from engage.ids import new_id


@click.command("touch")
@click.argument("account")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it was.")
@click.option("--contact", metavar="ID", help="With whom: your id, Engage's, or the address.")
@click.option("--note", default="", help=f"What came of it, up to {LONGEST_NOTE} characters.")
@click.option("--at", type=click.DateTime(("%Y-%m-%d %H:%M", "%Y-%m-%d")), help="When (in the zone of the settings).")
@click.option("--by", help="Which colleague; you, if nobody is named.")
def touch_command(account: str, kind: str, contact: str | None, note: str, at: datetime | None, by: str | None) -> None:
    """Log that somebody called, met or wrote to ACCOUNT (your id or Engage's): it counts as a touch."""
    with wiring.opened() as engage, engage.database.transaction() as session:
        now = engage.clock.now()
        moment = at.replace(tzinfo=ZoneInfo(engage.settings.default_timezone)) if at else now
        touched = Touched(key=new_id("tch"), account=account, kind=kind, at=moment, contact=contact, note=note)
        log_touch(session, touched, by=by or f"cli:{getpass.getuser()}", now=now)
    click.echo(f"logged: {kind} with {account}")
