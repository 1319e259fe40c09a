"""The derived text part says what the HTML says, in the reader's order."""

from __future__ import annotations

import pytest

from engage.messages.links import Links
from engage.messages.rendering import fill_email
from engage.messages.textpart import derive_text, drop_tag_lines
from tests.unit.messages.template_texts import LINKS, Words


def text_of(html: str, links: Links = LINKS.straight, **facts: object) -> str:
    words = Words(subject="s", html=html)
    return fill_email(words, facts, links=links, message_id="msg_1", purpose="relationship").text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>一</p><p>二<br>三</p>", "一\n\n二\n三\n"),
        ('<a href="https://x.example/a_(b)">設定</a>を', "設定: https://x.example/a_(b) を\n"),
        ('見る<a href="https://x.example/">https://x.example/</a>', "見る https://x.example/\n"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example\n"),
        ('<a href="mailto:a@b.example?subject=1">1 継続する</a>', "1 継続する\n"),
        ('<a href="tel:03-1234">03-1234</a>', "03-1234\n"),
        ("<h1>1. 見出し</h1><p>本文 10_000 * 3 - 1</p>", "1. 見出し\n\n本文 10_000 * 3 - 1\n"),
        ("<ul><li>甲</li><li>乙</li></ul>", "・甲\n・乙\n"),
        ("<ol><li>甲</li><li>乙</li></ol>", "1. 甲\n2. 乙\n"),
        (
            "<table><tr><td>利用者</td><td>3名</td></tr><tr><td>回数</td><td>9回</td></tr></table>",
            "利用者:3名\n回数:9回\n",
        ),
        ("<table><tr><td>a</td><td>b</td><td>c</td></tr></table>", "a / b / c\n"),
        ('<div style="display:none;max-height:0">下見</div><p>本文</p>', "本文\n"),
        ("<head><title>t</title></head><style>p{}</style><!--[if mso]>x<![endif]--><p>A &amp; B</p>", "A & B\n"),
        ('<img src="https://x.example/a.png" alt="logo"><p>本文</p>', "本文\n"),
    ],
)
def test_html_reads_as_text(html: str, text: str) -> None:
    assert text_of(html) == text


def test_links_in_the_text_part_are_those_of_the_html() -> None:
    page = "https://x.example/?a=1&b=2"

    assert text_of('<a href="{{ u }}">Go</a>', u=page) == f"Go: {page}\n"
    assert text_of('<a href="{{ u }}">Go</a>', LINKS, u=page) == f"Go: {LINKS.click_url('msg_1', page)}\n"
    assert text_of(f'<a href="{page}"><img src="x"></a>', LINKS) == f"{LINKS.click_url('msg_1', page)}\n"


def test_an_address_that_is_meant_to_be_read_stays_readable() -> None:
    assert text_of('<a href="https://x.example/">https://x.example/</a>', LINKS) == "https://x.example/\n"


def test_conditions_and_loops_survive() -> None:
    html = "<table>{% for r in rows %}<tr><td>{{ r.k }}</td><td>{{ r.v | number }}</td></tr>{% endfor %}</table>" + (
        "{% if more %}<p>more</p>{% else %}<p>none</p>{% endif %}<p>end{% if more %}!{% endif %}</p><p>last</p>"
    )

    assert text_of(html, rows=[{"k": "a", "v": 1}, {"k": "b", "v": 2000}], more=True) == (
        "a:1\nb:2,000\n\nmore\n\nend!\n\nlast\n"
    )
    assert text_of(html, rows=[], more=False) == "none\n\nend\n\nlast\n"


def test_a_line_of_statements_alone_vanishes() -> None:
    assert (
        drop_tag_lines("a\n  {% if x %}\nb\n{% endif %}\nc{% if x %}\nd") == "a\n{% if x %}b\n{% endif %}c{% if x %}\nd"
    )


def test_english_lists_use_dashes() -> None:
    assert derive_text("<ul><li>a</li></ul>", locale="en") == "- a\n"


@pytest.mark.parametrize("opened", ["<!--", "<head", "<div ", '<div style="display:none">', "<title>"])
def test_what_is_never_closed_is_looked_for_only_once(opened: str) -> None:
    assert "after all" in derive_text(f"<p>before</p><p>after all</p>{opened * 5_000}", locale="en")
