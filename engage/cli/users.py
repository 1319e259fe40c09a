"""`engage users`: who may log in to the console."""

from __future__ import annotations

import getpass
import json
import sys
from typing import Any

import click

from engage import wiring
from engage.cli import reaching
from engage.cli.reaching import find_member
from engage.customers.owning import take_over_accounts
from engage.staff.entering import replace_password
from engage.staff.people import POSITIONS, ROLES, add_person, list_people
from engage.staff.profiles import set_profile


@click.group()
def users() -> None:
    """Our own people: who may log in, who may be a sender."""


for command in (reaching.set_, reaching.away, reaching.show):
    users.add_command(command)


@users.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="csm", show_default=True, help="What they may do.")
@click.option("--position", type=click.Choice(POSITIONS), help="As whom playbooks may send in their name.")
@click.option("--family-name", required=True, help="Family name.")
@click.option("--given-name", default="", help="Given name.")
@click.option("--locale", type=click.Choice(["ja", "en"]), default="ja", show_default=True, help="Their language.")
@click.option("--time-zone", default="Asia/Tokyo", show_default=True, help="IANA time zone.")
@click.option("--password", help="Asked for on the terminal when it is not given; `-` reads it from standard input.")
@click.option("--no-login", is_flag=True, help="A sender only: they need no password.")
def add(password: str | None, no_login: bool, **person: Any) -> None:
    """Add a colleague who may log in to the console, or who only signs mails."""
    secret = None if no_login else _password(password)
    with wiring.opened() as engage, engage.database.transaction() as session:
        member = add_person(session, password=secret, now=engage.clock.now(), **person)
        owned = take_over_accounts(session, member)
        may = f"may log in at {engage.settings.public_url}/console/" if secret else "may be a sender"
        click.echo(f"{member.email} {may}")
        if owned:
            click.echo(f"{owned} account{'' if owned == 1 else 's'} named them already and are theirs now")


@users.command()
@click.argument("email")
@click.option("--phone", help="The number customers may call.")
@click.option("--title-ja", help="Title in Japanese.")
@click.option("--title-en", help="Title in English.")
@click.option("--department-ja", help="Department in Japanese.")
@click.option("--department-en", help="Department in English.")
@click.option("--names-en", help="The full name as English readers see it.")
@click.option("--names-ja", help="The full name as Japanese readers see it.")
@click.option("--hours-ja", help="Hours in Japanese.")
@click.option("--hours-en", help="Hours in English.")
def sign(email: str, phone: str | None, **said: str | None) -> None:
    """Set how a colleague signs the mails in their name."""
    texts: dict[str, dict[str, str]] = {}
    for key, text in said.items():
        name, _, language = key.rpartition("_")
        texts.setdefault(name, {}).update({language: text} if text else {})
    with wiring.opened() as engage, engage.database.transaction() as session:
        set_profile(find_member(session, email), phone=phone, **texts)
    click.echo(f"{email} signs as said.")


@users.command()
@click.argument("email")
@click.option("--password", help="Asked for on the terminal when it is not given; `-` reads it from standard input.")
def password(email: str, password: str | None) -> None:
    """Give a colleague a new password; they are logged out everywhere and may log in at once."""
    secret = _password(password)
    with wiring.opened() as engage, engage.database.transaction() as session:
        actor = f"cli:{getpass.getuser()}"
        replace_password(session, find_member(session, email), secret, actor=actor, now=engage.clock.now())
    click.echo(f"{email} has a new password.")


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
        return sys.stdin.readline().rstrip("\n")
    if said is not None:
        return said
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked
