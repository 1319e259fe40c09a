"""SPF: which servers may send for the domain of the return path; judged as a receiving server reads it (RFC 7208)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from engage.upkeep.dns.records import Records
from engage.upkeep.findings import Finding

MOST_LOOKUPS: Final = 10
_TERM = re.compile(r"([-+~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:[:=]?(.*))?", re.IGNORECASE)
_LOOKED_UP = ("include", "a", "mx", "ptr", "exists")


@dataclass(slots=True)
class _Reading:
    """What came out while the record and all that it includes were read."""

    lookups: int = 0
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def judge_spf(records: Records, domain: str, *, suggestion: str) -> list[Finding]:
    """What is to be said of the SPF record of a domain; `suggestion` is what stands for our server in a new one."""
    what = f"SPF of {domain}"
    found = _records_of(records, domain)
    if not found:
        said = "there is none, so no server is known to send for it"
        return [Finding(what, "bad", said, f'publish: {domain}. TXT "v=spf1 {suggestion} ~all"')]
    if len(found) > 1:
        return [Finding(what, "bad", f"there are {len(found)} records, so none of them counts", "keep one of them")]
    reading = _Reading()
    _read(records, domain, found[0], reading)
    return list(_told(what, domain, found[0], reading, suggestion))


def _told(what: str, domain: str, record: str, reading: _Reading, suggestion: str) -> Iterator[Finding]:
    end = _end_of(record)
    for fault in dict.fromkeys(reading.faults):
        yield Finding(what, "bad", fault, f'mend it in: {domain}. TXT "{record}"')
    if reading.lookups > MOST_LOOKUPS:
        said = f"it takes {reading.lookups} look-ups; after {MOST_LOOKUPS} servers give up and believe nothing"
        yield Finding(what, "bad", said, "take out includes that nobody sends by, or write their networks as ip4:")
    if end in ("+all", "all"):
        yield Finding(what, "bad", "it lets every server in the world send for it", 'end the record with "~all"')
    elif end in (None, "?all"):
        said = "it does not say what to think of other servers"
        yield Finding(what, "note", said, f'publish: {domain}. TXT "{_ended(record)}"')
    if any(term.lower().lstrip("-+~?").startswith("ptr") for term in record.split()[1:]):
        yield Finding(what, "note", "it uses ptr, which many servers do not read", "name the servers otherwise")
    if not reading.faults and reading.lookups <= MOST_LOOKUPS and end not in ("+all", "all"):
        yield Finding(what, "ok", f"{reading.lookups} look-ups, {end or 'no end'}")


def _records_of(records: Records, domain: str) -> list[str]:
    return [one for one in records.find(domain, "TXT") if one.lower() == "v=spf1" or one.lower().startswith("v=spf1 ")]


def _read(records: Records, domain: str, record: str, reading: _Reading) -> None:
    """Counts the look-ups of a record and notes what makes a server give up; none that it needs is left out."""
    reading.seen.add(domain.lower())
    for term in record.split()[1:]:
        name, _, target = term.partition("=")
        if name.lower() == "redirect":
            _follow(records, target, reading)
            continue
        if "=" in term and ":" not in name:
            continue  # another modifier, such as exp=
        found = _TERM.fullmatch(term)
        if found is None:
            reading.faults.append(f"“{term}” is nothing that SPF knows")
            continue
        _weigh(records, found[2].lower(), found[3] or "", term, reading)


def _weigh(records: Records, mechanism: str, value: str, term: str, reading: _Reading) -> None:
    if mechanism in ("ip4", "ip6"):
        try:
            is_right = ip_network(value, strict=False).version == int(mechanism[2])
        except ValueError:
            is_right = False
        if not is_right:
            reading.faults.append(f"“{term}” is no network")
    elif mechanism == "include":
        _follow(records, value, reading)
    elif mechanism in _LOOKED_UP:
        reading.lookups += 1


def _follow(records: Records, domain: str, reading: _Reading) -> None:
    """Reads an included record; more look-ups than count are not made."""
    reading.lookups += 1
    if "%" in domain or domain.lower() in reading.seen or reading.lookups > 2 * MOST_LOOKUPS:
        return
    found = _records_of(records, domain)
    if len(found) == 1:
        _read(records, domain, found[0], reading)
    else:
        reading.faults.append(f"it includes {domain}, which has {len(found) or 'no'} SPF record{'s' * bool(found)}")


def _end_of(record: str) -> str | None:
    terms = [term.lower() for term in record.split()[1:]]
    if any(term.startswith("redirect=") for term in terms):
        return "redirect"
    return next((term for term in terms if term.lstrip("-+~?") == "all"), None)


def _ended(record: str) -> str:
    kept = [term for term in record.split() if term.lower().lstrip("-+~?") != "all"]
    return " ".join([*kept, "~all"])
