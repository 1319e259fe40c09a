"""Rules over what all playbooks share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engage.calendars.holidays import knows
from engage.errors import Problem
from engage.language.workspace import Workspace

_NO_REPLY = re.compile(r"(no|not|do-?not)[-_.]?reply", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def team_can_be_answered(workspace: Workspace) -> Iterator[Problem]:
    """The team signs where no person does, so its address must exist and be read."""
    address = workspace.vocabulary.company.team.email
    document = workspace.documents.get("company")
    if document is None:
        return
    if not _ADDRESS.fullmatch(address):
        message = "the team needs an address that people can write to"
        yield document.problem(["team", "email"], "team-address", message, hint="team: {email: cs@example.com}")
    elif _NO_REPLY.search(address):
        yield document.problem(["team", "email"], "no-reply-sender", f"{address} cannot be answered")


def countries_are_known(workspace: Workspace) -> Iterator[Problem]:
    """Closed days of a country that no calendar knows would never apply."""
    for country in workspace.vocabulary.calendars:
        if country != "all" and not knows(country):
            document = workspace.documents["calendars"]
            message = f"no holidays are known for {country}"
            yield document.problem([country], "unknown-country", message, hint="use ISO codes such as JP", key=True)


VOCABULARY_RULES = (team_can_be_answered, countries_are_known)
