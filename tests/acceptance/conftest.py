"""The stage of the acceptance tests: a company on a database to which the shipped playbooks are published already."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engage.db.session import Database
from engage.releases.library import Library
from tests.acceptance.company import publish_shipped
from tests.acceptance.scene import Kept, Scene
from tests.support.postgres import PostgresServer
from tests.support.stores import DIALECTS

PUBLISHED = "engage_published"


@pytest.fixture(scope="session")
def published_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Library]:
    """A SQLite file to copy, and the one library of all its copies: what is published never changes."""
    path = tmp_path_factory.mktemp("published") / "engage.db"
    shutil.copyfile(sqlite_template, path)
    publish_shipped(f"sqlite:///{path}")
    return path, Library()


@pytest.fixture(scope="session")
def published_postgres(postgres: PostgresServer) -> tuple[str, Library]:
    """A PostgreSQL template, and the one library of all its copies."""
    postgres.add_template(PUBLISHED, publish_shipped)
    return PUBLISHED, Library()


@pytest.fixture(params=DIALECTS)
def published(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Library]]:
    """The URL of a database of its own with the shipped playbooks, and what is published there."""
    if request.param == "sqlite":
        template, library = request.getfixturevalue("published_sqlite")
        path = tmp_path / "engage.db"
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}", library
        return
    name, library = request.getfixturevalue("published_postgres")
    with request.getfixturevalue("postgres").fresh_database(name) as url:
        yield url, library


@pytest.fixture(scope="session")
def kept_stories(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """How stories that begin alike began, in this process."""
    return Kept(tmp_path_factory.mktemp("stories"))


@pytest.fixture
def company(published: tuple[str, Library], kept_stories: Kept) -> Iterator[Scene]:
    """Opens the company on a day."""
    url, library = published
    database = Database(url)
    yield Scene(database, library, kept_stories)
    database.close()
