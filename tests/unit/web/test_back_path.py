"""Where a login may lead to: pages of the console, never another site."""

from __future__ import annotations

import pytest

from engage.web.auth import back_path


@pytest.mark.parametrize("path", ["/console/approvals/apr_1", "/console/approvals?show=all"])
def test_a_page_of_the_console_is_kept(path: str) -> None:
    assert back_path(path, "/home") == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "https://evil.example/console/",
        "//evil.example/console/",
        "/\\evil.example/console/",
        "/console/\\@evil.example",
        "/elsewhere",
        "javascript:alert(1)",
        "console/",
        "http:/console/",
        "/consoles/",
    ],
)
def test_anything_else_leads_home(path: str | None) -> None:
    assert back_path(path, "/home") == "/home"
