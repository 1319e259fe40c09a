"""Where playbooks, templates and vocabulary are taken from when something is only shown: the files, or what is live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy.orm import Session

from engage.errors import NotFoundError, PlaybookError
from engage.ids import Seal
from engage.language.check import has_errors
from engage.language.compiling import compile_template
from engage.language.defaults import Defaults
from engage.language.guessing import way_out
from engage.language.program import Program
from engage.language.spec import Playbook
from engage.language.vocabulary import Vocabulary
from engage.language.workspace import Workspace
from engage.messages.rendering import TemplateText
from engage.releases.library import Library, LivePlaybook
from engage.rollout.checking import check

Templates = Mapping[str, TemplateText]


class Source(Protocol):
    """Playbooks and what they need."""

    @property
    def library(self) -> Library:
        """What knows the shared vocabulary."""

    def playbooks(self, key: str | None) -> list[Playbook]:
        """All, or the one of that key; raises NotFoundError where there is none."""

    def templates(self, session: Session, playbook: str, name: str) -> Templates:
        """A template of a playbook by locale."""


class Written:
    """What stands in the files; raises PlaybookError where `check` finds an error."""

    def __init__(self, workspace: Workspace, defaults: Defaults, seal: Seal | None = None) -> None:
        problems = check(workspace)
        if has_errors(problems):
            raise PlaybookError([problem for problem in problems if problem.severity == "error"])
        self._workspace = workspace
        self.library: Library = _OfFiles(workspace, defaults, seal)

    def playbooks(self, key: str | None) -> list[Playbook]:
        """Those of the files."""
        return _chosen({file.playbook.key: file.playbook for file in self._workspace.playbooks}, key)

    def templates(self, session: Session, playbook: str, name: str) -> Templates:
        """The template, compiled as it would be published."""
        template = self._workspace.templates[name]
        return {locale: compile_template(template, locale, self._workspace.layout) for locale in template.locales}


def library_of(workspace: Workspace, defaults: Defaults) -> Library:
    """A library that knows what stands in the files, whether or not all of it is sound."""
    return _OfFiles(workspace, defaults)


class Live:
    """What is live."""

    def __init__(self, session: Session, library: Library) -> None:
        self.library = library
        self._live = {one.key: one for one in library.live(session)}

    def playbooks(self, key: str | None) -> list[Playbook]:
        """Those of the newest release."""
        return _chosen({name: one.playbook for name, one in self._live.items()}, key)

    def templates(self, session: Session, playbook: str, name: str) -> Templates:
        """The template versions that the playbook is pinned to."""
        versions = self._live[playbook].templates.get(name, {})
        return {locale: self.library.template(session, version) for locale, version in versions.items()}


class _OfFiles(Library):
    """A library that knows the vocabulary and the playbooks of files, whatever is published."""

    def __init__(self, workspace: Workspace, defaults: Defaults, seal: Seal | None = None) -> None:
        super().__init__(defaults, seal)
        self._written = workspace.vocabulary.model_copy(update={"defaults": defaults})
        self._named = {file.playbook.key: file.playbook for file in workspace.playbooks}

    def vocabulary(self, session: Session) -> Vocabulary:
        return self._written

    def named(self, session: Session, key: str | None) -> LivePlaybook | None:
        found = self._named.get(key or "")
        return LivePlaybook(found.key, 0, 0, found, Program.of(found), {}) if found else super().named(session, key)


def _chosen(known: Mapping[str, Playbook], key: str | None) -> list[Playbook]:
    if key is None:
        return list(known.values())
    if key not in known:
        raise NotFoundError(f"there is no playbook {key}", hint=way_out(key, known))
    return [known[key]]
