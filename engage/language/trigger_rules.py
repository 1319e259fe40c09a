"""Rules over when a playbook begins: distances that can be counted, days that are no holidays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from engage.calendars.business_days import calendar_of
from engage.calendars.holidays import holiday_name
from engage.calendars.wall_times import OPEN_DAY, WallTime
from engage.errors import Problem
from engage.language.durations import Duration
from engage.language.places import Path as YamlPath
from engage.language.places import steps_with_paths
from engage.language.spec import DateTrigger, EveryTrigger, OnceTrigger, WaitStep
from engage.language.vocabulary import Vocabulary
from engage.language.workspace import PlaybookFile, Workspace

FURTHEST = timedelta(days=3660)
_COUNTRY = "JP"  # whose holidays count where no calendar names a country


def distances_are_possible(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A distance from a date that cannot be meant.

    Code: bad-offset
    Why: a date has no hours, nobody plans more than ten years ahead, and `latest` leads up to its date.
    Way out: count in days, business days, weeks or months; before a date the number is negative.
    Wrong:
        trigger: {date: contract.ends_on, latest: 30 days}
    Right:
        trigger: {date: contract.ends_on, latest: -30 days}
    """
    trigger = file.playbook.trigger
    if isinstance(trigger, EveryTrigger) and trigger.every.unit in ("minutes", "hours"):
        message = f"'{trigger.every}' is no period of days"
        yield file.document.problem(["trigger", "every"], "bad-offset", message)
    if isinstance(trigger, DateTrigger):
        for word, distance in (("offset", trigger.offset), ("latest", trigger.latest)):
            if distance is not None:
                yield from _distance(file, word, distance)


def late_starts_come_before_the_date(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A late start is allowed for longer than the date is away.

    Code: late-past-date
    Why: who starts that late hears of a date that has already passed.
    Way out: let `within` be shorter than the distance.
    Wrong:
        trigger: {date: contract.ends_on, latest: -30 days, if_late: {within: 60 days}}
    Right:
        trigger: {date: contract.ends_on, latest: -30 days, if_late: {within: 20 days}}
    """
    trigger = file.playbook.trigger
    if not (isinstance(trigger, DateTrigger) and trigger.latest and trigger.if_late):
        return
    if trigger.if_late.within.roughly > -trigger.latest.roughly > timedelta(0):
        message = "started that late, the date itself would already have passed"
        yield file.document.problem(["trigger", "if_late"], "late-past-date", message, severity="warning")


def written_dates_are_open(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A date written in the playbook is a weekend, a holiday or a closed day.

    Code: closed-day
    Why: nobody is at work; what was meant for that day reaches people on another.
    Way out: write an open day. Holidays are those of the countries in `_shared/calendars.yaml`, of Japan where it
        names none, with the closed days declared there.
    Wrong:
        trigger: {every: 1 month, anchor: 2027-05-03}
    Right:
        trigger: {every: 1 month, anchor: 2027-05-06}
    Wrong:
        trigger: {once: 2027-05-03 10:00}
    Right:
        trigger: {once: 2027-05-06 10:00}
    """
    trigger = file.playbook.trigger
    anchor = trigger.anchor if isinstance(trigger, EveryTrigger) else None
    word, day = ("once", trigger.once.day) if isinstance(trigger, OnceTrigger) else ("anchor", anchor)
    reason = _closed(day, workspace.vocabulary) if isinstance(day, date) else None
    if isinstance(day, date) and reason:
        hint = f"the next open day is {_open_day(day, workspace.vocabulary)}"
        message = f"{day} is {reason}"
        yield file.document.problem(["trigger", word], "closed-day", message, hint=hint, severity="warning")


def weekdays_are_open(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A wait ends on a weekday that is often a holiday, or on a weekend.

    Code: holiday-weekday
    Why: in Japan many holidays are Mondays; what follows the wait would begin on a day on which nobody works.
    Way out: wait for another weekday, or for `open day 10:00`.
    Wrong:
        steps: [{wait: {until: "monday 10:00"}}, {email: welcome/hello}]
    Right:
        steps: [{wait: {until: "tuesday 10:00"}}, {email: welcome/hello}]
    """
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        until = step.until if isinstance(step, WaitStep) else None
        often = {"saturday", "sunday"} | ({"monday"} if "JP" in _countries(workspace.vocabulary) else set())
        if isinstance(until, WallTime) and until.day in often:
            message = f"a {until.day} is often a day on which nobody works"
            hint = f"write: {OPEN_DAY} {until.at:%H:%M}"
            place = [*path, "wait", "until"]
            yield file.document.problem(place, "holiday-weekday", message, hint=hint, severity="warning")


def _distance(file: PlaybookFile, word: str, distance: Duration) -> Iterator[Problem]:
    path: YamlPath = ["trigger", word]
    if distance.unit in ("minutes", "hours"):
        message = "a date has no hours"
        yield file.document.problem(path, "bad-offset", message, hint="count in days, business days, weeks or months")
    elif abs(distance.roughly) > FURTHEST:
        yield file.document.problem(path, "bad-offset", f"{distance} is more than ten years away")
    elif word == "latest" and distance.amount > 0:
        message = "'latest' leads up to a date"
        yield file.document.problem(path, "bad-offset", message, hint=f"write {-distance}, or use offset")


def _countries(vocabulary: Vocabulary) -> list[str]:
    return [country for country in vocabulary.calendars if country != "all"] or [_COUNTRY]


def _closed(day: date, vocabulary: Vocabulary) -> str | None:
    for country in _countries(vocabulary):
        if day in vocabulary.closures(country):
            return f"a closed day ({country})"
        if not calendar_of(country).is_open(day):
            return f"{holiday_name(country, day, locale='en') or f'{day:%A}'} ({country})"
    return None


def _open_day(day: date, vocabulary: Vocabulary) -> date:
    later = (day + timedelta(days=number) for number in range(min(60, (date.max - day).days + 1)))
    return next((day for day in later if not _closed(day, vocabulary)), day)


TRIGGER_RULES = (
    distances_are_possible,
    late_starts_come_before_the_date,
    written_dates_are_open,
    weekdays_are_open,
)
