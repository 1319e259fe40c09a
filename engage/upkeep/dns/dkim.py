"""DKIM: the keys with which mail of a domain is signed, as they are published under their selectors (RFC 6376)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from engage.upkeep.dns.records import Records
from engage.upkeep.dns.tags import tags_of
from engage.upkeep.findings import Finding

_SHORTEST, _SHORT = 1024, 2048
_ED25519_BYTES = 32


def judge_dkim(records: Records, domain: str, selectors: Sequence[str]) -> Iterator[Finding]:
    """What is to be said of the keys of a domain under these selectors."""
    if not selectors:
        said = "no selector is known, so the keys cannot be looked at"
        yield Finding(f"DKIM of {domain}", "note", said, "set ENGAGE_DKIM_SELECTORS to the names your provider shows")
    for selector in selectors:
        yield _judge_key(records, domain, selector)


def has_key(records: Records, domain: str, selectors: Sequence[str]) -> bool:
    """Whether mail of the domain can be signed at all, as far as anybody knows."""
    return any(_judge_key(records, domain, selector).verdict != "bad" for selector in selectors)


def _judge_key(records: Records, domain: str, selector: str) -> Finding:
    name = f"{selector}._domainkey.{domain}"
    what = f"DKIM of {domain}, selector {selector}"
    published = [tags_of(text) for text in records.find(name, "TXT")]
    keys = [tags for tags in published if "p" in tags]
    if not keys:
        way_out = f"publish {name}. as your provider shows it (often a CNAME), or correct ENGAGE_DKIM_SELECTORS"
        return Finding(what, "bad", "there is no key, so no signature is believed", way_out)
    if len(keys) > 1:
        return Finding(what, "bad", f"there are {len(keys)} keys under one name", f"keep one TXT record at {name}.")
    return _judged(what, name, keys[0])


def _judged(what: str, name: str, tags: dict[str, str]) -> Finding:
    longer = f"publish a key of {_SHORT} bits at {name}."
    if not tags["p"]:
        return Finding(what, "bad", "its key was withdrawn (p= is empty)", f"publish a new key at {name}.")
    kind, bits = tags.get("k", "rsa"), _bits(tags.get("k", "rsa"), tags["p"])
    if bits is None:
        return Finding(what, "bad", "its key cannot be read", f"copy the record at {name}. from your provider again")
    if kind == "rsa" and bits < _SHORTEST:
        return Finding(what, "bad", f"its key has {bits} bits, which servers refuse", longer)
    if "y" in tags.get("t", "").split(":"):
        return Finding(what, "note", "it is marked as a test (t=y): signatures may count for nothing", "take out t=y")
    if kind == "rsa" and bits < _SHORT:
        return Finding(what, "note", f"its key has {bits} bits; {_SHORT} are usual", longer)
    if kind == "ed25519":
        return Finding(what, "note", "not every server reads Ed25519 keys yet", "sign with an RSA key beside it")
    return Finding(what, "ok", f"{bits} bits")


def _bits(kind: str, written: str) -> int | None:
    """How long a key is; None for what is no key."""
    try:
        raw = base64.b64decode(written, validate=True)
        if kind == "ed25519":
            return 256 if len(raw) == _ED25519_BYTES else None
        key = load_der_public_key(raw)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None
