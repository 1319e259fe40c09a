"""What is live, read once per release and kept in the process: versions never change, so neither does the cache."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.errors import NotFoundError
from engage.ids import Seal
from engage.language.defaults import Defaults
from engage.releases.tables import PlaybookVersion, Release, TemplateVersion

if TYPE_CHECKING:
    from engage.language.program import Program
    from engage.language.spec import Playbook
    from engage.language.vocabulary import Vocabulary
    from engage.language.words import Text

# The language is imported when something written in it is read: many commands read nothing of it.
Made = TypeVar("Made")
TemplateIds = Mapping[str, Mapping[str, int]]
_RELEASE = "engage.release_id"
_releases = Release.__table__.c
_NEWEST = select(_releases.id).order_by(_releases.id.desc()).limit(1)


@dataclass(frozen=True)
class LivePlaybook:
    """One version of one playbook, read and ready to run."""

    key: str
    version_id: int
    version: int
    playbook: Playbook
    program: Program
    templates: TemplateIds
    """The template versions it is pinned to: {name: {locale: template version id}}."""


@dataclass(frozen=True)
class TemplateSource:
    """One template version as it was published."""

    id: int
    name: str
    locale: str
    kind: str
    subject: str
    html: str
    text: str | None
    meta: Mapping[str, Any]
    sha: str


class Library:
    """Everything published, for one process; safe to share between threads."""

    def __init__(self, defaults: Defaults | None = None, seal: Seal | None = None) -> None:
        self._defaults = defaults or Defaults()
        self.seal = seal or Seal("")
        self._versions: tuple[int | None, Mapping[str | None, int]] = (None, {})
        self._live: tuple[int | None, tuple[LivePlaybook, ...]] = (None, ())
        self._vocabularies: dict[int, Vocabulary] = {}
        self._playbooks: dict[int, LivePlaybook] = {}
        self._templates: dict[int, TemplateSource] = {}
        self._kept: tuple[int | None, dict[Hashable, Any]] = (None, {})

    def live(self, session: Session) -> tuple[LivePlaybook, ...]:
        """The playbooks of the newest release, by key."""
        newest = newest_release_id(session)
        known, playbooks = self._live
        if newest is None or newest == known:
            return playbooks if newest is not None else ()
        release = session.get_one(Release, newest)
        playbooks = tuple(self.playbook(session, release.playbooks[key]) for key in sorted(release.playbooks))
        self._live = (newest, playbooks)
        return playbooks

    def title(self, session: Session, key: str | None) -> Text | None:
        """What people call a live playbook; reads no other."""
        found = self.named(session, key)
        return found.playbook.title if found else None

    def named(self, session: Session, key: str | None) -> LivePlaybook | None:
        """One live playbook; reads no other."""
        newest = newest_release_id(session)
        if newest is None:
            return None
        known, versions = self._versions
        if newest != known:
            versions = session.scalars(select(_releases.playbooks).where(_releases.id == newest)).one()
            self._versions = (newest, versions)
        return self.playbook(session, versions[key]) if key in versions else None

    def playbook(self, session: Session, version_id: int) -> LivePlaybook:
        """One version, live or not: running subjects stay on theirs."""
        found = self._playbooks.get(version_id)
        if found is None:
            found = self._playbooks[version_id] = self._read(session, version_id)
        return found

    def template(self, session: Session, template_version_id: int) -> TemplateSource:
        """One template version."""
        found = self._templates.get(template_version_id)
        if found is None:
            found = self._templates[template_version_id] = _template(session, template_version_id)
        return found

    def own_template(self, session: Session, name: str) -> Mapping[str, int]:
        """The versions by locale of a template that Engage sends by itself; none where it was not published."""
        newest = newest_release_id(session)
        if newest is None:
            return {}
        pinned: TemplateIds = self.kept("own templates", session, lambda: session.get_one(Release, newest).templates)
        return pinned.get(name, {})

    def kept(self, key: Hashable, session: Session, make: Callable[[], Made]) -> Made:
        """What was made of the newest release, made once; forgotten when another release is live."""
        newest = newest_release_id(session)
        if self._kept[0] != newest:
            self._kept = (newest, {})
        kept = self._kept[1]
        if key not in kept:
            kept[key] = make()
        found: Made = kept[key]
        return found

    def vocabulary(self, session: Session) -> Vocabulary:
        """The shared vocabulary of the newest release; an empty one before the first."""
        from engage.language.vocabulary import Vocabulary

        newest = newest_release_id(session)
        return Vocabulary(defaults=self._defaults) if newest is None else self._vocabulary(session, newest)

    def _vocabulary(self, session: Session, release_id: int) -> Vocabulary:
        found = self._vocabularies.get(release_id)
        if found is None:
            from engage.language.vocabulary import Vocabulary

            stored = session.scalar(select(Release.vocabulary).where(Release.id == release_id))
            said = Vocabulary.model_validate(stored or {})
            found = self._vocabularies[release_id] = said.model_copy(update={"defaults": self._defaults})
        return found

    def _read(self, session: Session, version_id: int) -> LivePlaybook:
        from engage.language.parse import parse_playbook
        from engage.language.program import Program

        row = session.get(PlaybookVersion, version_id)
        if row is None:
            raise NotFoundError(f"there is no playbook version {version_id}")
        # Facts mean what they meant when the version was published, even if they were declared differently since.
        catalogue = self._vocabulary(session, row.release_id).catalogue()
        playbook = parse_playbook(row.source, row.file, catalogue, again=True)
        return LivePlaybook(row.key, row.id, row.version, playbook, Program.of(playbook), row.templates)


def newest_release_id(session: Session) -> int | None:
    """The release that is live; asked of the database once in a transaction."""
    if _RELEASE not in session.info:
        session.info[_RELEASE] = session.scalar(_NEWEST)
    found: int | None = session.info[_RELEASE]
    return found


def forget_newest(session: Session) -> None:
    """Makes this session look again, after it published a release."""
    session.info.pop(_RELEASE, None)


def _template(session: Session, template_version_id: int) -> TemplateSource:
    row = session.get(TemplateVersion, template_version_id)
    if row is None:
        raise NotFoundError(f"there is no template version {template_version_id}")
    return TemplateSource(row.id, row.name, row.locale, row.kind, row.subject, row.html, row.text, row.meta, row.sha)
