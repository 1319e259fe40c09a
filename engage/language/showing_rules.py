"""Rules over how messages are shown in the product, and the mails to those who do not see them."""

from __future__ import annotations

from collections.abc import Iterator

from engage.errors import Problem
from engage.language.durations import Duration
from engage.language.places import steps_with_paths
from engage.language.spec import InAppStep
from engage.language.workspace import PlaybookFile, Workspace


def messages_outlast_the_wait(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A message in the product vanishes before its time to be seen is over.

    Code: gone-unseen
    Why: whoever comes after that finds nothing in the product, and is written to for not having seen it.
    Way out: show it longer, or send the mail earlier.
    Wrong:
        steps: [{in_app: welcome/tip, expires: 1 day, unless_seen: {within: 3 days, email: welcome/hello}}]
    Right:
        steps: [{in_app: welcome/tip, expires: 7 days, unless_seen: {within: 3 days, email: welcome/hello}}]
    """
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        if not isinstance(step, InAppStep) or step.unless_seen is None or not isinstance(step.expires, Duration):
            continue
        if step.expires.roughly < step.unless_seen.within.roughly:
            message = f"it is shown for {step.expires}, and {step.unless_seen.within} are left to see it"
            place = [*path, "unless_seen", "within"]
            yield file.document.problem(place, "gone-unseen", message, severity="warning")


SHOWING_RULES = (messages_outlast_the_wait,)
