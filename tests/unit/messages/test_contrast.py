"""Contrast as WCAG reckons it, read from a finished mail in light and in dark."""

from __future__ import annotations

import pytest

from engage.messages.contrast import contrast, faint_texts, in_scheme

DARK = (
    "<style>@media (prefers-color-scheme: dark) { .a { color: %s !important; background: #111111 !important } }</style>"
)


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [((0, 0, 0), (255, 255, 255), 21), ((119, 119, 119), (255, 255, 255), 4.48)]
)
def test_the_ratio_of_two_colours(one: tuple[int, int, int], other: tuple[int, int, int], ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize(
    ("html", "faint"),
    [
        ('<p style="color: #999">pale</p>', [("pale", "#999999", "#ffffff", "light")]),
        ('<p style="color: #666">fine</p>', []),
        ('<table><tr><td bgcolor="#1d5b79"><b style="color: #fff">fine</b></td></tr></table>', []),
        ('<p style="color: #888; font-size: 24px">large</p>', []),
        ('<div style="display:none; color: #fff">unseen</div>', []),
        ('<p style="color: rgb(200, 200, 200)">pale</p>', [("pale", "#c8c8c8", "#ffffff", "light")]),
        (DARK % "#333333" + '<p class="a" style="color: #000">dim</p>', [("dim", "#333333", "#111111", "dark")]),
        (DARK % "#eeeeee" + '<p class="a" style="color: #000">fine</p>', []),
    ],
)
def test_a_text_that_is_hard_to_read_is_found(html: str, faint: list[tuple[str, str, str, str]]) -> None:
    said = faint_texts(f"<html><body>{html}</body></html>")
    assert [(one.text, one.colour, one.ground, one.scheme) for one in said] == faint


def test_a_mail_can_be_looked_at_in_either_scheme() -> None:
    assert "@media all {" in in_scheme(DARK % "#eeeeee", "dark")
    assert "@media not all {" in in_scheme(DARK % "#eeeeee", "light")
