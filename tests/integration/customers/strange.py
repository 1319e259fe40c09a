"""Values as odd as data gets, and moments at which clocks are odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("text", "number", "bool", "date", "instant", "list")
ZONES = (
    None, "", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago",
    "UTC", "Nowhere/Else",
)  # fmt: skip
# Beside clock changes in New York and on Lord Howe Island, at midnights here and there, and at odd moments.
MOMENTS = tuple(
    map(
        datetime.fromisoformat,
        (
            "2026-11-01T05:59:59.999999+00:00",
            "2026-11-01T06:00:00+00:00",
            "2027-03-14T07:00:00+00:00",
            "2026-04-04T15:00:00+00:00",
            "2026-10-03T15:29:59.000001+00:00",
            "2027-03-31T14:59:59.999999+00:00",
            "2027-03-31T15:00:00+00:00",
            "2028-02-28T15:30:00+00:00",
            "2027-01-01T04:59:59+00:00",
            "2027-12-31T10:00:00.5+00:00",
        ),
    )
)
TEXTS = (
    "", "gold", "Gold", "GOLD", "ÄÖÜ", "äöü", "ΣΑΣ", "İstanbul", "ｇｏｌｄ", "契約", "髙﨑", "e\u0301", "\u00e9", "😀",
    "a'b\"c\\", " gold ", "%", "1", "1.0", "true", "[1]", "{", "\t", "ǅ", "ß", "None", "2027-03-31",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 3, 12, 1200, 0.1, 0.2, 0.30000000000000004, 0.5, -0.0, 1.0, 1e-16, 1e15, -(10**15), 10**15 + 1, 1e16,
    10**40, 999999999999999, 2.5e-7, 5e-324,
)  # fmt: skip
WRITTEN_NUMBERS = (
    "1", "1,200", "１２００", " 12 ", "+3", "-1", "1.0", "0.1", "1e3", "12.", ".5", "1_000", "٣", "𝟏", "nan", "inf",
    "123456789012345", "1234567890123456", "1.23456789012345", "", "abc", "1 200", "\u20031\u2003",
)  # fmt: skip
WRITTEN_BOOLS = (
    "true", "TRUE", "yes", "はい", "有", "いいえ", "no", "０", "1", "○", "×", "on", "ſ", "x", " する ", "maybe",
)  # fmt: skip
WRITTEN_DATES = (
    "2027-03-31", "2027-02-29", "2028-02-29", "2027/3/1", "2027.3.1", "2027年3月31日",
    "20270331", "令和9年3月31日",
    "R9.3.31", "S64/1/7", "平成元年1月8日", "2027-03-31T23:59:59Z", "2027-03-31 10:00", "2027-03-31 10:00\n",
    "２０２７-03-31",
    "2027- 3-31", "1949-12-31", "2200-12-31", "2201-01-01", "2027-13-01", "2027-00-10", "0000-01-01", "now",
    "2027-04-30 ", "2027年\uf9e13月1日", "2027-3-31T", "H1.1.8",
)  # fmt: skip
WRITTEN_INSTANTS = (
    "2027-03-31T15:00:00Z", "2027-04-01T00:00:00+09:00", "2027-03-31", "2027-03-31 15:00", "2027-03-31T15:00:00.5Z",
    "2027-03-31T15:00:00,000001+0900", "2027-03-31T24:00:00Z", "2027-02-29T00:00Z", "1989-12-31T20:00-10:00",
    "1990-01-01T00:00+09:00", " 2027-03-31T15:00Z ", "2027-03-31T15:00:00+15:59", "2027-W13-3", "20270331T150000Z",
    "2027-03-31T15:00:00-03", "2027-03-31T15:00:00z", "2199-12-31T23:59:59.999999Z",
)  # fmt: skip
WRITTEN_LISTS = ("gold、silver", "gold;silver", " gold , ", ",", "gold", "a\nb", "\u3000x\u3000、y")
EVENTS = ("report.created", "login", "a\"b'c", "契約.見た", "contract.updated", "replied")
USED = EVENTS[:4]
DAYS = (1, 7, 14, 28, 365, 730)
TICK = timedelta(microseconds=1)
