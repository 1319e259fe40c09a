"""The broadcasts that the how-to shows can be copied as they stand: checked, and readable in both languages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engage.language.check import check_workspace
from engage.language.compiling import compile_template
from engage.language.triggers import OnceTrigger
from engage.language.workspace import Workspace, load_workspace
from engage.messages.links import Links
from engage.messages.rendering import fill_email
from engage.messages.samples import sample_facts

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/send-a-broadcast.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+\n# file: (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The shipped vocabulary and layout with the files of the page."""
    root = tmp_path_factory.mktemp("broadcasts")
    shutil.copytree(ROOT / "playbooks/_shared", root / "playbooks/_shared")
    shutil.copytree(ROOT / "email_templates/_layout", root / "email_templates/_layout")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return load_workspace(root / "playbooks", root / "email_templates")


def test_the_files_of_the_page_are_in_order(shown: Workspace) -> None:
    wrong = [one for one in check_workspace(shown) if "broadcasts" in one.file or "2027" in one.file]

    assert len(FILES) == 12
    assert [(one.file, one.line, one.code, one.message) for one in wrong] == []
    assert all(isinstance(file.playbook.trigger, OnceTrigger) for file in shown.playbooks)


@pytest.mark.parametrize("locale", ["ja", "en"])
@pytest.mark.parametrize("name", ["broadcasts/maintenance", "broadcasts/year-end"])
def test_their_mails_have_no_hole(shown: Workspace, name: str, locale: str) -> None:
    source = compile_template(shown.templates[name], locale, shown.layout)
    facts = sample_facts(shown.vocabulary, locale, topic="service_news")
    mail = fill_email(
        source, facts, links=Links("a", "https://e.example"), message_id="m", purpose=source.meta["purpose"]
    )

    assert mail.subject and facts["account"]["name"] in mail.text
    assert ("unsubscribe" in mail.text) == (name == "broadcasts/year-end")
