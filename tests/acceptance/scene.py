"""Where a story of the company is played; stories that begin alike live their beginning once."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from sqlalchemy import text

from engage.channels.base import OutboundEmail
from engage.db.session import Database
from engage.releases.library import Library
from tests.acceptance.company import Company, at

P = ParamSpec("P")


@dataclass
class Kept:
    """What a beginning left beside its database: by state, the time and the mails that had gone out."""

    folder: Path
    told: dict[str, tuple[datetime, list[OutboundEmail]]] = field(default_factory=dict)


@dataclass
class Scene:
    """A database with the shipped playbooks, for one story."""

    database: Database
    library: Library
    kept: Kept
    begun: bool = False

    def __call__(self, start: str) -> Company:
        """Opens the company on a day."""
        return self._company(at(start)).found()

    def keep(self, state: str, company: Company) -> None:
        """Keeps everything as it is now."""
        if self.database.dialect == "sqlite":
            with (
                closing(sqlite3.connect(self._file)) as here,
                closing(sqlite3.connect(self.kept.folder / state)) as copy,
            ):
                here.backup(copy)
        else:
            self._run("keep", state)
        self.kept.told[state] = (company.clock.now(), list(company.channel.sent))

    def resume(self, state: str) -> Company | None:
        """The company as it was kept, if it was."""
        if state not in self.kept.told:
            return None
        if self.database.dialect == "sqlite":
            shutil.copyfile(self.kept.folder / state, self._file)
        else:
            self._run("put_back", state)
        now, sent = self.kept.told[state]
        company = self._company(now)
        company.channel.sent += sent
        return company

    def _company(self, now: datetime) -> Company:
        assert not self.begun, "a scene is for one story"
        self.begun = True
        return Company(self.database, self.library, now)

    @property
    def _file(self) -> str:
        return str(self.database.engine.url.database)

    def _run(self, function: str, state: str) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(text(f"SELECT {function}(:state)"), {"state": state})


def lived_once(begin: Callable[Concatenate[Scene, P], Company]) -> Callable[Concatenate[Scene, P], Company]:
    """A beginning of stories: who begins with the same words gets the company as the first left it."""

    @wraps(begin)
    def beginning(scene: Scene, /, *args: P.args, **kwargs: P.kwargs) -> Company:
        state = _state(scene, begin, args, kwargs)
        if (company := scene.resume(state)) is None:
            company = begin(scene, *args, **kwargs)
            scene.keep(state, company)
        return company

    return beginning


def _state(scene: Scene, begin: Callable[..., Any], *words: Any) -> str:
    said = repr((scene.database.dialect, begin.__module__, begin.__qualname__, words))
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()
