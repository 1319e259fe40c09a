"""What stands before publishing: the plan that was shown must still be true, and many customers need a yes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.cli.planning import made_plan, show_plan
from engage.customers.tables import Account
from engage.errors import ConflictError
from engage.rollout.planning import Plan, Proposal
from engage.rollout.promise import keep, read_promise, still_on
from engage.wiring import Engage

_DAYS = timedelta(days=30)
_MOST = 10
_WAY_OUT = "look first: engage playbooks plan --out FILE; then: engage playbooks apply --plan FILE --yes"

Unmoved = Callable[[Session], None]


def guard(engage: Engage, propose: Callable[[], Proposal], *, plan_file: Path | None, yes: bool) -> Unmoved:
    """What must hold in the publishing transaction itself: that nobody published since the plan was looked at.

    Raises ConflictError where the plan shown is no longer true, or where nobody can be asked who should be.
    """
    if plan_file is not None:
        made = _kept(engage, propose(), plan_file)
        _ask(engage, made, yes=yes, shows=False)
    elif not yes and _customers(engage) > engage.settings.ask_above:
        until = engage.clock.now() + _DAYS
        made = made_plan(engage, propose(), until=until, locale=engage.settings.default_locale)
        _ask(engage, made, yes=False, shows=True)
    else:
        return lambda _: None
    return lambda session: still_on(session, made.release)


def _kept(engage: Engage, proposal: Proposal, file: Path) -> Plan:
    promise = read_promise(file.read_text(encoding="utf-8"), str(file))
    if promise.until <= engage.clock.now():
        hint = "make a new one: engage playbooks plan --out FILE"
        raise ConflictError(f"this plan ended on {promise.until:%F}", code="plan_over", where=str(file), hint=hint)
    fresh = made_plan(engage, proposal, until=promise.until, locale=engage.settings.default_locale)
    keep(promise, fresh)
    return fresh


def _ask(engage: Engage, made: Plan, *, yes: bool, shows: bool) -> None:
    touched, allowed = len(made.touched), engage.settings.ask_above
    if yes or touched <= allowed:
        return
    if not sys.stdin.isatty():
        said = f"{touched} customers would notice a difference; above {allowed} somebody has to say yes"
        raise ConflictError(said, code="needs_yes", hint=_WAY_OUT)
    if shows:
        show_plan(made, engage.settings.default_locale, _MOST)
    click.confirm(f"{touched} customers would notice a difference. Publish?", abort=True, err=True)


def _customers(engage: Engage) -> int:
    with engage.database.reading() as session:
        return session.scalar(select(func.count()).where(Account.is_test.is_(False))) or 0
