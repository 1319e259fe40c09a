"""Between which dates a customer's date must lie so that its day may have come, and not too long ago. Pure.

Wide rather than exact: closed days, zones and short terms are left to `timing.py`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engage.calendars.occurrences import DEFAULT_GRACE
from engage.journeys.timing import LOOK_BACK, approval_room
from engage.language.durations import Duration
from engage.language.spec import AbsentTrigger, DateTrigger, Playbook
from engage.language.vocabulary import TouchModel, Vocabulary

_LONGEST_HOLIDAY = 20
_ZONES = 2  # days by which the date here and the date there may differ, both ways


def reach_of(playbook: Playbook, vocabulary: Vocabulary, now: datetime) -> tuple[date | None, date]:
    """The first and the last date that the trigger's date may be; without a first where it recurs for ever."""
    trigger, today = playbook.trigger, now.date()
    slack = _slack(vocabulary)
    if isinstance(trigger, AbsentTrigger):
        least, most, late = *_days(trigger.within, slack), DEFAULT_GRACE
    elif isinstance(trigger, DateTrigger):
        least, most = _lead(playbook, trigger, vocabulary, slack)
        late = timedelta(days=_days(trigger.if_late.within, slack)[1]) if trigger.if_late else DEFAULT_GRACE
    else:
        return None, today + timedelta(days=_ZONES)
    oldest = today - LOOK_BACK - late - timedelta(days=_ZONES)
    return oldest - timedelta(days=most), today + timedelta(days=_ZONES - least)


def _lead(playbook: Playbook, trigger: DateTrigger, vocabulary: Vocabulary, slack: int) -> tuple[int, int]:
    """How many days after its date the day of the trigger is: at least, and at most."""
    if trigger.latest is None:
        least, most = _days(trigger.offset or Duration(0, "days"), slack)
        return least, most + slack
    least, most = _days(trigger.latest, slack)
    models = [TouchModel(), *vocabulary.touch_models.values()]
    approval = max(approval_room(playbook, model) for model in models)
    return least - 2 * approval - 2 * slack, max(most, 0)


def _days(span: Duration, slack: int) -> tuple[int, int]:
    """A length in calendar days: at least, and at most."""
    size = abs(span.amount)
    match span.unit:
        case "business days":
            bounds = size, 2 * size + slack
        case "months":
            bounds = 28 * size, 31 * size
        case _:
            whole = abs(span.delta).days
            bounds = whole, whole + 1
    return bounds if span.amount >= 0 else (-bounds[1], -bounds[0])


def _slack(vocabulary: Vocabulary) -> int:
    """The longest that a customer may be closed."""
    closures = [closure for country in vocabulary.calendars.values() for closure in country]
    return _LONGEST_HOLIDAY + sum((closure.last - closure.first).days + 1 for closure in closures)
