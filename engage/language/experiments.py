"""Control groups: who is left alone so that an effect can be seen, and which playbooks nobody may be kept from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from engage.language.shares import Share
from engage.language.spec import EventTrigger, Playbook
from engage.language.steps import MessageStep, walk
from engage.language.words import Key, Words

CONTRACT = "contract"


class ControlGroup(Words):
    """A share of all accounts that no playbook writes to, except those that inform of the contract."""

    share: Share = Field(description="of all accounts, drawn by a lot that never changes")
    spares: tuple[Key, ...] = Field(default=(), description="playbooks that run for the control group, too")


class Experiments(Words):
    """What is tried out over all playbooks."""

    control_group: ControlGroup | None = Field(default=None, description="who is left alone by all playbooks")


def is_owed(playbook: Playbook, templates: Iterable[Mapping[str, Any]] = ()) -> bool:
    """Whether every customer must get it alike: news of the contract (kickoff, renewal, thanks), and what is no choice.

    So it is where a run is per contract, where an event `contract.…` starts it, where a message is on that topic, and
    where a template (its meta data) is transactional.
    """
    metas = list(templates)
    trigger = playbook.trigger
    if playbook.subject == CONTRACT or (isinstance(trigger, EventTrigger) and trigger.event.startswith("contract.")):
        return True
    said = (step.topic for step in walk(playbook.steps) if isinstance(step, MessageStep))
    topics = (playbook.topic, *said, *(meta.get("topic") for meta in metas))
    return CONTRACT in topics or any(meta.get("purpose") == "transactional" for meta in metas)
