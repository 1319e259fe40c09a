"""What a contact agreed to or refused: the newest word on a topic holds, however late an older one is learned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.customers.picture import Attribution, Kept, KeptContact
from engage.customers.traits import YES
from engage.events.trait_checks import holds_control


def note_traits(contact: KeptContact, consents: object, *, at: datetime) -> None:
    """Notes the consents said as a trait: topic → yes, no, or a mapping with basis and evidence."""
    for topic, said in sorted(consents.items()) if isinstance(consents, Mapping) else ():
        _note(contact, str(topic), _as_consent(said), at=at)


def note_consent_of(contact: KeptContact, attribution: Attribution) -> None:
    """Notes the consent given or withdrawn in an event of its own; other events say nothing here."""
    if attribution.consent is None:
        return
    name, said = attribution.consent
    topic = said.get("topic")
    if not isinstance(topic, str) or holds_control(topic):
        return
    granted = name == "consent.granted"
    basis = said.get("basis") or ("consent" if granted else "unsubscribe")
    state = "granted" if granted else "withdrawn"
    entry = {"state": state, "basis": basis, "evidence": said.get("evidence") or name}
    _note(contact, topic, entry, at=attribution.occurred_at)


def absorb_consents(old: KeptContact, contact: KeptContact) -> None:
    """Makes the words of a contact that is absorbed those of the one that stays."""
    for topic, words in old.consents.items():
        contact.consents.setdefault(topic, []).extend(words)
    old.consents = {}


def _as_consent(said: object) -> dict[str, Any]:
    if isinstance(said, Mapping):
        return {"basis": "consent", "evidence": "", **said}
    granted = said in YES or said == "granted"
    return {"state": "granted" if granted else "withdrawn", "basis": "consent", "evidence": "identify"}


def _note(contact: KeptContact, topic: str, said: Mapping[str, Any], *, at: datetime) -> None:
    """Keeps the first and the last yes, the first and the last no: so nothing depends on what is learned when.

    A word that every login repeats moves the last one forward instead of filling the ledger.
    """
    state = said.get("state")
    if state not in ("granted", "withdrawn"):
        return
    words = contact.consents.setdefault(topic, [])
    same = sorted((word for word in words if word.values["state"] == state), key=lambda word: word.values["at"])
    if same and same[0].values["at"] <= at <= same[-1].values["at"]:
        return
    news = {"topic": topic, "state": state, "basis": str(said["basis"]), "evidence": str(said["evidence"]), "at": at}
    if len(same) > 1:
        (same[0] if at < same[0].values["at"] else same[-1]).set(news)
    else:
        words.append(Kept(news, changed=True))
