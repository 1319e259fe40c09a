"""Writes docs/reference/template-gallery.md and its pictures from the running product.

`.venv/bin/python docs/template_gallery.py` applies the shipped playbooks, serves the console, and looks at each
template there at the width of a phone: in Japanese by day and in English by night.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from engage.cli.demo.company import CSM, PASSWORD
from engage.cli.demo.stage import Stage, set_up
from engage.cli.demo.story import BEGINS, prepare
from engage.messages.links import Links
from engage.releases.library import Library
from engage.rollout.template_showing import ShownTemplate, live_templates, show

PAGE = Path(__file__).parent / "reference" / "template-gallery.md"
PICTURES = Path(__file__).parent / "images" / "gallery"
PHONE, KEPT, SHOWN = 390, 360, 300
LOOKS = (("ja", "light"), ("en", "dark"))
INTRODUCTION = """\
# The shipped templates

Made from the running product (`python docs/template_gallery.py`); do not edit by hand. Each mail is shown with the
sample facts of its contract, at the width of a phone: in Japanese as readers see it by day, in English by night. The
console shows the same under *Templates*, in every language and colour and for any of your customers;
`engage templates preview NAME` writes them as files.
"""


def main() -> int:
    """Looks at every template, and says how large the pictures are."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is needed: apt-get install chromium fonts-noto-cjk", file=sys.stderr)  # noqa: T201
        return 1
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    stage = set_up(Path(tempfile.mkdtemp(prefix="engage-gallery-")), BEGINS)
    prepare(stage)
    with stage.running(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = _entered(stage, browser)
        PAGE.write_text("\n".join(_lines(stage, page)) + "\n", encoding="utf-8")
        browser.close()
    stage.database.close()
    pictures = list(PICTURES.iterdir())
    size = sum(picture.stat().st_size for picture in pictures) // 1024
    print(f"{PAGE.name}: {len(pictures)} pictures, {size} KB")  # noqa: T201
    return 0


def _lines(stage: Stage, page: Page) -> Iterator[str]:
    """The page, playbook by playbook; a template stands with the first that sends it."""
    library, links = Library(), Links("gallery", stage.url)
    with stage.database.reading() as session:
        titles = {live.key: live.playbook.title.en for live in library.live(session)}
        found = live_templates(session, library)
        shown = {one.name: show(session, library, one, links=links, account=None, now=BEGINS) for one in found}
    yield INTRODUCTION
    for key in sorted({one.playbooks[0] for one in found}):
        yield f"## {titles[key]}\n"
        for one in (one for one in found if one.playbooks[0] == key):
            yield f"### {one.name}\n\n{(one.description or {}).get('en', '')}. Sent by {', '.join(one.playbooks)}.\n"
            yield from (
                _notes(shown[one.name]) if one.kind == "in_app" else _mails(stage, page, one.name, shown[one.name])
            )


def _notes(shown: list[ShownTemplate]) -> Iterator[str]:
    for one in shown:
        yield f"- **{one.subject}**: {' '.join(one.text.split())}"
    yield ""


def _mails(stage: Stage, page: Page, name: str, shown: list[ShownTemplate]) -> Iterator[str]:
    subjects = {one.locale: one.subject for one in shown}
    pictures = (
        f'<img src="../images/gallery/{_look(stage, page, name, locale, scheme)}" width="{SHOWN}"'
        f' alt="{name} in {locale}, {scheme}">'
        for locale, scheme in LOOKS
    )
    yield "| " + " | ".join(subjects[locale] for locale, _ in LOOKS) + " |\n|---|---|"
    yield "| " + " | ".join(pictures) + " |\n"


def _look(stage: Stage, page: Page, name: str, locale: str, scheme: str) -> str:
    """A picture of the mail in the console's frame; its file name."""
    page.goto(f"{stage.url}/console/template-mail/{locale}/{name}?colours={scheme}", wait_until="networkidle")
    seen = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    size = (KEPT, round(seen.height * KEPT / seen.width))
    file = f"{name.replace('/', '_')}.{locale}.webp"
    seen.resize(size, Image.Resampling.LANCZOS).save(PICTURES / file, "WEBP", quality=45, method=6)
    return file


def _entered(stage: Stage, browser: Browser) -> Page:
    """A page at the width of a phone, on which a colleague has logged in."""
    page = browser.new_context(viewport={"width": PHONE, "height": 600}).new_page()
    page.goto(f"{stage.url}/console/login")
    page.fill("[name=email]", CSM)
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/console/approvals")
    return page


if __name__ == "__main__":
    raise SystemExit(main())
