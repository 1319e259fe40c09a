"""Rules over `tests:` and `never:`: an example that speaks of what is not there proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engage.errors import Problem
from engage.language.examples import HELD_BACK, Example, Expected, Happening
from engage.language.guessing import way_out
from engage.language.invariants import OnWrongSide, WithoutFormer
from engage.language.places import Path
from engage.language.spec import FormStep, SplitStep, walk
from engage.language.workspace import PlaybookFile, Workspace

_CODE = "proof-unknown"
Named = tuple[str, str, Path, Iterable[str]]  # what it is, its name, where it stands, those that there are


def proofs_name_what_exists(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """An example or an invariant that names a template, event, step, question or playbook that is not there.

    Code: proof-unknown
    Why: what never comes is never missed: such an example fails for a typing error, such an invariant holds for one.
    Way out: name what there is; declare events in `_shared/events.yaml`.
    Wrong:
        never: [any message after product.closed]
    Right:
        never: [any message after product.opened]
    """
    for what, name, path, known in _named(file, workspace):
        if name not in known:
            yield file.document.problem(path, _CODE, f"there is no {what} {name}", hint=way_out(name, known))


def _named(file: PlaybookFile, workspace: Workspace) -> Iterator[Named]:
    steps = [str(step.id) for step in walk(file.playbook.steps)]
    for number, invariant in enumerate(file.playbook.never):
        path: Path = ["never", number]
        match invariant.rule:
            case OnWrongSide(event=event):
                yield _event(event, path, workspace)
            case WithoutFormer(step=str() as step, former=str() as former):
                yield from (("step", name, path, steps) for name in (step, former))
    for number, example in enumerate(file.playbook.tests):
        yield from _of_example(example, ["tests", number], file, workspace)


def _of_example(example: Example, path: Path, file: PlaybookFile, workspace: Workspace) -> Iterator[Named]:
    playbooks = [one.playbook.key for one in workspace.playbooks]
    yield from (("playbook", key, [*path, "with"], playbooks) for key in example.with_)
    splits = {str(step.id): step for step in walk(file.playbook.steps) if isinstance(step, SplitStep)}
    for split, way in example.ways.items():
        yield "split", split, [*path, "ways", split], [*splits, *([HELD_BACK] if file.playbook.holdout else [])]
        if split in splits:
            yield f"way of {split}", way, [*path, "ways", split], splits[split].split
    for number, row in enumerate(example.expect):
        yield from _of_expected(row, [*path, "expect", number], workspace)
    for number, happening in enumerate(example.then):
        yield from _of_happening(happening, [*path, "then", number], file, workspace)


def _of_expected(row: Expected, path: Path, workspace: Workspace) -> Iterator[Named]:
    for word in ("email", "in_app", "held", "skipped"):
        if (name := getattr(row, word)) is not None:
            yield "template", str(name), [*path, word], workspace.templates


def _of_happening(row: Happening, path: Path, file: PlaybookFile, workspace: Workspace) -> Iterator[Named]:
    if row.event is not None:
        yield _event(row.event, [*path, "event"], workspace)
    forms = [str(step.id) for step in walk(file.playbook.steps) if isinstance(step, FormStep)]
    yield from (("form at the step", step, [*path, "fill"], forms) for step in row.fill or ())
    questions = workspace.vocabulary.questions
    asked = (name for name in row.answer or () if name not in ("date", "comment"))
    yield from (("question", name, [*path, "answer"], questions) for name in asked)
    if row.unsubscribes is not None:
        yield "topic", row.unsubscribes, [*path, "unsubscribes"], workspace.vocabulary.topics


def _event(name: str, path: Path, workspace: Workspace) -> Named:
    known = {name} if workspace.vocabulary.knows_event(name) else set(workspace.vocabulary.events)
    return "event", name, path, known
