"""`engage templates`: every shipped template reads well with sample facts; a wrong one is named with its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engage.cli.templates import templates
from engage.config import shipped


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A team's own copy of the shipped folders."""
    for name, variable in (("playbooks", "ENGAGE_PLAYBOOKS"), ("email_templates", "ENGAGE_TEMPLATES")):
        shutil.copytree(shipped(name), tmp_path / name)
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.setenv("ENGAGE_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(templates, list(arguments))


def test_every_shipped_template_can_be_filled_in(folders: Path) -> None:
    result = run("check", "--json")

    assert json.loads(result.output) == {"ok": True, "problems": []}
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("subject.txt", "{{ account.", "template-syntax"),
        ("subject.txt", "{{ account.name.upper() }}", "template-not-allowed"),
        ("subject.txt", "{{ account.nmae }}", "render_failed"),
        ("body.mjml", "<mjml><mj-body><mj-nope></mj-nope></mj-body></mjml>", "mjml-unknown"),
    ],
)
def test_a_mistake_is_named_with_its_place(folders: Path, file: str, text: str, expected: str) -> None:
    (folders / "email_templates" / "kickoff" / "welcome" / "ja" / file).write_text(text, encoding="utf-8")
    result = run("check", "kickoff/welcome")

    assert result.exit_code == 1
    assert f"{expected}: " in result.output
    assert "kickoff/welcome/ja" in result.output


def test_a_preview_is_the_html_and_the_text_in_both_languages(folders: Path) -> None:
    facts = folders / "facts.json"
    facts.write_text('{"account": {"name": "青空工業"}, "contact": {"title": null}}', encoding="utf-8")
    result = run("preview", "kickoff/welcome", "--out", str(folders / "out"), "--facts", str(facts))
    written = sorted(path.name for path in (folders / "out").iterdir())
    text = (folders / "out" / "kickoff_welcome.ja.txt").read_text(encoding="utf-8")

    assert result.exit_code == 0
    assert written == [f"kickoff_welcome.{locale}.{ending}" for locale in ("en", "ja") for ending in ("html", "txt")]
    assert "青空工業" in text
    assert not any(sign in text for sign in ("{{", "{%", "<p", "None"))


def test_an_unknown_template_gets_the_nearest_name(folders: Path) -> None:
    result = run("preview", "kickoff/welcom")

    assert "did you mean kickoff/welcome?" in str(result.exception)
