"""A mail from its template and its facts: safe, complete, the same every time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engage.errors import PlaybookError
from engage.messages.rendering import RenderedEmail, RenderError, compiled, fill_email, fill_in_app, fingerprint
from tests.unit.messages.template_texts import LINKS, Words


def mail(words: Words, purpose: str = "relationship", **facts: Any) -> RenderedEmail:
    return fill_email(words, facts, links=LINKS, message_id="msg_1", purpose=purpose)


def clicks(written: str) -> list[str]:
    return re.findall(r"/click/(\w+)", written)


def test_no_line_end_gets_into_a_subject() -> None:
    rendered = mail(Words(), account={"name": "青葉\r\nBcc: everyone@example.com"})

    assert rendered.subject == "青葉 Bcc: everyone@example.com"


def test_an_empty_subject_is_refused() -> None:
    with pytest.raises(RenderError, match="subject is empty"):
        mail(Words(), account={"name": " "})


def test_web_links_become_signed_click_links_to_exactly_that_page() -> None:
    html = '<a href="https://app.example/a?x=1&amp;y=2">A</a> <a class="b" href=\'{{ account.link }}\'>B</a>'
    rendered = mail(Words(html=html), account={"name": "x", "link": "https://q.example/?a=1&b='2'"})
    first, second = "https://app.example/a?x=1&y=2", "https://q.example/?a=1&b='2'"
    followed = [LINKS.read_click(token, lambda _: (first, second)) for token in clicks(rendered.html)]

    assert followed == [("msg_1", first), ("msg_1", second)]
    assert clicks(rendered.text) == clicks(rendered.html)


@pytest.mark.parametrize(
    "said", [{"account": {"no_tracking": True}}, {"contact": {"no_tracking": "yes"}}, {"contact": {"no_tracking": 1}}]
)
def test_whoever_wants_no_tracking_gets_links_straight_to_the_pages(said: dict[str, Any]) -> None:
    html = '<a href="https://app.example/a?x=1&amp;y=2">A</a> <a href="{{ contact.page }}">B</a>'
    facts: dict[str, Any] = {"account": {"name": "x"}, "contact": {"page": 'https://q.example/?"a"&b'}}
    rendered = mail(Words(html=html), **{key: facts[key] | said.get(key, {}) for key in facts})

    assert (clicks(rendered.html), clicks(rendered.text)) == ([], [])
    assert 'href="https://app.example/a?x=1&amp;y=2"' in rendered.html
    assert 'href="https://q.example/?&#34;a&#34;&amp;b"' in rendered.html
    assert "A: https://app.example/a?x=1&y=2" in rendered.text


@pytest.mark.parametrize("said", [False, "no", None, ""])
def test_whoever_does_not_mind_is_followed(said: object) -> None:
    html = '<a href="https://app.example/">A</a>'

    assert clicks(mail(Words(html=html), account={"name": "x", "no_tracking": said}).html) != []


def test_mail_telephone_and_unsubscribe_links_stay_as_they_are() -> None:
    html = '<a href="mailto:a@b.example">A</a><a href="tel:+81">B</a><a href="{{ unsubscribe_url }}">C</a>'
    rendered = mail(Words(html=html), account={"name": "x"})

    assert "/click/" not in rendered.html
    assert f'href="{LINKS.unsubscribe_url("msg_1")}"' in rendered.html


def test_an_answer_link_is_signed_and_takes_no_second_hop() -> None:
    html = "<a href='{{ answer_url.intent.going_on }}'>Yes</a><a href='{{ answer_url.intent.deciding }}'>No</a>"
    rendered = mail(Words(html=html), account={"name": "x"})
    asked = [("intent", "going_on"), ("intent", "deciding")]
    signed = [LINKS.read_answer(token, lambda: asked) for token in re.findall(r"/survey/(\w+)'", rendered.html)]

    assert signed == [("msg_1", "intent", "going_on"), ("msg_1", "intent", "deciding")]
    assert "/click/" not in rendered.html
    assert f"Yes: {LINKS.answer_url('msg_1', 'intent', 'going_on')}" in rendered.text
    assert mail(Words(html=html), account={"name": "x"}) == rendered


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", " JavaScript:x"])
def test_a_link_made_of_facts_opens_only_pages(link: str) -> None:
    with pytest.raises(RenderError, match="link must start with"):
        mail(Words(html='<a href="{{ account.link }}">A</a>'), account={"name": "x", "link": link})


def test_a_transactional_mail_has_no_unsubscribe_link() -> None:
    html = "{% if unsubscribe_url %}<a href='{{ unsubscribe_url }}'>stop</a>{% else %}none{% endif %}"

    assert "none" in mail(Words(html=html), purpose="transactional", account={"name": "x"}).html
    assert "stop" in mail(Words(html=html), purpose="promotional", account={"name": "x"}).html


@pytest.mark.parametrize("html", ["<script>x</script>", '<p onclick="x()">a</p>', "<form action='/x'></form>"])
def test_active_content_is_refused(html: str) -> None:
    with pytest.raises(PlaybookError, match="template-active"):
        compiled(Words(html=html))


def test_an_empty_link_is_refused() -> None:
    with pytest.raises(PlaybookError, match="leads nowhere"):
        compiled(Words(html='<a href="">A</a>'))


def test_a_missing_fact_holds_the_mail_and_is_named() -> None:
    with pytest.raises(RenderError, match=r"kickoff/welcome/ja: .*csm"):
        mail(Words(html="<p>{{ csm.name }}</p>"), account={"name": "x"})


@pytest.mark.parametrize("number", [1e30, float("inf"), float("nan"), "1e999999", "12,3"])
def test_a_fact_that_cannot_be_written_holds_the_mail_whatever_went_wrong(number: object) -> None:
    with pytest.raises(RenderError, match="kickoff/welcome/ja"):
        mail(Words(html="<p>{{ account.seats | number }}</p>"), account={"name": "x", "seats": number})


def test_a_salutation_keeps_its_lines_in_html_and_in_text() -> None:
    rendered = mail(Words(html="<p>{{ salutation }}</p>"), account={"name": "x"}, salutation="A<B>社\n山田様")

    assert "<p>A&lt;B&gt;社<br>山田様</p>" in rendered.html
    assert rendered.text == "A<B>社\n山田様\n"
    assert (
        mail(Words(html="<p>{{ salutation | lines }}</p>"), account={"name": "x"}, salutation="a\nb").html
        == "<p>a<br>b</p>"
    )


def test_the_same_facts_make_the_same_bytes() -> None:
    words = Words(html='<a href="https://a.example/">A</a>{{ account.name }}')
    first, second = (mail(words, account={"name": "x"}) for _ in range(2))

    assert first == second
    assert first.sha == fingerprint(first.subject, first.html, first.text)
    assert mail(words, account={"name": "y"}).sha != first.sha


def test_an_in_app_message_is_plain_text_with_a_safe_link() -> None:
    words = Words(subject="{{ a }}\n", html="", text="<b>{{ a }}</b>\n", meta={"link": "https://x.example/{{ a }}"})
    shown = fill_in_app(words, {"a": "1"})

    assert (shown.title, shown.body, shown.link) == ("1", "<b>1</b>", "https://x.example/1")
    with pytest.raises(RenderError):
        fill_in_app(Words(html="", text="x", meta={"link": "{{ a }}"}), {"a": "javascript:x", "account": {"name": "x"}})
