"""Records that are lists of `tag=value`, as DKIM and DMARC write them."""

from __future__ import annotations


def tags_of(record: str) -> dict[str, str]:
    """The tags of a record, the first of each; blanks inside a value mean nothing."""
    found: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), "".join(value.split()))
    return found
