"""A pytest plugin: the `tests:` and `never:` of a team's playbooks are items of its own test run.

It does nothing until `engage_playbooks` names a folder in pytest's settings; what is heavy is imported only then.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from engage.rollout.proving.attacking import InvariantResult
    from engage.rollout.proving.stores import ScratchStores

_SHARED = "_shared"


class NotProvenError(Exception):
    """An example does not hold, or an invariant was broken; the lines tell it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings, all optional."""
    parser.addini("engage_playbooks", "folder of playbooks whose tests: and never: are run", default="")
    parser.addini("engage_templates", "folder of their templates", default="email_templates")
    parser.addini("engage_locale", "language in which failures are told: ja or en", default="en")
    group = parser.getgroup("engage")
    group.addoption("--engage-examples", type=int, default=100, help="histories tried against each playbook's never:")
    group.addoption("--engage-seconds", type=float, default=10.0, help="how long to try, per playbook")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A playbook of the folder that the settings name."""
    said = parent.config.getini("engage_playbooks")
    if not said or file_path.suffix not in (".yaml", ".yml"):
        return None
    folder = parent.config.rootpath / said
    if folder not in file_path.parents or _SHARED in file_path.relative_to(folder).parts:
        return None
    found: PlaybookFile = PlaybookFile.from_parent(parent, path=file_path)
    return found


def pytest_unconfigure(config: pytest.Config) -> None:
    """Gives the stores back."""
    proofs = config.stash.get(_PROOFS, None)
    if proofs is not None:
        proofs.close()


class Proofs:
    """The stores of one test run, opened when the first item needs them, and what attacks have found."""

    def __init__(self, config: pytest.Config) -> None:
        self.playbooks = config.rootpath / config.getini("engage_playbooks")
        self.templates = config.rootpath / config.getini("engage_templates")
        self.locale = str(config.getini("engage_locale"))
        self.histories: int = config.getoption("--engage-examples")
        self.seconds: float = config.getoption("--engage-seconds")
        self._attacked: dict[str, list[InvariantResult]] = {}

    @cached_property
    def stores(self) -> ScratchStores:
        """Made of the folders."""
        from engage.language.workspace import load_workspace
        from engage.rollout.proving.stores import ScratchStores
        from engage.wiring import make_tables

        return ScratchStores(load_workspace(self.playbooks, self.templates), make_tables)

    def attacked(self, key: str) -> list[InvariantResult]:
        """What became of the invariants of a playbook, tried once for all its items."""
        from engage.rollout.proving.attacking import Effort, attack

        if key not in self._attacked:
            self._attacked[key] = attack(self.stores, key, Effort(self.histories, self.seconds))
        return self._attacked[key]

    def close(self) -> None:
        """Closes what was opened."""
        if "stores" in self.__dict__:
            self.stores.close()


_PROOFS = pytest.StashKey[Proofs]()


class PlaybookFile(pytest.File):
    """One playbook."""

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each example and each invariant; a file that cannot be read fails to be collected."""
        from engage.errors import PlaybookError

        if _PROOFS not in self.config.stash:
            self.config.stash[_PROOFS] = Proofs(self.config)
        proofs = self.config.stash[_PROOFS]
        workspace = proofs.stores.workspace
        playbook = next((one.playbook for one in workspace.playbooks if self._is(one.document.file)), None)
        if playbook is None:
            problems = [one for one in workspace.problems if self._is(one.file)]
            raise self.CollectError(str(PlaybookError(problems)) if problems else "this is no playbook")
        for number, example in enumerate(playbook.tests, start=1):
            title = f" {example.name.for_locale(proofs.locale)}" if example.name else ""
            yield ExampleItem.from_parent(self, name=f"tests[{number}]{title}", key=playbook.key, number=number)
        for number, invariant in enumerate(playbook.never, start=1):
            yield NeverItem.from_parent(self, name=f"never[{number}] {invariant}", key=playbook.key, number=number)

    def _is(self, file: str) -> bool:
        folder = self.config.rootpath / self.config.getini("engage_playbooks")
        return file == (Path(folder.name) / self.path.relative_to(folder)).as_posix()


class _Item(pytest.Item):
    def __init__(self, *, key: str, number: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.key, self.number = key, number
        self.proofs = self.config.stash[_PROOFS]

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The story alone; an error of ours as ever."""
        from engage.errors import EngageError

        if isinstance(excinfo.value, NotProvenError | EngageError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, None, f"{self.key}: {self.name}"


class ExampleItem(_Item):
    """One example."""

    def runtest(self) -> None:
        """Plays it."""
        from engage.rollout.proving.examples import run_example
        from engage.rollout.proving.telling import tell_failure

        example = self.proofs.stores.playbook(self.key).tests[self.number - 1]
        result = run_example(self.proofs.stores, self.key, self.number, example)
        if not result.passed:
            raise NotProvenError("\n".join(tell_failure(result, self.proofs.locale)))


class NeverItem(_Item):
    """One invariant."""

    def runtest(self) -> None:
        """Tries to break it."""
        from engage.rollout.proving.stories import tell_story

        result = self.proofs.attacked(self.key)[self.number - 1]
        if not result.passed:
            raise NotProvenError("\n".join(tell_story(self.proofs.stores, result, self.proofs.locale)))
