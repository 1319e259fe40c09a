"""What conditions need that PostgreSQL and SQLite say differently: traits, days, lists, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Double,
    Float,
    Integer,
    Interval,
    Numeric,
    Text,
    and_,
    case,
    cast,
    exists,
    extract,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from engage.db.base import UtcDateTime
from engage.language.catalogue import Kind
from engage.language.durations import Duration
from engage.language.values import LARGEST, TINIEST

Sql = Any  # a column element; SQLAlchemy's own types help little where the type is only known at run
TYPES: dict[Kind, Any] = {
    "text": Text(),
    "number": Numeric(),
    "bool": Boolean(),
    "date": Date(),
    "instant": UtcDateTime(),
    "list": Text(),
}
# A date in its common form, cast without a function: every day but 29 February.
_PLAIN_DAY = (
    "^(19[5-9][0-9]|20[0-9]{2}|21[0-9]{2})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    "|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)$"
)
_AFTER_ALL, _BEFORE_ALL = "'~'", "''"  # of dates and instants as SQLite keeps them


class Dialect(Protocol):
    """How one database says it. Missing is NULL everywhere."""

    def missing(self, kind: Kind) -> Sql:
        """No value, of that type."""

    def trait(self, traits: Sql, name: str, kind: Kind) -> Sql:
        """A trait under its declared type."""

    def number(self, value: int | float) -> Sql:
        """A number of the expression."""

    def double(self, number: Sql) -> Sql:
        """A number as a 64-bit float; what is too small for a sum is nothing."""

    def days(self, later: Sql, earlier: Sql) -> Sql:
        """Days from a date to a later one."""

    def days_of_time(self, later: Sql, earlier: Sql) -> Sql:
        """Whole days from an instant to a later one, towards zero."""

    def first(self, moments: Sequence[Sql]) -> Sql:
        """The earliest of those that are there."""

    def last(self, moments: Sequence[Sql]) -> Sql:
        """The latest of those that are there."""

    def holds(self, items: Sql, item: Sql, kind: Kind) -> Sql:
        """Whether a list has the item."""

    def utc_day(self, instant: Sql) -> Sql:
        """The date of an instant in UTC."""

    def text_of_day(self, day: Sql) -> Sql:
        """A date as 2027-03-31."""

    def newest(self, anchor: Sql, every: Duration, until: Sql) -> Sql:
        """The newest date of a recurrence counted from the anchor, up to a day; missing before the first."""


class PostgreSQL:
    """JSON by its operators; what is not written plainly goes to the functions of `trait_sql.py`."""

    def missing(self, kind: Kind) -> Sql:
        return cast(null(), JSONB() if kind == "list" else TYPES[kind])

    def trait(self, traits: Sql, name: str, kind: Kind) -> Sql:
        key: Sql = literal_column(f"'{name}'")
        value, said = traits.op("->", return_type=JSONB())(key), traits.op("->>", return_type=Text())(key)
        type_of = func.jsonb_typeof(value)
        match kind:
            case "text":
                return case((type_of.in_(("object", "array")), None), else_=func.nullif(said, ""))
            case "number":
                number = cast(value, Numeric())
                in_range = case((number.between(-LARGEST, LARGEST), number))
                return case((type_of == "number", in_range), (type_of == "string", func.engage_number(said)))
            case "bool":
                yes = func.engage_yes(said)
                return case((type_of == "boolean", cast(value, Boolean())), (type_of.in_(("string", "number")), yes))
            case "date":
                plain = said.collate("C").op("~", is_comparison=True)(_PLAIN_DAY)
                return case((plain, cast(said, Date())), (type_of.in_(("string", "number")), func.engage_day(said)))
            case "instant":
                return case((type_of == "string", func.engage_moment(said)))
        return type_coerce(func.engage_list(value), JSONB())

    def number(self, value: int | float) -> Sql:
        return literal(value, BigInteger()) if isinstance(value, int) else literal(Decimal(repr(value)), Numeric())

    def double(self, number: Sql) -> Sql:
        return case((func.abs(number) < Decimal(repr(TINIEST)), 0.0), else_=cast(number, Double()))

    def days(self, later: Sql, earlier: Sql) -> Sql:
        return later.op("-", return_type=Integer())(earlier)

    def days_of_time(self, later: Sql, earlier: Sql) -> Sql:
        seconds = extract("epoch", later.op("-", return_type=Interval())(earlier))
        return func.trunc(type_coerce(seconds, Numeric()) / literal(86400, BigInteger()), type_=Numeric())

    def first(self, moments: Sequence[Sql]) -> Sql:
        return func.least(*moments)

    def last(self, moments: Sequence[Sql]) -> Sql:
        return func.greatest(*moments)

    def holds(self, items: Sql, item: Sql, kind: Kind) -> Sql:
        if kind == "text":
            return func.jsonb_exists(items, item, type_=Boolean())
        return items.op("@>", is_comparison=True)(func.to_jsonb(item))

    def utc_day(self, instant: Sql) -> Sql:
        return cast(func.timezone("UTC", instant), Date())

    def text_of_day(self, day: Sql) -> Sql:
        return func.to_char(day, "YYYY-MM-DD")

    def newest(self, anchor: Sql, every: Duration, until: Sql) -> Sql:
        def after(number: Sql) -> Sql:
            if every.unit == "months":
                return cast(anchor + func.make_interval(0, number * every.amount), Date())
            return type_coerce(anchor + number * _days(every), Date())

        passed = cast(_months(until) - _months(anchor), Integer()) if every.unit == "months" else until - anchor
        number = type_coerce(passed, Integer()) // (every.amount if every.unit == "months" else _days(every))
        has_come = and_(number >= 1, after(number) <= until)
        return case((has_come, after(number)), (number >= 2, after(number - 1)))


class SQLite:
    """Dates and instants are texts that sort; what is not written plainly goes to the functions lent by us."""

    def missing(self, kind: Kind) -> Sql:
        return type_coerce(null(), TYPES[kind])

    def trait(self, traits: Sql, name: str, kind: Kind) -> Sql:
        path: Sql = literal_column(f"'$.{name}'")
        raw, said = traits.op("->", return_type=Text())(path), traits.op("->>", return_type=Text())(path)
        type_of = func.json_type(traits, path)
        read = func.engage_trait(kind, raw, type_=Text() if kind == "list" else TYPES[kind])
        match kind:
            case "text":
                return case((type_of == "text", func.nullif(said, "")), else_=read)
            case "number":
                small = type_coerce(said, Integer()).between(-LARGEST, LARGEST)
                return type_coerce(case((and_(type_of == "integer", small), said), else_=read), Float())
            case "bool":
                truth: Sql = literal_column("1")
                return type_coerce(
                    case((type_of == "true", truth), (type_of == "false", literal_column("0")), else_=read), Boolean()
                )
            case "date":
                # Without the second argument SQLite takes 29 February 2027 for a day.
                is_day = and_(func.date(said, "+0 days") == said, said.between("1950-01-01", "2200-12-31"))
                return type_coerce(case((is_day, said), else_=read), Date())
            case "list":
                return case((type_of == "array", raw), else_=read)
        return read

    def number(self, value: int | float) -> Sql:
        return literal(value, BigInteger() if isinstance(value, int) else Float())

    def double(self, number: Sql) -> Sql:
        return case((func.abs(number) < TINIEST, 0.0), else_=cast(number, Float()))

    def days(self, later: Sql, earlier: Sql) -> Sql:
        return cast(func.julianday(later) - func.julianday(earlier), Integer())

    def days_of_time(self, later: Sql, earlier: Sql) -> Sql:
        return func.engage_days(later, earlier, type_=Integer())

    def first(self, moments: Sequence[Sql]) -> Sql:
        return self._of_those_there(func.min, moments, _AFTER_ALL)

    def last(self, moments: Sequence[Sql]) -> Sql:
        return self._of_those_there(func.max, moments, _BEFORE_ALL)

    @staticmethod
    def _of_those_there(choose: Any, moments: Sequence[Sql], absent: str) -> Sql:
        if len(moments) == 1:
            return moments[0]
        stand_in: Sql = literal_column(absent)
        chosen = choose(*(func.coalesce(moment, stand_in) for moment in moments))
        return func.nullif(chosen, stand_in, type_=moments[0].type)

    def holds(self, items: Sql, item: Sql, kind: Kind) -> Sql:
        if kind == "number":
            return func.engage_holds(items, item, type_=Boolean())
        each = func.json_each(items).table_valued("type", "value")
        same = and_(each.c.type == "text", type_coerce(each.c.value, Text()) == item)
        if kind == "bool":
            same = or_(and_(each.c.type == "true", item), and_(each.c.type == "false", item == false()))
        return exists(select(literal_column("1")).select_from(each).where(same))

    def utc_day(self, instant: Sql) -> Sql:
        return type_coerce(func.date(instant), Date())

    def text_of_day(self, day: Sql) -> Sql:
        return cast(day, Text())

    def newest(self, anchor: Sql, every: Duration, until: Sql) -> Sql:
        return func.engage_newest(anchor, every.amount, every.unit, until, type_=Date())


def _months(day: Sql) -> Sql:
    return extract("year", day) * 12 + extract("month", day)


def _days(every: Duration) -> int:
    return every.amount * (7 if every.unit == "weeks" else 1)


DIALECTS: dict[str, Dialect] = {"postgresql": PostgreSQL(), "sqlite": SQLite()}
