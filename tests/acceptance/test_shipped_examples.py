"""The shipped playbooks do what the examples in their files say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engage.rollout.proving.examples import run_examples
from engage.rollout.proving.stores import ScratchStores
from engage.rollout.proving.telling import tell_failure
from engage.wiring import make_tables
from tests.acceptance.company import shipped


@pytest.fixture(scope="module")
def stores() -> Iterator[ScratchStores]:
    opened = ScratchStores(shipped(), make_tables)
    yield opened
    opened.close()


@pytest.mark.parametrize("key", [file.playbook.key for file in shipped().playbooks if file.playbook.tests])
def test_examples_hold(stores: ScratchStores, key: str) -> None:
    failed = [(one.number, list(tell_failure(one, "en"))) for one in run_examples(stores, key) if not one.passed]

    assert failed == []
