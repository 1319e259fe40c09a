"""The small workspace that the rules' examples lie over, and the way to lay them over it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from engage.errors import PlaybookError
from engage.language.parse import playbook_of
from engage.language.workspace import PlaybookFile, Workspace, load_workspace
from engage.language.yaml_reading import read_yaml

FILE_LINE = "# file: "
HOME = "playbooks/welcome.yaml"
BASE = """\
playbook: welcome
title: {ja: ようこそ, en: Welcome}
stage: setup
subject: account
trigger: {event: product.opened}
audience: account.is_test == false
from: [csm, team]
to: [champion, admin]
topic: onboarding
goal: {event: report.created, within: 90 days}
steps:
  - email: welcome/hello
    id: hello
"""
HEAD = (
    '<mj-head><mj-preview>What it is about</mj-preview><mj-raw><meta name="color-scheme" content="light dark" />'
    "</mj-raw><mj-style>@media (prefers-color-scheme: dark)"
    " { body { background-color: #111111; } div { color: #eeeeee !important; } }</mj-style></mj-head>"
)
_MAIL = (
    f"<mjml>{HEAD}<mj-body><mj-section><mj-column><mj-text>Hello</mj-text>"
    '{% include "_layout/footer.mjml" %}</mj-column></mj-section></mj-body></mjml>'
)
_FOOTER = (
    "<mj-text>{{ company.name }}, {{ company.postal_address }}, {{ team.email }}"
    ' <a href="{{ unsubscribe_url }}">配信を停止する / Unsubscribe</a></mj-text>'
)
_COMPANY = """\
name: {ja: 見本, en: Sample}
postal_address: {ja: 東京都千代田区丸の内9丁目8番7号, en: "9-8-7 Marunouchi, Chiyoda-ku, Tokyo"}
team: {name: Team, email: team@sample.example}
"""
_CHOICES = "{% for choice in question.choices %}{{ choice.answer_url }}{% endfor %}"
_AROUND = {
    "playbooks/_shared/company.yaml": _COMPANY,
    "playbooks/_shared/topics.yaml": "onboarding: {title: {ja: はじめに, en: Getting started}}\n",
    "playbooks/_shared/events.yaml": "product.opened: {properties: {pages: number}}\nreport.created: {}\n",
    "playbooks/_shared/facts.yaml": "account.plan: text\naccount.visit_on: date\n",
    "playbooks/_shared/questions.yaml": (
        "intent: {text: {ja: お考え, en: Your plans}, choices:"
        " {yes: {text: {ja: はい, en: Go on}}, no: {text: {ja: いいえ, en: Stop}}}}\n"
    ),
} | {
    f"email_templates/{name}": text
    for locale in ("ja", "en")
    for name, text in {
        f"_layout/{locale}/footer.mjml": _FOOTER,
        "welcome/hello/meta.yaml": "kind: email\n",
        f"welcome/hello/{locale}/subject.txt": "{{ account.name }}\n",
        f"welcome/hello/{locale}/body.mjml": _MAIL,
        "welcome/again/meta.yaml": "needs: [sent.hello.at]\n",
        f"welcome/again/{locale}/subject.txt": "I wrote to you on {{ sent.hello.at | date }}\n",
        f"welcome/again/{locale}/body.mjml": _MAIL,
        "questions/ask/meta.yaml": "needs: [question.text, question.choices]\n",
        f"questions/ask/{locale}/subject.txt": "{{ question.text }}\n",
        f"questions/ask/{locale}/body.mjml": _MAIL.replace("Hello", _CHOICES),
        "welcome/tip/meta.yaml": "kind: in_app\n",
        f"welcome/tip/{locale}/title.txt": "A tip\n",
        f"welcome/tip/{locale}/body.txt": "Try it\n",
    }.items()
}


def workspace_with(example: str) -> Workspace:
    """The small workspace with an example laid over it: keys of its playbook, or whole files after `# file: …`."""
    if f"\n{FILE_LINE}" not in f"\n{example}":
        return _with_playbook(_loaded(""), _laid_over(example))
    return _loaded(example)


@lru_cache(maxsize=1)
def _base_data() -> dict[str, Any]:
    return dict(read_yaml(BASE, HOME).data)


@lru_cache(maxsize=2)
def _loaded(example: str) -> Workspace:
    with tempfile.TemporaryDirectory(prefix="engage-example-") as folder:
        root = Path(folder)
        for name, text in files_with(example).items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        return load_workspace(root / "playbooks", root / "email_templates")


def _with_playbook(around: Workspace, text: str) -> Workspace:
    document = read_yaml(text, HOME)
    try:
        return replace(around, playbooks=(PlaybookFile(document, playbook_of(document, around.catalogue)),))
    except PlaybookError as error:
        return replace(around, playbooks=(), problems=error.problems)


def files_with(example: str) -> dict[str, str]:
    """The files of that workspace by name."""
    first, *others = f"\n{example}".split(f"\n{FILE_LINE}")
    named = {name.strip(): text for name, _, text in (part.partition("\n") for part in others)}
    return {HOME: _laid_over(first)} | _AROUND | named


def _laid_over(keys: str) -> str:
    """The base playbook with some of its keys written anew; a key without a value goes away."""
    said = read_yaml(keys, "example").data or {}
    if not said:
        return BASE
    merged = {**_base_data(), **said}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in merged.items() if value is not None]
    return "\n".join(lines) + "\n"
