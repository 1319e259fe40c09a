"""A new sending domain begins small: a cap for each day that grows by half from day to day, for three weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from engage.calendars.zones import day_of, start_of
from engage.errors import InputError

FIRST_DAY = 100
GROWTH = 1.5
DAYS = 21


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Since when a domain sends, and how much on its first day; days are those of the installation's zone."""

    since: date
    zone: tzinfo
    first_day: int = FIRST_DAY

    def at_most(self, now: datetime) -> int | None:
        """How many mails may leave today; None when the domain is warm. Before its first day, none."""
        days = (day_of(now, self.zone) - self.since).days
        if days < 0:
            return 0
        return int(self.first_day * GROWTH**days) if days < DAYS else None

    def today(self, now: datetime) -> datetime:
        """When today began."""
        return start_of(day_of(now, self.zone), self.zone)

    def tomorrow(self, now: datetime) -> datetime:
        """When the next day begins, or the first one does."""
        return start_of(max(day_of(now, self.zone) + timedelta(days=1), self.since), self.zone)


def read_warm_ups(said: str, zone: tzinfo) -> dict[str, WarmUp]:
    """`mail.example.com=2026-12-01`, or with its first day's cap, `…=2026-12-01/500`; several apart by spaces."""
    return {pair.partition("=")[0].lower(): _read(pair, zone) for pair in said.split()}


def _read(pair: str, zone: tzinfo) -> WarmUp:
    day, slash, first = pair.partition("=")[2].partition("/")
    try:
        since = date.fromisoformat(day)
    except ValueError:
        raise _wrong(pair) from None
    if slash and not (first.isdecimal() and int(first)):
        raise _wrong(pair)
    return WarmUp(since, zone, int(first) if slash else FIRST_DAY)


def _wrong(pair: str) -> InputError:
    hint = "mail.example.com=2026-12-01, or mail.example.com=2026-12-01/500"
    return InputError(f"{pair} is no domain with its first day", where="ENGAGE_WARM_UP", hint=hint)
