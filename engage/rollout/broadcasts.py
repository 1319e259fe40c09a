"""A broadcast is published before its moment, never after: nobody could be told in time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engage.calendars.zones import first_zone
from engage.errors import PlaybookError, Problem
from engage.language.parse import parse_playbook
from engage.language.triggers import OnceTrigger
from engage.language.workspace import PlaybookFile, Workspace
from engage.releases.tables import PlaybookVersion, Release


def refuse_passed_moments(session: Session, workspace: Workspace, before: Release | None, *, now: datetime) -> None:
    """Raises PlaybookError where a moment has passed already; one that is live with that moment may be mended."""
    found = [
        problem
        for file in workspace.playbooks
        if (problem := passed(file, workspace, now)) and not _is_live(session, file, workspace, before)
    ]
    if found:
        raise PlaybookError(found)


def passed(file: PlaybookFile, workspace: Workspace, now: datetime) -> Problem | None:
    """The complaint about a moment that has passed already."""
    trigger = file.playbook.trigger
    if not isinstance(trigger, OnceTrigger):
        return None
    if trigger.once.instant(first_zone(workspace.vocabulary.defaults.time_zone)) > now:
        return None
    message, hint = f"{trigger.once} has passed", "write a moment to come, or remove the file"
    return file.document.problem(["trigger", "once"], "moment-passed", message, hint=hint)


def _is_live(session: Session, file: PlaybookFile, workspace: Workspace, before: Release | None) -> bool:
    version_id = before.playbooks.get(file.playbook.key) if before else None
    version = session.get(PlaybookVersion, version_id) if version_id else None
    if version is None:
        return False
    try:
        live = parse_playbook(version.source, version.file, workspace.catalogue)
    except PlaybookError:  # it named facts that are gone: another playbook in all but name
        return False
    moments = [each.trigger.once for each in (live, file.playbook) if isinstance(each.trigger, OnceTrigger)]
    return len(moments) == 2 and moments[0] == moments[1]
