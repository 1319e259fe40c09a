"""A team's folder of playbooks and templates, read whole; what cannot be read is kept as problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engage.errors import PlaybookError, Problem
from engage.language.catalogue import Catalogue
from engage.language.contracts import TemplateMeta
from engage.language.parse import playbook_of, validated
from engage.language.spec import Playbook
from engage.language.templates import LAYOUT, Layout, SourceFile, Template
from engage.language.vocabulary import Vocabulary, read_section
from engage.language.yaml_reading import Document, read_yaml

SHARED = "_shared"
MISSING_FOLDER = "missing-folder"
MAX_TEMPLATE_BYTES = 256 * 1024


@dataclass(frozen=True)
class PlaybookFile:
    """One playbook and the text it was read from."""

    document: Document
    playbook: Playbook


@dataclass(frozen=True)
class Workspace:
    """Everything that `check` judges and `apply` publishes."""

    playbooks: tuple[PlaybookFile, ...]
    vocabulary: Vocabulary
    templates: Mapping[str, Template]
    layout: Layout
    problems: tuple[Problem, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict)
    """The files of `_shared/` by section."""
    left_out: frozenset[str] = frozenset()
    """The playbooks that exist and are not taken along, where this is a part of a workspace."""

    @property
    def catalogue(self) -> Catalogue:
        """The facts that this workspace may name."""
        return self.vocabulary.catalogue()

    def sources(self) -> Iterator[SourceFile]:
        """Every text file of the templates and their shared pieces."""
        for template in self.templates.values():
            for files in template.locales.values():
                yield from files.values()
        yield from self.layout.values()


def load_workspace(playbooks_dir: Path, templates_dir: Path) -> Workspace:
    """Reads both folders; never raises for what stands in a file."""
    problems: list[Problem] = []
    shared = _shared(playbooks_dir, problems)
    vocabulary = _vocabulary(shared, problems)
    catalogue = vocabulary.catalogue()
    playbooks = [
        found
        for path in sorted(playbooks_dir.rglob("*.y*ml"))
        if SHARED not in path.parts and (found := _playbook(path, playbooks_dir, catalogue, problems))
    ]
    templates = _templates(templates_dir, problems)
    layout = _layout(templates_dir, problems)
    problems.extend(_missing_folders(playbooks_dir, templates_dir))
    return Workspace(tuple(playbooks), vocabulary, templates, layout, tuple(problems), shared)


def _missing_folders(playbooks_dir: Path, templates_dir: Path) -> Iterator[Problem]:
    """Each folder that is named but not there; beside the playbooks, the first template may not be written yet."""
    for folder, what, setting in (
        (playbooks_dir, "playbooks", "ENGAGE_PLAYBOOKS"),
        (templates_dir, "templates", "ENGAGE_TEMPLATES"),
    ):
        if not folder.is_dir() and folder != playbooks_dir.parent / "email_templates":
            said, way_out = f"there is no such folder of {what}", f"name the right one in {setting}"
            yield Problem(str(folder), 1, 1, MISSING_FOLDER, said, way_out)


def _document(path: Path, root: Path, problems: list[Problem]) -> Document | None:
    text = _text(path, root, problems)
    try:
        return None if text is None else read_yaml(text, _name(path, root))
    except PlaybookError as error:
        problems.extend(error.problems)
        return None


def _text(path: Path, root: Path, problems: list[Problem]) -> str | None:
    raw = path.read_bytes()
    if len(raw) > MAX_TEMPLATE_BYTES:
        problem = Problem(_name(path, root), 1, 1, "file-too-large", f"at most {MAX_TEMPLATE_BYTES} bytes are read")
        problems.append(problem)
        return None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.append(Problem(_name(path, root), line, 1, "not-utf8", "the file is not UTF-8", "save it as UTF-8"))
        return None


def _name(path: Path, root: Path) -> str:
    return (Path(root.name) / path.relative_to(root)).as_posix()


def _shared(root: Path, problems: list[Problem]) -> dict[str, Document]:
    documents = [_document(path, root, problems) for path in sorted((root / SHARED).glob("*.y*ml"))]
    return {Path(document.file).stem: document for document in documents if document is not None}


def _vocabulary(shared: Mapping[str, Document], problems: list[Problem]) -> Vocabulary:
    sections = {}
    for document in shared.values():
        try:
            name, section = read_section(document)
            sections[name] = section
        except PlaybookError as error:
            problems.extend(error.problems)
    return Vocabulary.model_validate(sections)


def _playbook(path: Path, root: Path, catalogue: Catalogue, problems: list[Problem]) -> PlaybookFile | None:
    document = _document(path, root, problems)
    try:
        return PlaybookFile(document, playbook_of(document, catalogue)) if document else None
    except PlaybookError as error:
        problems.extend(error.problems)
        return None


def _templates(root: Path, problems: list[Problem]) -> dict[str, Template]:
    templates = {}
    for path in sorted(root.rglob("meta.yaml")):
        name = path.parent.relative_to(root).as_posix()
        template = None if name.startswith("_") else _template(name, path.parent, root, problems)
        if template is not None:
            templates[name] = template
    return templates


def _template(name: str, folder: Path, root: Path, problems: list[Problem]) -> Template | None:
    document = _document(folder / "meta.yaml", root, problems)
    if document is None:
        return None
    try:
        meta = validated(document, TemplateMeta)
    except PlaybookError as error:
        problems.extend(error.problems)
        return None
    folders = sorted(child for child in folder.iterdir() if child.is_dir())
    return Template(name, document, meta, {child.name: _files(child, root, problems) for child in folders})


def _files(folder: Path, root: Path, problems: list[Problem]) -> dict[str, SourceFile]:
    texts = {path.name: (path, _text(path, root, problems)) for path in sorted(folder.iterdir()) if path.is_file()}
    return {name: SourceFile(_name(path, root), text) for name, (path, text) in texts.items() if text is not None}


def _layout(root: Path, problems: list[Problem]) -> dict[tuple[str, str], SourceFile]:
    folders = sorted(child for child in (root / LAYOUT).glob("*") if child.is_dir())
    return {
        (folder.name, f"{LAYOUT}/{name}"): file
        for folder in folders
        for name, file in _files(folder, root, problems).items()
    }
