"""A step that asks: the mail carries the choices, the answer to that question wakes the run and is a fact."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engage.channels.email.recording import RecordingChannel
from engage.channels.in_app.tables import InAppItem
from engage.db.session import Database
from engage.messages.answering import answer
from engage.messages.delivering import deliver
from engage.messages.links import Links
from engage.messages.rendering import render_email
from engage.messages.tables import Message
from tests.integration.journeys.stage import Stage, tale

LINKS = Links("secret", "https://engage.example")
BODY = """
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ question.text }}</mj-text>
<mj-raw>{% for choice in question.choices %}</mj-raw>
<mj-button href="{{ choice.answer_url }}">{{ choice.text }}</mj-button>
<mj-raw>{% endfor %}</mj-raw>
{% include "_layout/footer.mjml" %}
</mj-column></mj-section></mj-body></mjml>
"""
QUESTIONS = """
{key}:
  text: {{ja: 続けますか, en: Going on?}}
  choices: {{sure: {{text: {{ja: はい, en: Yes & gladly}}}}, unsure: {{text: {{ja: 未定, en: Not yet}}}}}}
"""
STEPS = """
- ask: mood
- wait: {for: answered, of: mood, up_to: 7 days}
- choose:
    - if: answers.mood == "sure"
      steps: [{stop: glad}]
    - if: answers.mood is missing
      steps: [{stop: silent}]
"""


def staged(database: Database, tmp_path: Path) -> Stage:
    """Ann is about to be asked."""
    stage = Stage(database, tmp_path)
    stage.write("playbooks/_shared/questions.yaml", QUESTIONS.format(key="mood") + QUESTIONS.format(key="other"))
    stage.write("email_templates/questions/ask/meta.yaml", "needs: [question.text, question.choices]\n")
    for language in ("ja", "en"):
        stage.write(f"email_templates/questions/ask/{language}/subject.txt", "{{ question.text }}\n")
        stage.write(f"email_templates/questions/ask/{language}/body.mjml", BODY)
    stage.publish(tale(steps=STEPS))
    stage.say("product.opened", by=stage.ann)
    stage.run()
    return stage


@pytest.fixture
def stage(database: Database, tmp_path: Path) -> Stage:
    stage = staged(database, tmp_path)
    stage.settle("accepted")
    return stage


def test_the_question_of_a_mail_stands_in_the_inbox_as_soon_as_the_mail_leaves(
    database: Database, tmp_path: Path
) -> None:
    stage = staged(database, tmp_path)
    stage.clock.move(timedelta(hours=1))
    deliver(database, stage.library, RecordingChannel(), LINKS, stage.clock)

    (item,) = stage.rows(InAppItem)
    assert (item.title, item.contact_id, item.expires_at - stage.now) == ("Going on?", stage.ann.id, timedelta(days=90))


def give(stage: Stage, question: str, choice: str) -> None:
    (public_id,) = stage.rows(Message, Message.public_id)
    with stage.database.transaction() as session:
        answer(session, stage.library, (public_id, question, choice), {"choice": choice}, now=stage.now)
    stage.run()


def test_the_mail_carries_each_choice_and_only_its_answer_ends_the_wait(stage: Stage) -> None:
    (message,) = stage.rows(Message)
    with stage.database.reading() as session:
        mail = render_email(stage.library, session, session.get_one(Message, message.id), links=LINKS)

    assert (message.step_id, message.template_name, mail.subject) == ("ask-mood", "questions/ask", "Going on?")
    for choice in ("sure", "unsure"):
        assert LINKS.answer_url(message.public_id, "mood", choice) in mail.html
    assert "Yes &amp; gladly" in mail.html and "Yes & gladly" in mail.text

    give(stage, "other", "sure")
    assert stage.runs() == [("tale", "running", "wait")]
    give(stage, "mood", "sure")
    assert stage.runs() == [("tale", "exited", "glad")]


def test_no_answer_is_missing_when_the_wait_is_over(stage: Stage) -> None:
    stage.run(days=8)

    assert stage.runs() == [("tale", "exited", "silent")]
