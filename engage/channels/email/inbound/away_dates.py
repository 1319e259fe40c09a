"""The last day that an absence notice names, in Japanese or English. A date that could be two is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta

LONGEST = timedelta(days=180)  # what lies further ahead is a misread year, or no absence
_JUST_OVER = timedelta(days=2)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month{n}>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{{0,6}}\.?"
_ISO = r"(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})"
_KANJI = r"(?:(?P<y2>\d{4})年)?(?P<m2>\d{1,2})月(?P<d2>\d{1,2})日"
_SLASH = r"(?P<m3>\d{1,2})/(?P<d3>\d{1,2})(?![\d/])"  # only in Japanese: elsewhere it could be the other way round
_DAY_FIRST = rf"(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH.format(n=4)}(?:,? (?P<y4>\d{{4}}))?"
_MONTH_FIRST = rf"{_MONTH.format(n=5)} (?P<d5>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y5>\d{{4}}))?"
_JAPANESE = re.compile(rf"(?:{_ISO}|{_KANJI}|{_SLASH})(?:\s?[(（][月火水木金土日祝・]{{1,3}}[)）])?")
_ENGLISH = re.compile(rf"(?:{_ISO}|{_DAY_FIRST}|{_MONTH_FIRST})", re.IGNORECASE)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? (?:the )?)?"

_IS_LAST_JA = re.compile(r"\s?(?:\d{1,2}[::時]\d{0,2}分?)?\s?(?:まで|迄)")
_ENDS_RANGE_JA = re.compile(r"[~〜～–—\-]\s?$|から\s?$|より\s?$")
_IS_BACK_JA = re.compile(
    r"\s?(?:\d{1,2}[::時]\d{0,2}分?)?\s?(?:\S{0,2}朝)?(?:より|から|以降|に|には)[^。\n]{0,20}"
    r"(?:出社|出勤|復帰|戻り|戻る|通常|再開|営業|対応|返信|返事|連絡|確認)"
)
_IS_LAST_EN = re.compile(rf"(?:until|till|through|thru|to|and|up to and including|[–—-]) {_WEEKDAY}$", re.IGNORECASE)
_IS_BACK_EN = re.compile(
    rf"(?:back|return(?:ing)?|resum(?:e|ing)|available again|reachable again)(?: [a-z]+){{0,4}} {_WEEKDAY}$",
    re.IGNORECASE,
)


def last_day_away(text: str, sent_on: date) -> date | None:
    """The last day on which nobody will read, as told on the day of the notice; None where it names none."""
    plain = " ".join(unicodedata.normalize("NFKC", text).replace("\u301c", "~").split(" "))[:3000]
    found = [day for day in (*_japanese(plain, sent_on), *_english(plain, sent_on)) if _is_plausible(day, sent_on)]
    return max(found, default=None)


def _japanese(text: str, sent_on: date) -> Iterator[date]:
    for found in _JAPANESE.finditer(text):
        day = _day(found, sent_on)
        if day is None:
            continue
        before, after = text[max(found.start() - 3, 0) : found.start()], text[found.end() : found.end() + 40]
        if _IS_BACK_JA.match(after):
            yield day - timedelta(days=1)
        elif _IS_LAST_JA.match(after) or _ENDS_RANGE_JA.search(before):
            yield day


def _english(text: str, sent_on: date) -> Iterator[date]:
    one_line = " ".join(text.split())
    for found in _ENGLISH.finditer(one_line):
        day = _day(found, sent_on)
        if day is None:
            continue
        before = one_line[max(found.start() - 60, 0) : found.start()]
        if _IS_BACK_EN.search(before):
            yield day - timedelta(days=1)
        elif _IS_LAST_EN.search(before):
            yield day


def _day(found: re.Match[str], sent_on: date) -> date | None:
    said = {name[0]: value for name, value in found.groupdict().items() if value is not None and name[0] in "yd"}
    month = next((value for name, value in found.groupdict().items() if name.startswith("m") and value), "")
    number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) + 1
    try:
        if "y" in said:
            return date(int(said["y"]), number, int(said["d"]))
        day = date(sent_on.year, number, int(said["d"]))
        return day if day >= sent_on - timedelta(days=30) else day.replace(year=day.year + 1)
    except ValueError:
        return None


def _is_plausible(day: date, sent_on: date) -> bool:
    return sent_on - _JUST_OVER <= day <= sent_on + LONGEST
