"""Templates compiled once: tags survive MJML, and what would be lost is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.errors import PlaybookError, Problem
from engage.language.compiling import CompiledTemplate, compile_template
from tests.support.workspaces import Team

BODY = "email_templates/greeting/hello/en/body.mjml"
FRAME = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def compiled(team: Team) -> CompiledTemplate:
    workspace = team.load()
    return compile_template(workspace.templates["greeting/hello"], "en", workspace.layout)


def problem(team: Team, body: str) -> Problem:
    team.write(BODY, body)
    with pytest.raises(PlaybookError) as refused:
        compiled(team)
    return refused.value.problems[0]


@pytest.mark.parametrize(
    "inner",
    [
        '<mj-text>{% if usage.events < 3 and account.name == "x" %}<b>{{ account["name"] }}</b>{% endif %}</mj-text>',
        '<mj-button href="{{ company.url | default("https://x") }}?a=1&amp;b={{ account.id }}">go</mj-button>',
        "<mj-raw>{% for fact in handoff.facts %}</mj-raw><mj-text>{{ fact }}</mj-text><mj-raw>{% endfor %}</mj-raw>",
        '<mj-table>{% for fact in handoff.facts %}<tr class="k"><td>{{ fact.text }}</td></tr>{% endfor %}</mj-table>',
        '<mj-text><a href="{{ company.url }}">日本語</a></mj-text>',
        "<mj-text>{{ account.name\n }}</mj-text>",
    ],
)
def test_every_tag_survives_mjml_untouched(team: Team, inner: str) -> None:
    team.write(BODY, FRAME.format(inner))
    html = compiled(team).html
    for tag in inner.split("{")[1:]:
        assert "{" + tag.split("}")[0] + "}" in html or not tag
    assert html.count('lang="en"') == 1 and "<mj-" not in html


def test_what_mjml_cannot_carry_is_named(team: Team) -> None:
    found = problem(team, FRAME.format('\n<mj-image width="{{ usage.days }}" src="x" />'))
    assert (found.line, found.column, found.code) == (2, 18, "mjml-cannot-carry")


@pytest.mark.parametrize(
    ("body", "line", "column", "code"),
    [
        (FRAME.format("\n<mj-txt>x</mj-txt>"), 2, 1, "mjml-unknown"),
        (FRAME.format('\n<mj-text\n  colour="#fff">x</mj-text>'), 3, 3, "mjml-unknown"),
        (FRAME.format('\n<mj-text style="color: #fff">x</mj-text>'), 2, 10, "mjml-unknown"),
        (FRAME.format("\n<p>x</p>"), 2, 1, "mjml-misplaced"),
        (FRAME.format("\n  loose words"), 2, 3, "mjml-misplaced"),
        ("<mjml><mj-body>\n<mj-text>x</mj-text></mj-body></mjml>", 2, 1, "mjml-misplaced"),
        (
            FRAME.format('\n<mj-text {% if account.name %}color="#fff"{% endif %}>x</mj-text>'),
            2,
            10,
            "mjml-cannot-carry",
        ),
        (FRAME.format("\n<mj-text>a < b</mj-text>"), 2, 12, "mjml"),
        ("<mjml><mj-body>\n<mj-section></mj-body></mjml>", 2, 1, "mjml"),
        ("no mjml at all", 1, 1, "mjml"),
        ('<mjml>\n{% include "_layout/none.mjml" %}</mjml>', 2, 1, "missing-include"),
    ],
)
def test_broken_mjml_is_named_at_its_place(team: Team, body: str, line: int, column: int, code: str) -> None:
    found = problem(team, body)
    assert (found.line, found.column, found.code) == (line, column, code)


def test_shared_pieces_are_put_in_and_may_not_include_themselves(team: Team) -> None:
    assert "{{ team.name }}" in compiled(team).html
    team.write("email_templates/_layout/en/footer.mjml", '{% include "_layout/footer.mjml" %}')
    with pytest.raises(PlaybookError, match="nested more than 3 deep"):
        compiled(team)


def test_a_written_html_body_is_kept_and_gets_our_language(team: Team) -> None:
    team.remove(BODY)
    team.write(BODY.replace("mjml", "html"), '<html lang="fr" dir="ltr"><p>{{ account.name }}</p></html>')
    assert compiled(team).html == '<html lang="en" dir="ltr"><p>{{ account.name }}</p></html>'


def test_the_fingerprint_follows_every_part(team: Team) -> None:
    before = compiled(team)
    team.write("email_templates/_layout/en/footer.mjml", "<mj-text>other</mj-text>")
    changed = compiled(team)
    team.write("email_templates/greeting/hello/meta.yaml", "purpose: promotional")
    assert len({before.sha, changed.sha, compiled(team).sha}) == 3 and before.sha == before.sha
