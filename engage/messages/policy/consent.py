"""Advertising needs a yes, what belongs to the relationship needs the absence of a no, the contract's own mail neither.

A topic that asks twice needs a confirmed yes, whatever its purpose. A no holds across every basis on which mail might
be sent. Consent speaks about mail: somebody who never said yes may still be told inside the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engage.customers.consents import DOUBLE_OPT_IN, GRANTED, HEARSAY, WITHDRAWN, holding
from engage.messages.policy.candidate import Candidate, ConsentWord
from engage.messages.policy.suppression import EVERYTHING
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips mail that its topic and purpose do not permit to this person."""
    if not _is_asked_for(candidate):
        return Allow()
    word = word_on(candidate.consents, candidate.topic)
    if word is not None and word.state == WITHDRAWN:
        return Skip(Reason.OPTED_OUT)
    if word is None and (candidate.asks_twice or candidate.purpose == "promotional"):
        return Skip(Reason.NO_CONSENT)
    if candidate.asks_twice and (word is None or word.basis != DOUBLE_OPT_IN):
        return Skip(Reason.NOT_CONFIRMED)
    return Allow()


def rested_on(candidate: Candidate) -> dict[str, str]:
    """On what its mail goes to this person, or does not: the basis, and the record that proves it."""
    if not _is_asked_for(candidate):
        return {}
    word = word_on(candidate.consents, candidate.topic)
    if word is None:
        return {"basis": "none" if candidate.purpose == "promotional" or candidate.asks_twice else "relationship"}
    return {"basis": word.basis} | ({"record": word.record} if word.record else {})


def words_held(rows: Iterable[Any]) -> dict[int, dict[str, ConsentWord]]:
    """Of rows of consents in the order in which they were said: the word of each contact that holds on each topic."""
    found: dict[int, dict[str, ConsentWord]] = defaultdict(dict)
    for row in holding(rows).values():
        is_heard = row.source in HEARSAY
        found[row.contact_id][row.topic] = ConsentWord(row.state, row.at, row.basis, is_heard, row.record_id)
    return found


def word_on(consents: Mapping[str, ConsentWord], topic: str) -> ConsentWord | None:
    """What holds for the topic: a no to everything does, until the person themselves asked for the topic later."""
    here, everywhere = consents.get(topic), consents.get(EVERYTHING)
    if everywhere is None or here is None:
        return here or everywhere
    if everywhere.state != WITHDRAWN:
        return here
    is_hearsay = here.is_heard and not everywhere.is_heard
    return here if here.state == GRANTED and here.at > everywhere.at and not is_hearsay else everywhere


def _is_asked_for(candidate: Candidate) -> bool:
    return candidate.channel == "email" and candidate.purpose != "transactional"
