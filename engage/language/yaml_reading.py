"""The only reader of YAML: 1.2, plain data that knows its places; no aliases, no tags, bounded size and depth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engage.errors import PlaybookError, Problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MOST_PARTS = 20_000
MOST_DIGITS = 40
_PLAIN = "tag:yaml.org,2002:"
_NUMBERS = {_PLAIN + "int", _PLAIN + "float"}
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_KNOWN_TAGS = {_PLAIN + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")}

Path = Sequence[str | int]


@dataclass(frozen=True)
class Document:
    """A YAML file as plain data that can say where each part stands."""

    file: str
    text: str
    data: Any
    root: Node | None

    def at(self, path: Path, *, offset: int | None = None, key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value (or key) at the path; of a character inside it with `offset`."""
        node, key_node = self._find(path)
        if key and key_node is not None:
            node = key_node
        if node is None:
            return 1, 1
        if offset is not None and isinstance(node, ScalarNode):
            return self._inside(node, offset)
        return node.start_mark.line + 1, node.start_mark.column + 1

    def problem(
        self,
        path: Path,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        offset: int | None = None,
        key: bool = False,
        severity: str = "error",
    ) -> Problem:
        """A complaint about the part at the path."""
        line, column = self.at(path, offset=offset, key=key)
        return Problem(self.file, line, column, code, message, hint, severity)

    def _find(self, path: Path) -> tuple[Node | None, Node | None]:
        """The node at the path, or the deepest one on the way; and its key, if it is a mapping's value."""
        node, key_node = self.root, None
        for part in path:
            if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
                node, key_node = node.value[part], None
            elif isinstance(node, MappingNode):
                pair = next(((key, value) for key, value in node.value if key.value == part), None)
                if pair is not None:
                    key_node, node = pair
        return node, key_node

    def _inside(self, node: ScalarNode, offset: int) -> tuple[int, int]:
        """Matches the n-th visible character of the value with that of the source, whatever folding did between."""
        start, end = node.start_mark.index, node.end_mark.index
        wanted = sum(not char.isspace() for char in node.value[:offset])
        index = start + 1 if node.style in ("'", '"') else start
        if node.style in ("|", ">"):
            index = self.text.index("\n", start) + 1
        while index < end:
            if (node.style == '"' and self.text[index] == "\\") or (
                node.style == "'" and self.text.startswith("''", index)
            ):
                index += 1
            if not self.text[index].isspace():
                if wanted == 0:
                    break
                wanted -= 1
            index += 1
        line_start = self.text.rfind("\n", 0, index) + 1
        return self.text.count("\n", 0, index) + 1, index - line_start + 1


def read_yaml(text: str, file: str, *, again: bool = False) -> Document:
    """The file as plain data with places; raises PlaybookError where it is no YAML, or not the kind we read.

    `again` says that it was read before, and so holds no trap: looking for those takes half of the time.
    """
    text = text.replace("\r\n", "\n")
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        message = f"the file has {size} bytes; at most {MAX_BYTES} are read"
        raise PlaybookError([Problem(file, 1, 1, "file-too-large", message, "split it")])
    try:
        if not again:
            _refuse_traps(text, file)
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = " ".join(filter(None, (error.problem, error.context))).strip() or "it cannot be read"
        raise PlaybookError([Problem(file, line, column, "bad-yaml", f"this is no YAML: {reason}")]) from None
    except YAMLError as error:
        index = getattr(error, "position", 0)
        line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
        message = f"this is no YAML: {str(error).splitlines()[0]}"
        raise PlaybookError([Problem(file, line, column, "bad-yaml", message)]) from None
    problems: list[Problem] = []
    data = None if root is None else _plain(root, file, problems)
    if problems:
        raise PlaybookError(problems)
    return Document(file, text, data, root)


def _refuse_traps(text: str, file: str) -> None:
    depth = 0
    for parts, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
        place = (file, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            hint = "write it out"
            raise PlaybookError([Problem(*place, "no-aliases", "anchors (&) and aliases (*) are not read here", hint)])
        if parts > MOST_PARTS:
            raise PlaybookError(
                [Problem(*place, "file-too-large", f"a file has at most {MOST_PARTS} parts", "split it")]
            )
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise PlaybookError([Problem(*place, "too-deep", f"nested more than {MAX_DEPTH} deep")])


def _plain(node: Node, file: str, problems: list[Problem]) -> Any:
    if str(node.tag) not in _KNOWN_TAGS:
        problems.append(_complaint(node, file, "no-tags", f"the tag {node.tag} is not read here"))
        return None
    if isinstance(node, SequenceNode):
        return [_plain(item, file, problems) for item in node.value]
    if isinstance(node, MappingNode):
        return _mapping(node, file, problems)
    return _scalar(node, file, problems)


def _mapping(node: MappingNode, file: str, problems: list[Problem]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            problems.append(_complaint(key, file, "bad-key", "a key is a word"))
        elif _UNWRITABLE.search(key.value):
            problems.append(_complaint(key, file, "bad-text", "this key has a character that no text can hold"))
        elif key.value in data:
            problems.append(_complaint(key, file, "double-key", f"'{key.value}' stands here twice"))
        else:
            data[key.value] = _plain(value, file, problems)
    return data


def _scalar(node: Node, file: str, problems: list[Problem]) -> Any:
    text: str = node.value
    if _UNWRITABLE.search(text):
        problems.append(_complaint(node, file, "bad-text", "this text has a character that no text can hold"))
        return ""
    if str(node.tag) in _NUMBERS and (len(text) > MOST_DIGITS or not isfinite(_value(node, text))):
        problems.append(
            _complaint(node, file, "bad-number", f"a number is finite and has at most {MOST_DIGITS} digits")
        )
        return 0
    return _value(node, text)


def _value(node: Node, text: str) -> Any:
    match str(node.tag).removeprefix(_PLAIN):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text.replace("_", ""), 0) if text[:1] != "0" or text[1:2] in "xo" else int(text)
        case "float":
            return float(text.lower().replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _complaint(node: Node, file: str, code: str, message: str) -> Problem:
    return Problem(file, node.start_mark.line + 1, node.start_mark.column + 1, code, message)
