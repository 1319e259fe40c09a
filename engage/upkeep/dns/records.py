"""Where DNS records come from: asked of DNS, or given in a file as `dig` and zone files write them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Literal, Protocol

import dns.exception
import dns.rdataset
import dns.rdatatype
import dns.resolver
import dns.zonefile
from dns.rdata import Rdata

from engage.errors import InputError

Kind = Literal["TXT", "MX", "A", "AAAA", "CNAME"]

_SECONDS = 5.0
_MOST_ALIASES = 8


class NoAnswerError(Exception):
    """DNS says nothing at the moment; whether there is a record is not known."""


class Records(Protocol):
    """What DNS holds."""

    def find(self, name: str, kind: Kind) -> list[str]:
        """The records of that name and kind, aliases followed; texts without their quotes. NoAnswerError."""
        ...


class AskedRecords:
    """The records that DNS tells now."""

    def __init__(self) -> None:
        self._resolver = dns.resolver.Resolver()
        self._resolver.lifetime = _SECONDS

    def find(self, name: str, kind: Kind) -> list[str]:
        """Asks the resolver of this machine."""
        try:
            return [_written(one) for one in self._resolver.resolve(f"{name.rstrip('.')}.", kind)]
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise NoAnswerError(f"DNS does not answer for {name} ({type(error).__name__})") from error


class GivenRecords:
    """Records from a file; what is not in it does not exist."""

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for line in dns.zonefile.read_rrsets(text, rdclass=None, default_rdclass="IN", default_ttl=300):
            kind = dns.rdatatype.to_text(line.rdtype)
            self._found[line.name.to_text(omit_final_dot=True).lower(), kind] += [_written(one) for one in line]

    def find(self, name: str, kind: Kind) -> list[str]:
        """Looks the name up, and what it is an alias of."""
        asked = name.rstrip(".").lower()
        for _ in range(_MOST_ALIASES):
            if (asked, kind) in self._found or (asked, "CNAME") not in self._found:
                break
            asked = self._found[asked, "CNAME"][0].rstrip(".").lower()
        return self._found.get((asked, kind), [])


def records_in(file: Path) -> GivenRecords:
    """The records of a file; InputError names the line that cannot be read."""
    try:
        return GivenRecords(file.read_text(encoding="utf-8"))
    except (dns.exception.DNSException, UnicodeDecodeError, ValueError) as error:
        hint = 'write each as `dig +noall +answer NAME TXT` does: name. 300 IN TXT "…"'
        raise InputError(f"these are no DNS records: {error}", where=str(file), hint=hint) from error


def _written(record: Rdata) -> str:
    """The record as text; the pieces of a TXT record are one text."""
    strings = getattr(record, "strings", None)
    return b"".join(strings).decode("utf-8", "replace") if strings is not None else record.to_text()
