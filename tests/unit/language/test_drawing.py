"""A playbook and the library as pictures and as Mermaid text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from engage.config import shipped
from engage.language.canvas import SIZE
from engage.language.customer_words import CustomerWord
from engage.language.flowchart import flowchart
from engage.language.journey_map import journey_map, map_as_mermaid, map_as_svg, names_in
from engage.language.lettering import lines_of, width_of
from engage.language.mermaid import mermaid
from engage.language.rule_examples import workspace_with
from engage.language.spec import Playbook, walk
from engage.language.vocabulary import Vocabulary
from engage.language.words import Text
from engage.language.workspace import load_workspace

SVG = "{http://www.w3.org/2000/svg}"
EVERY_STEP = """
steps:
  - repeat: {at_most: 3, every: 7 days, until: usage.events > 3, steps: [{email: welcome/hello, id: asked}]}
  - split: {a: 50%, b: 50%}
    a: [{in_app: welcome/tip}]
    b: []
  - choose:
      - {if: 'account.plan == "<gold> & \\"more\\""', steps: [{stop: enough}]}
      - {else: [{task: {title: {ja: 電話する, en: Call}}}, {start: other}, {set: {account.plan: gold}}]}
  - wait: {for: report.created, up_to: 5 days}
  - form: {title: {ja: 議事録, en: Minutes}, up_to: 3 days, fields: {url: {label: {ja: あ, en: A}}}}
  - notify: {title: {ja: 連絡, en: News}}
  - webhook: crm
  - lead: {title: {ja: 見込み, en: Lead}, why: {ja: 理由, en: Why}}
"""


@pytest.fixture(scope="module")
def library() -> list[Playbook]:
    rich = workspace_with(EVERY_STEP)
    ours = load_workspace(shipped("playbooks"), shipped("email_templates"))
    return [file.playbook for file in (*ours.playbooks, *rich.playbooks)]


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_a_picture_says_what_it_shows_and_keeps_it_inside(library: list[Playbook], locale: str) -> None:
    assert len(library) > 8
    for playbook in library:
        picture = flowchart(playbook, locale)
        root = ElementTree.fromstring(picture)
        assert root.attrib["role"] == "img" and root.attrib["aria-labelledby"] == "title desc"
        assert playbook.title.for_locale(locale) in str(root.findtext(f"{SVG}title"))
        description = str(root.findtext(f"{SVG}desc"))
        assert all(f"[{step.id}]" in description for step in walk(playbook.steps))
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        for box in root.iter(f"{SVG}rect"):
            left, top = float(box.get("x", 0)), float(box.get("y", 0))
            assert left >= 0 and left + float(box.attrib["width"]) <= width
            assert top >= 0 and top + float(box.attrib["height"]) <= height
        assert "prefers-color-scheme: dark" in picture


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_mermaid_text_has_every_step_and_no_arrow_to_nowhere(library: list[Playbook], locale: str) -> None:
    for playbook in library:
        text = mermaid(playbook, locale)
        names = set(re.findall(r"^  (n\d+)[\[({]", text, re.MULTILINE))
        arrows = re.findall(r'^  (n\d+) -\.?->(?:\|"[^"|]*"\|)? (n\d+)$', text, re.MULTILINE)
        assert all(f"[{step.id}]" in text for step in walk(playbook.steps))
        assert {name for arrow in arrows for name in arrow} <= names
        assert len(text.splitlines()) == 1 + len(names) + len(arrows) + len(re.findall("  classDef ", text))


def test_a_stop_leads_nowhere_and_rounds_lead_back() -> None:
    (file,) = workspace_with(EVERY_STEP).playbooks
    text = mermaid(file.playbook, "en")
    stop = re.search(r'(n\d+)\[\["Stop', text)
    assert stop and not re.search(rf"^  {stop[1]} -", text, re.MULTILINE)
    assert "-.->" in text and "#lt;gold#gt; #amp;" in text


def test_the_map_puts_a_playbook_where_its_audience_or_its_stage_says(library: list[Playbook]) -> None:
    own = workspace_with('audience: account.segment in ["smb"] and account.phase != "churned"\nstage: use').playbooks[0]
    lost = workspace_with('audience: account.phase == "churned"\nplaybook: lost').playbooks[0]
    found = journey_map([*library, own.playbook, lost.playbook], Vocabulary())
    where = {(key, each.key) for key, cell in found.cells.items() for each in cell}
    expected = {((None, "renewal"), "renewal"), ((None, "onboarding"), "kickoff"), (("smb", "adoption"), "welcome")}
    assert expected <= where
    assert [key for key, each in where if each == "lost"] == [(None, "churned")]
    for locale in ("ja", "en"):
        ElementTree.fromstring(map_as_svg(found, locale))
        text = map_as_mermaid(found, locale)
        assert text.count("subgraph") == text.count("\n    end") + text.count("\n  end")


SEGMENTS = {name: CustomerWord(title=Text(ja=name, en=name.title())) for name in ("large", "small")}


@pytest.mark.parametrize(
    ("audience", "rows"),
    [
        ("account.is_test == false", {None}),
        ('account.segment in ["large", "small"]', {None}),
        ('account.segment == "small"', {"small"}),
        ('account.segment != "small" and account.is_test == false', {"large"}),
        ("account.segment is missing", {""}),
    ],
)
def test_the_map_has_a_row_for_each_segment_that_is_declared(audience: str, rows: set[str | None]) -> None:
    (file,) = workspace_with(f"audience: '{audience}'").playbooks
    found = journey_map([file.playbook], Vocabulary(segments=SEGMENTS))
    assert {segment for segment, _ in found.cells} == rows
    assert found.segments[:3] == (None, "large", "small")


def test_the_map_shows_where_nobody_looks_after_customers() -> None:
    everybody = workspace_with("").playbooks[0].playbook
    few = workspace_with('audience: account.segment == "small"\nplaybook: few\nstage: use').playbooks[0].playbook
    found = journey_map([everybody, few], Vocabulary(segments=SEGMENTS))
    assert names_in(found, "large", "onboarding", "en") == ["1 for every segment"]
    assert names_in(found, "small", "adoption", "en") == ["Welcome"]
    assert names_in(found, "large", "adoption", "en") == []
    picture = map_as_svg(found, "en")
    assert picture.count(">No playbook<") == 5 and "Adoption, Large: No playbook" in picture


@pytest.mark.parametrize(
    "text",
    [
        "タスク「更新の進め方を電話で確認する」→ 営業担当(期限 2営業日)(waited.happened == false のときだけ)",
        "earliest(contract.notice_deadline, contract.ends_on)_and_a_word_longer_than_any_line",
        "Only customers where account.is_test == false and (account.phase is missing)",
    ],
)
def test_lines_fit_and_lose_nothing(text: str) -> None:
    lines = lines_of(text, size=SIZE, width=200, most=20)
    assert all(width_of(line, SIZE) <= 200 + 2 * SIZE for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line[0] in "、。」)" for line in lines)
