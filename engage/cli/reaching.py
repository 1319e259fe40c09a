"""`engage users set|away|show`: when and how a colleague hears of what is theirs, and who stands in."""

from __future__ import annotations

import getpass
import json
from datetime import datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from engage import wiring
from engage.calendars.zones import day_of, first_zone
from engage.errors import NotFoundError
from engage.staff.absences import absences_of, forget_absence, note_absence
from engage.staff.leaving import set_active
from engage.staff.people import find_by_email
from engage.staff.reaching import CHANNELS, NEWS, channel_of, reach_of, set_reach
from engage.staff.tables import StaffMember

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("set")
@click.argument("email")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Their language.")
@click.option("--time-zone", help="IANA time zone.")
@click.option("--country", help="Whose holidays they keep; `zone` for that of their time zone.")
@click.option("--hours", metavar="HH:MM-HH:MM", help="Their working hours.")
@click.option("--stand-in", metavar="EMAIL", help="Who hears and decides while they are away; `none` for nobody.")
@click.option(
    "--tell", "told", multiple=True, metavar="NEWS=CHANNEL", help="mail, slack, both or none; all= but the digest."
)
@click.option("--slack", metavar="NAME", help="Their address in ENGAGE_SLACK; `none` for no such address.")
@click.option("--slack-own/--slack-shared", "is_own", default=None, help="Whether only they read it.")
@click.option("--digest", metavar="HH:MM", help="When the digest comes on working days; `off` for none.")
@click.option("--active/--inactive", "is_active", default=None, help="Whether they are still here.")
def set_(email: str, told: tuple[str, ...], is_own: bool | None, is_active: bool | None, **said: str | None) -> None:
    """Set when and how a colleague hears of approvals and tasks; what is not said stays.

    NEWS is approval_asked, approval_escalated, approval_expiring, approval_expired, task_raised, task_overdue, digest,
    or all (but the digest); CHANNEL is mail, slack, both, or none (only in the digest).
    """
    with wiring.opened() as engage, engage.database.transaction() as session:
        member, changes = find_member(session, email), _changes(session, told, is_own, **said)
        known = engage.settings.slack
        if changes.get("slack") and changes["slack"] not in known:
            raise NotFoundError("ENGAGE_SLACK has no such name", where=changes["slack"], hint=", ".join(known) or None)
        if changes:
            set_reach(session, member, **changes)
        if is_active is not None:
            set_active(session, member, is_active, actor=f"cli:{getpass.getuser()}", now=engage.clock.now())
    click.echo(f"{email} is reached as said; engage users show {email} lists it.")


@click.command()
@click.argument("email")
@click.option("--from", "first_day", type=_DAY, help="The first day, such as 2027-08-09.")
@click.option("--until", "last_day", type=_DAY, help="The last day; the first where it is not given.")
@click.option("--forget", "absence_id", type=int, metavar="NUMBER", help="Take this absence back.")
def away(email: str, first_day: datetime | None, last_day: datetime | None, absence_id: int | None) -> None:
    """Note the days on which a colleague is away, or take them back."""
    if (first_day is None) == (absence_id is None):
        raise click.UsageError("say --from DATE, or --forget NUMBER")
    with wiring.opened() as engage, engage.database.transaction() as session:
        member = find_member(session, email)
        if absence_id is not None:
            forget_absence(session, member, absence_id)
            told = f"{email} is there on these days after all."
        elif first_day is not None:
            note_absence(session, member, first_day.date(), (last_day or first_day).date())
            told = f"{email} is away as said; {_who_stands_in(session, member)}."
    click.echo(told)


def _who_stands_in(session: Session, member: StaffMember) -> str:
    stand_in = session.get(StaffMember, reach_of(session, member.id).stand_in_id or 0)
    return f"{stand_in.email} stands in" if stand_in else "nobody stands in: engage users set --stand-in names somebody"


@click.command()
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(email: str, as_json: bool) -> None:
    """Show when and how a colleague hears of things."""
    with wiring.opened() as engage, engage.database.reading() as session:
        found = _described(session, find_member(session, email), engage.clock.now())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        said = ", ".join(f"{key}={text}" for key, text in value.items()) if isinstance(value, dict) else value
        click.echo(f"{name:<12} {', '.join(said) if isinstance(said, list) else said if said is not None else '-'}")


def find_member(session: Session, email: str) -> StaffMember:
    """The colleague with that address."""
    member = find_by_email(session, email)
    if member is None:
        raise NotFoundError("there is no such colleague", where=email, hint="engage users add EMAIL")
    return member


def _changes(session: Session, told: tuple[str, ...], is_own: bool | None, **said: str | None) -> dict[str, Any]:
    """What `set_reach` takes, of what was said."""
    changes: dict[str, Any] = {name: said[name] for name in ("locale", "time_zone") if said[name] is not None}
    if said["country"] is not None:
        changes["country"] = None if said["country"] == "zone" else said["country"]
    if said["hours"] is not None:
        changes["opens"], _, changes["closes"] = said["hours"].partition("-")
    if said["stand_in"] is not None:
        changes["stand_in_id"] = None if said["stand_in"] == "none" else find_member(session, said["stand_in"]).id
    if said["slack"] is not None:
        changes["slack"] = None if said["slack"] == "none" else said["slack"]
    if said["digest"] is not None:
        changes["digest_at"] = None if said["digest"] == "off" else said["digest"]
    if is_own is not None:
        changes["slack_is_own"] = is_own
    if told:
        changes["channels"] = dict(pair for one in told for pair in _told(one))
    return changes


def _told(said: str) -> list[tuple[str, str]]:
    news, equals, channel = said.partition("=")
    if not equals or channel not in CHANNELS or news not in (*NEWS, "all"):
        hint = f"NEWS is all or one of {', '.join(NEWS)}; CHANNEL one of {', '.join(CHANNELS)}"
        raise click.BadParameter(f"write --tell NEWS=CHANNEL; {hint}")
    return [(one, channel) for one in ([one for one in NEWS if one != "digest"] if news == "all" else [news])]


def _described(session: Session, member: StaffMember, now: datetime) -> dict[str, Any]:
    reach = reach_of(session, member.id)
    stand_in = session.get(StaffMember, reach.stand_in_id or 0)
    today = day_of(now, first_zone(member.time_zone))
    absences = absences_of(session, member.id, since=today)
    return {
        "email": member.email,
        "active": member.is_active,
        "locale": member.locale,
        "time_zone": member.time_zone,
        "country": reach.country,
        "hours": f"{reach.opens}-{reach.closes}",
        "tell": {news: channel_of(reach.channels, news) for news in NEWS},
        "slack": f"{reach.slack} ({'own' if reach.slack_is_own else 'shared'})" if reach.slack else None,
        "digest": reach.digest_at or "off",
        "stand_in": stand_in.email if stand_in else None,
        "away": [f"{one.first_day} to {one.last_day} (number {one.id})" for one in absences],
    }
