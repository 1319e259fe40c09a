"""A small team's folder of playbooks and templates, written to disk for a test to change."""

from __future__ import annotations

from pathlib import Path

from engage.language.workspace import Workspace, load_workspace

PLAYBOOK = """\
playbook: greeting
title: {ja: ごあいさつ, en: Greeting}
stage: setup
subject: account
trigger: {event: product.opened}
audience: account.phase is set
to: champion
topic: onboarding
goal: none
steps:
  - email: greeting/hello
  - wait: 3 days
  - choose:
      - if: account.plan == "gold"
        steps: [{in_app: greeting/note}]
      - else: [{task: {title: {ja: 電話する, en: Call them}}}]
"""
COMPANY = """\
name: {ja: 見本, en: Sample}
url: https://app.sample.example
postal_address: {ja: 東京都千代田区丸の内9丁目8番7号, en: "9-8-7 Marunouchi, Chiyoda-ku, Tokyo"}
team: {name: Team, email: team@sample.example}
"""
FOOTER = """\
<mj-text>{{ team.name }} {{ team.email }} {{ company.name }} {{ company.postal_address }}
  {% if unsubscribe_url %}配信停止 Unsubscribe {{ unsubscribe_url }}{% endif %}</mj-text>
"""
FILES = {
    "playbooks/greeting.yaml": PLAYBOOK,
    "playbooks/_shared/company.yaml": COMPANY,
    "playbooks/_shared/topics.yaml": "onboarding: {title: {ja: はじめに, en: Getting started}}\n",
    "playbooks/_shared/events.yaml": "product.opened: {properties: {pages: number}}\n",
    "playbooks/_shared/facts.yaml": "account.plan: text\n",
    "email_templates/greeting/hello/meta.yaml": "needs: [account.name]\nuses: [account.plan, usage.events]\n",
    "email_templates/greeting/note/meta.yaml": "kind: in_app\n",
} | {
    f"email_templates/{name}": text
    for locale in ("ja", "en")
    for name, text in {
        f"_layout/{locale}/head.mjml": """<mj-raw><meta name="color-scheme" content="light dark" /></mj-raw>
<mj-style>@media (prefers-color-scheme: dark) { body { background: #ffffff } }</mj-style>
""",
        f"_layout/{locale}/footer.mjml": FOOTER,
        f"greeting/hello/{locale}/subject.txt": "{{ account.name }}\n",
        f"greeting/hello/{locale}/body.mjml": """<mjml>
<mj-head>{% include "_layout/head.mjml" %}<mj-preview>{{ account.name }}</mj-preview></mj-head>
<mj-body><mj-section><mj-column>
  <mj-text>{% if usage.events > 3 and account.plan < "x" %}<b>{{ account.name }}</b>{% endif %}</mj-text>
  <mj-button href="{{ company.url | safe_url }}">{{ account["plan"] | default("standard") }}</mj-button>
  {% include "_layout/footer.mjml" %}
</mj-column></mj-section></mj-body></mjml>
""",
        f"greeting/note/{locale}/title.txt": "{{ account.name }}\n",
        f"greeting/note/{locale}/body.txt": "{{ salutation_short }}\n",
        f"greeting/note/{locale}/link.txt": "https://app.sample.example/\n",
    }.items()
}


class Team:
    """A team's folder; `write` changes a file, `load` reads it all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """Writes one file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def remove(self, name: str) -> None:
        """Deletes one file."""
        (self.root / name).unlink()

    def load(self) -> Workspace:
        """The workspace as it is now."""
        return load_workspace(self.root / "playbooks", self.root / "email_templates")
