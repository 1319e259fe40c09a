"""Stores in memory that begin alike: made once for each set of playbooks, put back before each play."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from engage.channels.base import OutboundEmail, Outcome
from engage.channels.email.recording import RecordingChannel
from engage.clock import VirtualClock
from engage.db.session import Database
from engage.errors import NotFoundError, Problem
from engage.language.defaults import Defaults
from engage.language.guessing import way_out
from engage.language.spec import Playbook, StartStep, walk
from engage.language.templates import OWN_MAILS
from engage.language.workspace import MISSING_FOLDER, PlaybookFile, Workspace
from engage.messages.links import Links
from engage.releases.library import Library
from engage.rollout.apply import apply_workspace, used_templates
from engage.rollout.stage import Stage

_PUBLISHED = datetime(2000, 1, 1, tzinfo=UTC)
MakeTables = Callable[[Database], None]


class Outbox(RecordingChannel):
    """Remembers every mail by its message's id."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: dict[str, OutboundEmail] = {}

    def send(self, batch: Any) -> list[Outcome]:
        """Takes each mail."""
        self.mails |= {mail.message_id: mail for mail in batch}
        return super().send(batch)


@dataclass(frozen=True)
class _Published:
    """A store with some playbooks in it, to be copied, and the library that has read them."""

    store: sqlite3.Connection
    library: Library


class ScratchStores:
    """One store in memory for one thread; statements are compiled once for all plays."""

    def __init__(self, workspace: Workspace, make_tables: MakeTables, defaults: Defaults | None = None) -> None:
        self.workspace = workspace
        self.defaults = defaults or Defaults()
        self.vocabulary = workspace.vocabulary.model_copy(update={"defaults": self.defaults})
        self._database = Database("sqlite://")
        make_tables(self._database)
        self._empty = self._content()
        self._published: dict[frozenset[str], _Published] = {}

    def close(self) -> None:
        """Gives the store back."""
        self._database.close()

    def stage(self, keys: Collection[str], at: datetime) -> Stage:
        """A stage on which only these playbooks, and those that they start, are live; nobody is known there yet."""
        wanted = self._closed(keys)
        if wanted not in self._published:
            self._published[wanted] = self._publish(wanted)
        published = self._published[wanted]
        self._put(published.store)
        links = Links("a secret of examples", "https://engage.example")
        return Stage(self._database, published.library, links, VirtualClock(at), Outbox())

    def playbook(self, key: str) -> Playbook:
        """The playbook of that key."""
        known = {file.playbook.key: file.playbook for file in self.workspace.playbooks}
        if key not in known:
            raise NotFoundError(f"there is no playbook {key}", hint=way_out(key, known))
        return known[key]

    def _closed(self, keys: Collection[str]) -> frozenset[str]:
        """These playbooks and those that they start."""
        wanted: set[str] = set()
        ahead = list(keys)
        while ahead:
            key = ahead.pop()
            if key not in wanted:
                wanted.add(key)
                ahead += [step.start for step in walk(self.playbook(key).steps) if isinstance(step, StartStep)]
        return frozenset(wanted)

    def _publish(self, keys: frozenset[str]) -> _Published:
        # Their examples may speak of playbooks that are not needed here; `check` has judged them in the whole.
        files = tuple(_unproven(file) for file in self.workspace.playbooks if file.playbook.key in keys)
        used = {name for file in files for name in used_templates(file.playbook)}.union(OWN_MAILS)
        templates = {name: one for name, one in self.workspace.templates.items() if name in used}
        left_out = frozenset(file.playbook.key for file in self.workspace.playbooks) - keys
        self._put(self._empty)
        problems = tuple(one for one in self.workspace.problems if _concerns(one, keys | used))
        part = replace(self.workspace, playbooks=files, templates=templates, problems=problems, left_out=left_out)
        with self._database.transaction() as session:
            apply_workspace(session, part, author="examples", now=_PUBLISHED, replay=True)
        return _Published(self._content(), Library(self.defaults))

    def _content(self) -> sqlite3.Connection:
        kept = sqlite3.connect(":memory:")
        with self._connection() as connection:
            connection.backup(kept)
        return kept

    def _put(self, content: sqlite3.Connection) -> None:
        with self._connection() as connection:
            content.backup(connection)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        raw = self._database.engine.raw_connection()
        try:
            yield cast("sqlite3.Connection", raw.driver_connection)
        finally:
            raw.close()


def _unproven(file: PlaybookFile) -> PlaybookFile:
    return replace(file, playbook=file.playbook.model_copy(update={"tests": (), "never": ()}))


def _concerns(problem: Problem, names: Collection[str]) -> bool:
    """Whether the complaint is about these playbooks and templates, or about what all share."""
    path = f"/{problem.file}".removesuffix(".yaml").removesuffix(".yml") + "/"
    return "/_" in path or problem.code == MISSING_FOLDER or any(f"/{name}/" in path for name in names)
