"""DMARC: what servers do with mail that only says it is from a domain, and which domains stand for one another.

The record is looked for at the domain and then above it, as the newer reading of the standard has it; so no list of
public suffixes is needed.
"""

from __future__ import annotations

from collections.abc import Iterator

from engage.upkeep.dns.records import Records
from engage.upkeep.dns.tags import tags_of
from engage.upkeep.findings import Finding

_MOST_STEPS = 8
_POLICIES = ("none", "quarantine", "reject")


def judge_dmarc(records: Records, domain: str) -> Iterator[Finding]:
    """What is to be said of the policy that holds for mail from a domain."""
    what = f"DMARC of {domain}"
    place, found = _policy_of(records, domain)
    if not found:
        wanted = f'publish: _dmarc.{domain}. TXT "v=DMARC1; p=none; rua=mailto:dmarc@{domain}"'
        said = "there is none; large mailbox providers refuse mail from such domains"
        yield Finding(what, "bad", said, f"{wanted}; when the reports look right, p=quarantine")
        return
    if len(found) > 1:
        said = f"there are {len(found)} records at _dmarc.{place}, so none counts"
        yield Finding(what, "bad", said, "keep one of them")
        return
    yield from _judged(what, domain, place, found[0])


def are_aligned(records: Records, one: str, other: str, *, strict: bool) -> bool:
    """Whether a proof for one domain speaks for mail that is from the other."""
    one, other = one.lower(), other.lower()
    return one == other or (not strict and _organisation(records, one) == _organisation(records, other))


def is_strict(records: Records, domain: str, tag: str) -> bool:
    """Whether the policy of a domain wants the very same domain (`adkim`, `aspf`)."""
    _, found = _policy_of(records, domain)
    return bool(found) and tags_of(found[0]).get(tag, "r") == "s"


def _judged(what: str, domain: str, place: str, record: str) -> Iterator[Finding]:
    tags, at = tags_of(record), f"_dmarc.{place}"
    policy = tags.get("p", "") if place == domain else tags.get("sp") or tags.get("p", "")
    if policy not in _POLICIES:
        yield Finding(what, "bad", f"its policy “{policy}” is none", f"write p=none, p=quarantine or p=reject at {at}.")
        return
    where = "" if place == domain else f", from {place}"
    if policy == "none":
        way_out = f"when the reports look right, write p=quarantine at {at}."
        yield Finding(what, "note", f"p=none{where}: forged mail is delivered all the same", way_out)
    else:
        yield Finding(what, "ok", f"p={policy}{where}")
    if "rua" not in tags:
        way_out = f"add to {at}.: rua=mailto:dmarc@{place}"
        yield Finding(what, "note", "nobody gets its reports, so nobody learns of mail that fails", way_out)
    if tags.get("pct", "100") != "100":
        yield Finding(what, "note", f"it holds for {tags['pct']}% of mail only", f"take out pct at {at}.")


def _policy_of(records: Records, domain: str) -> tuple[str, list[str]]:
    """Where the policy of a domain stands, and its records."""
    for name in _upwards(domain):
        found = [one for one in records.find(f"_dmarc.{name}", "TXT") if one.replace(" ", "").startswith("v=DMARC1")]
        if found:
            return name, found
    return domain, []


def _organisation(records: Records, domain: str) -> str:
    """The highest domain above, or the domain itself, that has a policy; a registry's does not count."""
    found = domain
    for name in _upwards(domain):
        policies = [tags_of(one) for one in records.find(f"_dmarc.{name}", "TXT")]
        if any(one.get("v") == "DMARC1" and one.get("psd") != "y" for one in policies):
            found = name
    return found


def _upwards(domain: str) -> Iterator[str]:
    labels = domain.lower().rstrip(".").split(".")[-_MOST_STEPS:]
    return (".".join(labels[start:]) for start in range(max(len(labels) - 1, 1)))
