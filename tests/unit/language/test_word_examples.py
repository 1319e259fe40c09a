"""Every trigger, step and function of the reference has an example, and every example is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.language.catalogue import BUILT_IN
from engage.language.check import check_workspace
from engage.language.facts_docs import MEANINGS, page
from engage.language.grammar import FUNCTIONS, HEARING
from engage.language.rule_examples import workspace_with
from engage.language.spec import Playbook
from engage.language.steps import STEPS
from engage.language.triggers import TRIGGERS
from engage.language.word_examples import FUNCTIONS as OF_FUNCTIONS
from engage.language.word_examples import PLAYBOOK
from engage.language.word_examples import STEPS as OF_STEPS
from engage.language.word_examples import TRIGGERS as OF_TRIGGERS

EXAMPLES = {"playbook": PLAYBOOK, **OF_TRIGGERS, **OF_STEPS} | {
    name: f"audience: '{text}'" for name, text in OF_FUNCTIONS.items()
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_reference_is_sound(name: str) -> None:
    workspace = workspace_with(EXAMPLES[name])
    assert [str(problem) for problem in check_workspace(workspace)] == []
    assert workspace.playbooks


def test_every_word_has_an_example() -> None:
    assert set(OF_TRIGGERS) == set(TRIGGERS)
    assert set(OF_STEPS) == set(STEPS)
    assert set(OF_FUNCTIONS) == {*FUNCTIONS, *HEARING}


@pytest.mark.parametrize(("kind", "model"), [*TRIGGERS.items(), *STEPS.items(), ("playbook", Playbook)])
def test_an_example_shows_every_key(kind: str, model: type) -> None:
    example = EXAMPLES[kind]
    common = "".join(EXAMPLES[each] for each in ("email", "wait"))  # what every step and every message may carry
    keys = {field.alias or name for name, field in model.model_fields.items()}  # type: ignore[attr-defined]
    silent = [key for key in sorted(keys) if f"{key}:" not in example + common]
    assert silent == (["manual"] if kind == "manual" else [])


def test_the_page_of_facts_is_generated_from_the_code_as_it_is() -> None:
    written = Path(__file__).parents[3] / "docs/reference/facts.md"
    assert written.read_text(encoding="utf-8") == page(), "run: python -m engage.language.docs"


def test_every_built_in_fact_says_what_it_means() -> None:
    groups = [(group, names.split()) for group, kinds in BUILT_IN.items() for names in kinds.values()]
    known = {f"{group}.{name}".lstrip(".") for group, names in groups for name in names}
    assert {path for path in known if path not in MEANINGS} == set()
    assert set(MEANINGS) <= known
    assert all(f"`{path}`" in page() for path in known)
