"""Makes the pictures in docs/images from the running product: `.venv/bin/python docs/screenshots.py`.

Plays the demo's story on real processes and looks at the console, the inbox and the mails on the way.
"""

from __future__ import annotations

import email
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.policy import default
from pathlib import Path
from typing import Any

import jwt
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from engage.cli.demo.company import CSM, PASSWORD
from engage.cli.demo.stage import Stage, set_up
from engage.cli.demo.story import BEGINS, CHAPTERS, prepare
from engage.config import shipped
from engage.language.flowchart import flowchart
from engage.language.journey_map import journey_map, map_as_svg
from engage.language.workspace import load_workspace
from engage.messages.tables import Message

# The page of the made-up product is no local page to Chromium, the Engage it talks to is.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-features=LocalNetworkAccessChecks",
)
IMAGES = Path(__file__).parent / "images"
READER = "northwind-emma"
PRODUCT = "http://product.example/"
PRODUCT_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Aoba Works</title>
<style>body{{margin:0;font:15px/1.6 system-ui,sans-serif;background:#f4f5f7;color:#1c2024}}
header{{display:flex;justify-content:space-between;align-items:center;padding:8px 20px;background:#fff}}
main{{padding:32px}}</style>
<header><strong>Aoba Works</strong><engage-inbox src="{url}" token="{token}"></engage-inbox></header>
<main><h1>Order board</h1></main><script type="module" src="{url}/in-app/engage-inbox.js"></script></html>"""


def main() -> int:
    """Plays, looks, and says what it made."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is needed: apt-get install chromium fonts-noto-cjk", file=sys.stderr)  # noqa: T201
        return 1
    IMAGES.mkdir(exist_ok=True)
    stage = set_up(Path(tempfile.mkdtemp(prefix="engage-pictures-")), BEGINS)
    prepare(stage)
    with stage.running(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        _play_and_look(stage, browser)
        browser.close()
    stage.database.close()
    draw_playbooks()
    for image in sorted(IMAGES.glob("*.[ps][nv]g")):
        print(f"{image.name}  {image.stat().st_size // 1024} KB")  # noqa: T201
    return 0


def draw_playbooks() -> None:
    """The drawings of the shipped playbooks, as `engage playbooks show --svg` and `map --svg` make them."""
    workspace = load_workspace(shipped("playbooks"), shipped("email_templates"))
    renewal = next(file.playbook for file in workspace.playbooks if file.playbook.key == "renewal")
    (IMAGES / "playbook-renewal-en.svg").write_text(flowchart(renewal, "en"), encoding="utf-8")
    whole = journey_map((file.playbook for file in workspace.playbooks), workspace.vocabulary)
    (IMAGES / "journey-map-ja.svg").write_text(map_as_svg(whole, "ja"), encoding="utf-8")


def _play_and_look(stage: Stage, browser: Browser) -> None:
    for chapter in CHAPTERS:
        stage.travel(chapter.at)
        if "business review is due" in chapter.title:
            _look_at_console(stage, browser)
        chapter.play(stage)
        if "Morning in London again" in chapter.title:
            _look_at_inbox(stage, browser)
        if "customer replies" in chapter.title:
            break
    _look_at_mails(stage, browser)
    look_at_product(stage, browser)


def _look_at_console(stage: Stage, browser: Browser) -> None:
    waiting = json.loads(stage.command("approvals", "list", "--json"))
    approval = f"approvals/{waiting[0]['public_id']}"
    for name, locale, theme, width, height, path in (
        ("approval-ja-desktop", "ja", "light", 1280, 900, approval),
        ("approval-en-desktop-dark", "en", "dark", 1280, 900, approval),
        ("approval-ja-phone", "ja", "light", 390, 844, approval),
        ("approvals-ja-desktop", "ja", "light", 1280, 420, "approvals?show=all"),
    ):
        with _console(stage, browser, locale, theme, width, height) as page:
            page.goto(f"{stage.url}/console/{path}", wait_until="networkidle")
            page.screenshot(path=IMAGES / f"{name}.png")


@contextmanager
def _console(stage: Stage, browser: Browser, locale: str, theme: str, width: int, height: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": height})
    chosen = {"engage_locale": locale, "engage_theme": theme}
    context.add_cookies([{"name": name, "value": value, "url": stage.url} for name, value in chosen.items()])
    page = context.new_page()
    page.goto(f"{stage.url}/console/login")
    page.fill("[name=email]", CSM)
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/console/approvals")
    yield page
    context.close()


def _look_at_mails(stage: Stage, browser: Browser) -> None:
    for name, template, locale, width in (
        ("mail-review-ja-desktop", "business-review/review", "ja", 760),
        ("mail-renewal-ja-phone", "renewal/value-so-far", "ja", 390),
        ("mail-first-use-en-phone", "first-use/admin", "en", 390),
    ):
        page = browser.new_page(viewport={"width": width, "height": 600})
        page.set_content(_html_of(stage, template, locale))
        page.screenshot(path=IMAGES / f"{name}.png", full_page=True)
        page.close()


def _html_of(stage: Stage, template: str, locale: str) -> str:
    """The HTML part of a mail that lies in the outbox."""
    with stage.database.reading() as session:
        named = select(Message.public_id).where(Message.template_name == template, Message.locale == locale)
        message_id = session.scalars(named.order_by(Message.id)).first()
    mail: Any = email.message_from_bytes((stage.home / "outbox" / f"{message_id}.eml").read_bytes(), policy=default)
    return str(mail.get_body(("html",)).get_content())


def look_at_product(stage: Stage, browser: Browser) -> None:
    """The demo's sample product: a banner, and the list behind the bell."""
    page = browser.new_page(viewport={"width": 1100, "height": 640})
    page.clock.install(time=stage.clock.now())
    page.goto(f"{stage.url}/example/")
    page.locator("engage-inbox .banner").wait_for()
    page.locator("engage-inbox .bell").click()
    page.locator("engage-inbox li").first.wait_for()
    page.screenshot(path=IMAGES / "product-en.png")
    page.close()


def _look_at_inbox(stage: Stage, browser: Browser) -> None:
    key = json.loads(stage.command("keys", "create", "pictures", "--in-app", "--json"))
    now = stage.clock.now()
    claims = {"sub": READER, "aud": "engage-in-app", "iat": int(now.timestamp()), "exp": int(now.timestamp()) + 3600}
    token = jwt.encode(claims, key["secret"], "HS256", headers={"kid": key["kid"]})
    page = browser.new_page(viewport={"width": 760, "height": 460})
    page.clock.install(time=now)
    page.route(PRODUCT, lambda route: route.fulfill(body=PRODUCT_PAGE.format(url=stage.url, token=token)))
    page.goto(PRODUCT)
    page.locator("engage-inbox .count:visible").wait_for()
    page.locator("engage-inbox .bell").click()
    page.screenshot(path=IMAGES / "inbox-en.png")
    page.close()


if __name__ == "__main__":
    raise SystemExit(main())
