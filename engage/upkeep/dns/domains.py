"""The DNS of everything that mail says of itself: who it is from, who is answered, where its links lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engage.upkeep.dns.dkim import has_key, judge_dkim
from engage.upkeep.dns.dmarc import are_aligned, is_strict, judge_dmarc
from engage.upkeep.dns.records import NoAnswerError, Records
from engage.upkeep.dns.spf import judge_spf
from engage.upkeep.findings import Finding

_OURS = {"sendgrid": "include:sendgrid.net"}
_A_SERVER = "ip4:ADDRESS-OF-YOUR-MAIL-SERVER"


@dataclass(frozen=True, slots=True)
class Sending:
    """What DNS has to bear out."""

    domains: Sequence[str]  # that mail is from
    selectors: Sequence[str] = ()
    return_path: str | None = None  # where bounces go, if not to the domain that mail is from
    provider: str = "smtp"
    replies: Sequence[str] = ()  # domains of those who are answered
    link_host: str | None = None


def examine_dns(records: Records, sending: Sending) -> list[Finding]:
    """Everything to be said, domain by domain; what DNS does not answer is said, too."""
    if not sending.domains:
        return [Finding("DNS", "note", "nobody sends mail yet", "set ENGAGE_SENDING_DOMAINS, or company.team.email")]
    return [
        *(finding for domain in sending.domains for finding in _guarded(_of_domain(records, sending, domain), domain)),
        *(finding for domain in sending.replies for finding in _guarded(_of_replies(records, domain), domain)),
        *_guarded(_of_links(records, sending.link_host), sending.link_host or ""),
    ]


def _of_domain(records: Records, sending: Sending, domain: str) -> Iterator[Finding]:
    bounces = sending.return_path or domain
    spf = judge_spf(records, bounces, suggestion=_OURS.get(sending.provider, _A_SERVER))
    yield from spf
    yield from judge_dkim(records, domain, sending.selectors)
    yield from judge_dmarc(records, domain)
    is_aligned = are_aligned(records, bounces, domain, strict=is_strict(records, domain, "aspf"))
    by_spf = is_aligned and all(one.verdict != "bad" for one in spf)
    yield _alignment(domain, bounces, by_spf=by_spf, by_dkim=has_key(records, domain, sending.selectors))


def _alignment(domain: str, bounces: str, *, by_spf: bool, by_dkim: bool) -> Finding:
    """Whether anything proves mail that says it is from the domain: that is what DMARC asks."""
    what = f"alignment of {domain}"
    if by_spf:
        return Finding(what, "ok", f"SPF speaks for it by {bounces}" + (", and DKIM" if by_dkim else ""))
    if by_dkim:
        said = f"DKIM alone speaks for it; its bounces go to {bounces}"
        return Finding(what, "note", said, f"have your provider use a return path at or below {domain}")
    said = f"nothing proves mail from {domain}: neither SPF by {bounces} nor a DKIM key that is known"
    return Finding(what, "bad", said, f"sign with a key of {domain}, or publish SPF where its bounces go")


def _of_replies(records: Records, domain: str) -> Iterator[Finding]:
    what = f"answers to {domain}"
    servers = records.find(domain, "MX")
    if any(one.split()[-1] == "." for one in servers):
        yield Finding(what, "bad", "it says that it takes no mail", f"take out the MX record “0 .” of {domain}.")
    elif servers:
        yield Finding(what, "ok", f"{len(servers)} mail server{'s' * (len(servers) > 1)}")
    elif records.find(domain, "A") or records.find(domain, "AAAA"):
        yield Finding(what, "note", "it has an address but no MX record", f"publish: {domain}. MX 10 YOUR-MAIL-SERVER.")
    else:
        yield Finding(what, "bad", "no server takes mail for it", f"publish: {domain}. MX 10 YOUR-MAIL-SERVER.")


def _of_links(records: Records, host: str | None) -> Iterator[Finding]:
    if host is None:
        return
    if records.find(host, "A") or records.find(host, "AAAA"):
        yield Finding(f"links to {host}", "ok", "the name is known")
    else:
        way_out = f"publish: {host}. CNAME THE-HOST-OF-ENGAGE-WEB."
        yield Finding(f"links to {host}", "bad", "the name is not known: no link in a mail works", way_out)


def _guarded(findings: Iterable[Finding], name: str) -> Iterator[Finding]:
    try:
        yield from findings
    except NoAnswerError as error:
        yield Finding(f"DNS of {name}", "note", str(error), "try again, or give the records by --records FILE")
