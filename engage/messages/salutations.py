"""How a letter begins: pure rules for Japanese and English, so that nobody is addressed wrongly."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HONORIFICS = ("様", "さま", "殿", "御中")
_HONORIFIC = re.compile(rf"[\s\u3000]*(?:{'|'.join(_HONORIFICS)})$")
_AFTER_A_SPACE = re.compile(rf"[\s\u3000]+(?:{'|'.join(_HONORIFICS)})$")
_SHORT_SURNAME = 2
_LATIN = re.compile(r"^[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f .,'\u2019-]*$")
_KATAKANA = re.compile(r"^[\u30a0-\u30ff]+$")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s\u3000]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """The facts a salutation is made of; each may be missing."""

    company: str | None = None
    department: str | None = None
    title: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    full_name: str | None = None
    family_reading: str | None = None
    given_reading: str | None = None
    is_staff: bool = False
    is_shared_box: bool = False


@dataclass(frozen=True, slots=True)
class Salutation:
    """The opening lines of a letter, and the few words used in the middle of a sentence."""

    full: str
    short: str


def salute(who: Addressee, locale: str) -> Salutation:
    """The salutation for one recipient in the language of the message."""
    cleaned = _cleaned(who)
    return _japanese(cleaned) if locale.split("-")[0].split("_")[0] == "ja" else _english(cleaned)


def _cleaned(who: Addressee) -> Addressee:
    return Addressee(
        company=_plain(who.company),
        department=_plain(who.department),
        title=_plain(who.title),
        family_name=_kept(who.family_name),
        given_name=_plain(who.given_name),
        full_name=_of_a_person(who.full_name),
        family_reading=_plain(who.family_reading),
        given_reading=_plain(who.given_reading),
        is_staff=who.is_staff,
        is_shared_box=who.is_shared_box,
    )


def _plain(text: str | None) -> str:
    """One line without control characters and without an honorific that somebody typed into the field."""
    line = _line(text)
    return _HONORIFIC.sub("", line) if line.endswith(_HONORIFICS) else line


def _kept(text: str | None) -> str:
    """The same for names that may end so themselves, as the surname 鵜殿 does: only what stands apart is cut off."""
    line = _line(text)
    return _AFTER_A_SPACE.sub("", line) if line.endswith(_HONORIFICS) else line


def _of_a_person(text: str | None) -> str:
    """The same for a name written in full: two letters of which the last is 殿 are a surname."""
    return _kept(text) if len(_line(text)) <= _SHORT_SURNAME else _plain(text)


def _line(text: str | None) -> str:
    if not text:
        return ""
    return text if text.isalnum() else _CONTROLS.sub(" ", text).strip()


def _japanese(who: Addressee) -> Salutation:
    name = _japanese_name(who)
    if who.is_staff and name:
        return Salutation(name, who.family_name or name)
    if name and not who.is_shared_box:
        honoured = _with_sama(name)
        last = f"{who.title} {honoured}" if who.title else honoured
        named_by_title = bool(who.department) and (who.title or "").startswith(who.department or "")
        department = "" if named_by_title else who.department
        return Salutation(_lines(who.company, department, last), _with_sama(who.family_name or name))
    if who.department:
        addressed = f"{who.department} 御中"
        return Salutation(_lines(who.company, addressed), addressed)
    if who.is_shared_box and who.company:
        return Salutation(f"{who.company} 御中", f"{who.company} 御中")
    return Salutation(_lines(who.company, "ご担当者様"), "ご担当者様")


def _english(who: Addressee) -> Salutation:
    name = _english_name(who)
    if who.is_staff and name:
        return Salutation(f"Hi {name},", name)
    if name and not who.is_shared_box:
        return Salutation(f"Dear {name},", name)
    group = who.department or who.company
    if group:
        team = group if group.lower().endswith("team") else f"{group} team"
        return Salutation(f"Dear {team},", team)
    return Salutation("Hello,", "you")


def _japanese_name(who: Addressee) -> str:
    family, given = who.family_name or "", who.given_name or ""
    if family and given:
        if _LATIN.match(family) and _LATIN.match(given):
            return f"{given} {family}"
        return f"{family} {given}" if _KATAKANA.match(family + given) else f"{family}{given}"
    return family or given or who.full_name or ""


def _english_name(who: Addressee) -> str:
    """Given name first; a name in Japanese script gives way to its reading in Latin letters where there is one."""
    for given, family in ((who.given_name, who.family_name), (who.given_reading, who.family_reading)):
        parts = [part for part in (given, family) if part]
        if parts and all(_LATIN.match(part) for part in parts):
            return " ".join(parts)
    return " ".join(part for part in (who.family_name, who.given_name) if part) or who.full_name or ""


def _with_sama(name: str) -> str:
    if name.endswith("様"):
        return name
    return f"{name} 様" if _LATIN.match(name) else f"{name}様"


def _lines(*parts: str | None) -> str:
    return "\n".join(part for part in parts if part)
