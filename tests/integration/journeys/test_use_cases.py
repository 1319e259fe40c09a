"""What a customer uses the product for, in conditions and in mails."""

from __future__ import annotations

from pathlib import Path

from engage.db.session import Database
from engage.messages.tables import Message
from engage.testing import make_account, make_contact
from tests.integration.journeys.stage import Stage, tale

CASES = """
problems: {late: {ja: 遅い, en: Late}}
cases:
  early: {title: {ja: 早く出す, en: Be early}, problems: [late]}
"""
HEAD = """
trigger: {once: 2026-11-16 10:30}
audience: use_case.key == "early"
"""


def test_the_fitting_use_case_is_a_fact_of_conditions_and_mails(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path)
    stage.write("playbooks/_shared/use_cases.yaml", CASES)
    stage.write("playbooks/_shared/facts.yaml", "account.problem: text\n")
    stage.write("email_templates/greeting/hello/ja/subject.txt", "{{ use_case.title }}\n")
    stage.write("email_templates/greeting/hello/en/subject.txt", "{{ use_case.title }}\n")
    stage.publish(tale(head=HEAD).replace("[champion, contact]", "[champion]"))
    with database.transaction() as session:
        late = make_account(session, "late", locale="ja", phase="onboarding", traits={"problem": "late"})
        make_contact(session, late, "ann-late", locale="en")
    stage.run(hours=1)

    assert stage.rows(Message, Message.account_id, Message.locale) == [(late.id, "en")]
    assert stage.rows(Message, Message.inputs)[0]["use_case"] == {"title": "Be early"}
