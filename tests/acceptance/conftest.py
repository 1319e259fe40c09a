"""The stage of the acceptance tests: a company on a database to which the shipped playbooks are published already."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engage.db.session import Database
from engage.releases.library import Library
from tests.acceptance.company import FIVE_MOMENTS, Focused, publish_shipped
from tests.acceptance.scene import Kept, Scene
from tests.support.postgres import PostgresServer
from tests.support.stores import DIALECTS

PUBLISHED = "engage_published"


@pytest.fixture(scope="session")
def published_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to copy."""
    path = tmp_path_factory.mktemp("published") / "engage.db"
    shutil.copyfile(sqlite_template, path)
    publish_shipped(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def published_postgres(postgres: PostgresServer) -> str:
    """A PostgreSQL template."""
    postgres.add_template(PUBLISHED, publish_shipped)
    return PUBLISHED


@pytest.fixture(scope="module")
def libraries(request: pytest.FixtureRequest) -> dict[str, Library]:
    """By database, the one library of all stories of a file: what is published never changes."""
    moments = getattr(request.module, "MOMENTS", FIVE_MOMENTS)
    return {dialect: Focused(moments) for dialect in DIALECTS}


@pytest.fixture(params=DIALECTS)
def published(
    request: pytest.FixtureRequest, libraries: dict[str, Library], tmp_path: Path
) -> Iterator[tuple[str, Library]]:
    """The URL of a database of its own with the shipped playbooks, and what is published there."""
    if request.param == "sqlite":
        path = tmp_path / "engage.db"
        shutil.copyfile(request.getfixturevalue("published_sqlite"), path)
        yield f"sqlite:///{path}", libraries["sqlite"]
        return
    with request.getfixturevalue("postgres").fresh_database(request.getfixturevalue("published_postgres")) as url:
        yield url, libraries["postgresql"]


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
