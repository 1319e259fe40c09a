"""Whose address counts when proxies of ours stand before the web process."""

from __future__ import annotations

import pytest
from flask import request

from engage import wiring
from engage.config import Settings
from engage.errors import InputError
from engage.web.app import create_app


@pytest.mark.parametrize(
    ("proxies", "seen"), [("", "192.0.2.9"), ("0", "192.0.2.9"), ("1", "203.0.113.5"), ("2", "198.51.100.1")]
)
def test_only_our_own_proxies_are_believed(tmp_path: object, proxies: str, seen: str) -> None:
    engage = wiring.build(Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_PROXIES": proxies}))
    app = create_app(engage)
    app.add_url_rule("/who", view_func=lambda: str(request.remote_addr))
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.5"}
    answer = app.test_client().get("/who", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.9"})
    assert answer.text == seen
    engage.close()


def test_a_number_of_proxies_that_is_none_is_refused(tmp_path: object) -> None:
    with pytest.raises(InputError, match="number"):
        Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_PROXIES": "one"})
