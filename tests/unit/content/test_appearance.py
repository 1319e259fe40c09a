"""How the mails look in a browser: phone and desktop, light and dark, and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.content.letters import EMAILS, LOCALES, OWN, full, letter

WIDTHS = (375, 1280)
LUMINANCE = """
() => {
  const curve = (part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const channel = (value) => curve(value / 255);
  const light = (rgb) => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const rgba = numbers(getComputedStyle(at).backgroundColor);
      if (rgba.length < 4 || rgba[3] > 0) return rgba;
    }
    return [255, 255, 255];
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  while (words.nextNode()) {
    const node = words.currentNode.parentElement;
    if (!words.currentNode.textContent.trim() || !node.offsetParent || node.offsetHeight < 5) continue;
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([ratio.toFixed(1), words.currentNode.textContent.trim().slice(0, 20)]);
  }
  return poor;
}
"""


@pytest.fixture(scope="module")
def window(browser: Any) -> Iterator[Any]:
    """One page for all mails: opening one takes longer than to look at it."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", (*EMAILS, *OWN))
def test_a_mail_fits_phone_and_desktop_and_can_be_read_in_the_dark(
    name: str, locale: str, window: Any, tmp_path: Path
) -> None:
    path = tmp_path / "mail.html"
    path.write_text(letter(name, locale).html, encoding="utf-8")
    window.goto(path.as_uri())
    for width in WIDTHS:
        window.set_viewport_size({"width": width, "height": 800})
        assert window.evaluate("document.documentElement.scrollWidth") <= width
    for scheme in ("light", "dark"):
        window.emulate_media(color_scheme=scheme)
        assert window.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is (scheme == "dark")
        assert window.evaluate(LUMINANCE) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_printed_review_is_grey_on_a4_and_carries_no_personal_link(locale: str, browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "mail.html"
    path.write_text(letter("business-review/review", locale).html, encoding="utf-8")
    page = browser.new_page(viewport={"width": 794, "height": 1123})
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    shown = page.evaluate("[...document.querySelectorAll('a')].filter(a => a.offsetParent).map(a => a.href)")
    colours = page.evaluate("[...document.querySelectorAll('p, td, th')].map(e => getComputedStyle(e).color)")
    assert [link for link in shown if "/unsubscribe/" in link or "/preferences/" in link] == []
    assert set(colours) == {"rgb(0, 0, 0)"}
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    page.close()


@pytest.mark.parametrize("touch_model", ["low", "tech"])
@pytest.mark.parametrize("locale", LOCALES)
def test_on_paper_a_review_has_no_button_that_nobody_can_press(
    locale: str, touch_model: str, browser: Any, tmp_path: Path
) -> None:
    facts = full(locale)
    facts["account"] |= {"touch_model": touch_model, "review_action": None}
    path = tmp_path / "mail.html"
    path.write_text(letter("business-review/review", locale, facts).html, encoding="utf-8")
    page = browser.new_page(viewport={"width": 794, "height": 1123})
    page.goto(path.as_uri())
    buttons = "[...document.querySelectorAll('.action a')].filter(a => a.offsetParent).length"
    assert page.evaluate(buttons) == 1
    page.emulate_media(media="print")
    assert page.evaluate(buttons) == 0
    page.close()
