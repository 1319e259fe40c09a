"""Advertising needs a yes, what belongs to the relationship needs the absence of a no, the contract's own mail neither.

Consent speaks about mail: somebody who wants none may still be told inside the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engage.messages.policy.candidate import Candidate, ConsentWord
from engage.messages.policy.suppression import EVERYTHING
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips mail that its topic and purpose do not permit to this person."""
    if candidate.channel != "email" or candidate.purpose == "transactional":
        return Allow()
    said = _said(candidate.consents, candidate.topic)
    if said == "withdrawn":
        return Skip(Reason.OPTED_OUT)
    if candidate.purpose == "promotional" and said != "granted":
        return Skip(Reason.NO_CONSENT)
    return Allow()


def _said(consents: Mapping[str, ConsentWord], topic: str) -> str | None:
    """What holds for the topic: a no to everything does, until the topic itself was asked for later."""
    here, everywhere = consents.get(topic), consents.get(EVERYTHING)
    if everywhere is not None and everywhere.state == "withdrawn":
        asked_for_later = here is not None and here.state == "granted" and here.at > everywhere.at
        return "granted" if asked_for_later else "withdrawn"
    word = here or everywhere
    return word.state if word is not None else None
