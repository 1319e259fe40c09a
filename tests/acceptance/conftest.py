"""The stage of the acceptance tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engage.db.session import Database
from tests.acceptance.company import Company


@pytest.fixture
def company(database: Database) -> Callable[[str], Company]:
    """Opens the company on a day."""
    return lambda start: Company(database, start)
