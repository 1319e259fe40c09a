"""`engage users`: who may log in to the console."""

from __future__ import annotations

import json
from typing import Any

import click

from engage import wiring
from engage.staff.people import POSITIONS, ROLES, add_person, list_people


@click.group()
def users() -> None:
    """Our own people: who may log in, who may be a sender."""


@users.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="csm", show_default=True, help="What they may do.")
@click.option("--position", type=click.Choice(POSITIONS), help="As whom playbooks may send in their name.")
@click.option("--family-name", required=True, help="Family name.")
@click.option("--given-name", default="", help="Given name.")
@click.option("--locale", type=click.Choice(["ja", "en"]), default="ja", show_default=True, help="Their language.")
@click.option("--time-zone", default="Asia/Tokyo", show_default=True, help="IANA time zone.")
@click.option("--password", help="Asked for on the terminal when it is not given; `-` reads it from standard input.")
def add(password: str | None, **person: Any) -> None:
    """Add a colleague who may log in to the console."""
    secret = _password(password)
    with wiring.opened() as engage, engage.database.transaction() as session:
        member = add_person(session, password=secret, now=engage.clock.now(), **person)
        click.echo(f"{member.email} may log in at {engage.settings.public_url}/console/")


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List everybody."""
    with wiring.opened() as engage, engage.database.reading() as session:
        rows = [
            {"email": one.email, "role": one.role, "position": one.position, "active": one.is_active}
            for one in list_people(session)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        position = f", {row['position']}" if row["position"] else ""
        click.echo(f"{row['email']}  {row['role']}{position}{'' if row['active'] else '  (inactive)'}")


def _password(said: str | None) -> str:
    if said == "-":
        return click.get_text_stream("stdin").readline().rstrip("\n")
    if said is not None:
        return said
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked
