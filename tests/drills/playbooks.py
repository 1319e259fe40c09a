"""A team's folder for drills: one mail to whoever does something, with the texts of both languages."""

from __future__ import annotations

from pathlib import Path

from engage.language.workspace import load_workspace
from engage.rollout.apply import apply_workspace
from tests.drills.installation import Installation
from tests.support.workspaces import Team

PLAYBOOK = """\
playbook: welcome
title: {ja: ようこそ, en: Welcome}
stage: setup
subject: contact
trigger: {event: product.opened}
to: [contact]
from: [team]
topic: onboarding
hours: any
goal: none
reentry: once
steps:
  - email: greeting/hello
"""
BODY = """<mjml><mj-body><mj-section><mj-column>
  <mj-text>{{ salutation }}</mj-text>
  <mj-text><a href="https://app.sample.example/start">start</a></mj-text>
  {% include "_layout/footer.mjml" %}
</mj-column></mj-section></mj-body></mjml>
"""


def recurring(key: str, subject: str, trigger: str) -> str:
    """The same mail to a customer's champion whenever a date comes."""
    text = PLAYBOOK.replace("welcome", key, 1).replace("subject: contact", f"subject: {subject}")
    text = text.replace("to: [contact]", "to: [champion]").replace("{event: product.opened}", trigger)
    return text.replace("reentry: once", "reentry: again after 1 day")


def team(root: Path, **playbooks: str) -> dict[str, str]:
    """Writes a team's folder with these playbooks, or the usual one; the settings that point to it."""
    made = Team(root)
    made.remove("playbooks/greeting.yaml")
    for key, text in (playbooks or {"welcome": PLAYBOOK}).items():
        made.write(f"playbooks/{key}.yaml", text)
    made.write("email_templates/greeting/hello/meta.yaml", "needs: []\n")
    for language in ("ja", "en"):
        made.write(f"email_templates/greeting/hello/{language}/subject.txt", "Hello\n")
        made.write(f"email_templates/greeting/hello/{language}/body.mjml", BODY)
    return {"ENGAGE_PLAYBOOKS": str(root / "playbooks"), "ENGAGE_TEMPLATES": str(root / "email_templates")}


def publish(here: Installation) -> None:
    """Makes the team's folder live at the installation's time."""
    folders = (Path(here.environ[name]) for name in ("ENGAGE_PLAYBOOKS", "ENGAGE_TEMPLATES"))
    with here.database.transaction() as session:
        apply_workspace(session, load_workspace(*folders), author="drill", now=here.clock.now())
