"""A letter to a colleague in their language and on their clock: what a mail and a message in Slack both show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engage.calendars.spoken import day_and_time
from engage.calendars.zones import first_zone
from engage.notices.words import say

_LONGEST = 300  # of what customers or authors wrote


@dataclass(frozen=True, slots=True)
class Link:
    """Where a reader may go from here."""

    words: str
    url: str
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of news: what it is about, what there is to know, where to go."""

    heading: str
    facts: Sequence[tuple[str, str]]
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Entries of one kind, how many there are in all, and the link to them."""

    heading: str
    entries: Sequence[Entry]
    more: str
    url: Link | None


@dataclass(frozen=True, slots=True)
class Page:
    """The whole letter."""

    language: str
    subject: str
    greeting: str
    lead: str
    sections: Sequence[Section]
    foot: str
    settings: Link


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads it: in which language, on which clock; and whether others read it too."""

    name: str
    language: str
    time_zone: str
    is_team: bool = False
    with_words: bool = True  # whether what messages and tasks say, and the customers' people, may be shown there
    may_decide: bool = True  # whether nobody else reads it


def page_of(content: Mapping[str, Any], about: str, reading: Reading) -> Page:
    """The letter as this reader sees it."""
    language, sections = reading.language, content["sections"]
    greeting = "greeting.team" if reading.is_team else "greeting"
    may_decide = reading.may_decide and any(item.get("decide") for one in sections for item in one["items"])
    return Page(
        language=language,
        subject=_line(_subject(sections, about, reading)),
        greeting=say(greeting, language, name=reading.name),
        lead=say(f"{about}.lead", language),
        sections=[_section(section, reading) for section in sections],
        foot=say("foot.own", language) if may_decide else "",
        settings=Link(say("foot.settings", language), content["settings"]),
    )


def _subject(sections: Sequence[Mapping[str, Any]], about: str, reading: Reading) -> str:
    language = reading.language
    if about == "digest":
        counts = [say(f"digest.{section['name']}", language, n=section["count"]) for section in sections]
        return say("digest.subject", language, what=_joined(counts, language))
    (section,) = sections
    if section["count"] > 1:
        return say(f"{about}.many", language, n=section["count"])
    item = section["items"][0]
    subject = item.get("subject") if reading.with_words else None
    named = (_both(item.get("title"), language), item.get("account"), subject)
    return say(f"{about}.one", language, what=" / ".join(filter(None, named)))


def _section(section: Mapping[str, Any], reading: Reading) -> Section:
    language, name, items = reading.language, section["name"], section["items"]
    return Section(
        heading=say(f"section.{name}", language, n=section["count"]),
        entries=[_tidied(_ENTRIES[name](item, reading)) for item in items],
        more=say("more", language, n=section["rest"]) if section["rest"] else "",
        url=Link(say("all", language), section["url"]) if section.get("url") else None,
    )


def _approval(item: Mapping[str, Any], reading: Reading) -> Entry:
    language = reading.language
    words = item if reading.with_words else {}
    facts = [
        ("label.playbook", _both(item.get("playbook"), language)),
        ("label.subject", words.get("subject")),
        ("label.opening", words.get("opening")),
        ("label.due", _due(item, reading)),
        ("label.then", _then(item, language)),
        ("label.instead_of", _both(item.get("instead_of"), language)),
    ]
    links = [Link(say("act.open", language), item["console"])]
    if item.get("decide") and reading.may_decide:
        approve = Link(say("act.approve", language), item["decide"], is_first=True)
        links = [approve, Link(say("act.reject", language), f"{item['decide']}?answer=no"), *links]
    return Entry(item.get("account") or words.get("subject") or "-", list(_said(facts, language)), links)


def _task(item: Mapping[str, Any], reading: Reading) -> Entry:
    language = reading.language
    facts = [
        ("label.account", item.get("account")),
        ("label.task_due", _due(item, reading)),
        ("label.note", _both(item.get("note"), language) if reading.with_words else None),
        ("label.instead_of", _both(item.get("instead_of"), language)),
    ]
    links = [Link(say("act.open", language), item["console"], is_first=True)]
    return Entry(_both(item["title"], language) or "-", list(_said(facts, language)), links)


def _sent(item: Mapping[str, Any], reading: Reading) -> Entry:
    language = reading.language
    counts = [say("sent.count", language, playbook=_both(title, language), n=n) for title, n in item["playbooks"]]
    return Entry(item["account"] or "-", [(say("label.sent", language), _joined(counts, language))])


def _reply(item: Mapping[str, Any], reading: Reading) -> Entry:
    language = reading.language
    who = item.get("contact") if reading.with_words else None
    facts = [("label.at", _when(item["at"], reading))]
    heading = " / ".join(filter(None, [item.get("account"), who, say(item["what"], language)]))
    return Entry(heading, list(_said(facts, language)))


def _doubt(item: Mapping[str, Any], reading: Reading) -> Entry:
    return Entry(say(f"doubts.{item['what']}", reading.language, n=item["count"]), ())


_ENTRIES: dict[str, Callable[[Mapping[str, Any], Reading], Entry]] = {
    "approvals": _approval,
    "tasks": _task,
    "sent": _sent,
    "replies": _reply,
    "doubts": _doubt,
}


def _tidied(entry: Entry) -> Entry:
    """What customers and authors wrote, as lines of bounded length; what was left empty is not said."""
    facts = [(label, _line(value)) for label, value in entry.facts if value.strip()]
    return Entry(_line(entry.heading), facts, entry.links)


def _then(item: Mapping[str, Any], language: str) -> str | None:
    if not item.get("then"):
        return None
    return say(f"then.{item['then']}", language, name=_both(item.get("second"), language))


def _said(facts: Sequence[tuple[str, str | None]], language: str) -> Iterator[tuple[str, str]]:
    for label, value in facts:
        if value:
            yield say(label, language), value


def _due(item: Mapping[str, Any], reading: Reading) -> str:
    when = _when(item["due"], reading)
    return say("late", reading.language, when=when) if item.get("is_late") else when


def _when(at: str, reading: Reading) -> str:
    zone = first_zone(reading.time_zone)
    return day_and_time(datetime.fromisoformat(at), zone=zone, language=reading.language)


def _both(text: Mapping[str, str] | str | None, language: str) -> str | None:
    """A text kept in both languages, in this one."""
    return text if text is None or isinstance(text, str) else text.get(language) or next(iter(text.values()), None)


def _joined(words: Sequence[str], language: str) -> str:
    return ("、" if language == "ja" else ", ").join(words)


def _line(text: str) -> str:
    """One line of bounded length: what customers and authors wrote comes as it may."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
