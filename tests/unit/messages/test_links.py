"""Signed links: what we made is read back, also what former versions and former secrets made; the rest is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.errors import NotFoundError
from engage.ids import new_id
from engage.messages.links import Asked, Form, Links

LINKS = Links("secret", "https://engage.example/")
_, LONG, _ = LINKS.as_before(LINKS.public_url)
PAGE = "https://x.example/日本?a=1&b=2 3"
ASKED = Asked("apr_1", "stf_1", datetime(2026, 12, 1, tzinfo=UTC))


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def pages(*urls: str) -> Callable[[str], Iterable[str]]:
    return lambda _message_id: urls


def choices() -> list[tuple[str, str]]:
    return [("nps", "9"), ("renewal_intent", "going_on")]


def test_a_click_link_leads_to_what_was_signed() -> None:
    url = LINKS.click_url("msg_1", PAGE)

    assert url.startswith("https://engage.example/click/")
    assert LINKS.read_click(token_of(url), pages("https://other.example/", PAGE)) == ("msg_1", PAGE)


def test_a_click_link_leads_only_to_a_page_of_its_mail() -> None:
    with pytest.raises(NotFoundError):
        LINKS.read_click(token_of(LINKS.click_url("msg_1", PAGE)), pages("https://other.example/"))


@pytest.mark.parametrize(
    "make",
    [
        lambda links, key: links.click_url(key, "https://app.sample.example/" + "long/" * 50),
        lambda links, key: links.unsubscribe_url(key),
        lambda links, key: links.answer_url(key, "renewal_intent", "not_going_on"),
    ],
)
def test_a_link_fits_on_a_line_of_text(make: Callable[[Links, str], str]) -> None:
    url = make(Links("secret", "https://go.sample.example"), new_id("msg"))

    assert len(url) <= 76
    assert token_of(url).isalnum() and token_of(url).islower()


def test_a_link_holds_nothing_but_the_message_and_a_code() -> None:
    url = LINKS.click_url("msg_1", "https://app.example/?email=ann@customer.example")

    assert "ann" not in url and "customer" not in url
    assert token_of(url)[:-16] == "1"


@pytest.mark.parametrize("behind", ["", ".", ")", "。", ">),", "'"])
@pytest.mark.parametrize("spelt", [str, str.upper, str.title])
def test_what_programs_on_the_way_do_to_a_link_is_forgiven(spelt: Callable[[str], str], behind: str) -> None:
    token = spelt(token_of(LINKS.click_url("msg_1", PAGE))) + behind

    assert LINKS.read_click(token, pages(PAGE)) == ("msg_1", PAGE)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(token: str) -> None:
    with pytest.raises(NotFoundError):
        LINKS.read_click(token, pages(PAGE))


def test_the_same_link_is_made_every_time() -> None:
    assert LINKS.unsubscribe_url("msg_1") == LINKS.unsubscribe_url("msg_1")
    assert LINKS.read_unsubscribe(token_of(LINKS.unsubscribe_url("msg_1"))) == "msg_1"


@pytest.mark.parametrize("links", [LINKS, LONG])
def test_no_changed_token_is_read(links: Links) -> None:
    token = token_of(links.unsubscribe_url("msg_1"))
    for place in range(len(token)):
        changed = token[:place] + ("a" if token[place].lower() != "a" else "b") + token[place + 1 :]
        with pytest.raises(NotFoundError, match="not one of ours"):
            LINKS.read_unsubscribe(changed)


@pytest.mark.parametrize(
    "token", ["", "A", "x" * 16, "x" * 22, "日本", "====", "a b", "../etc", "A" * 9_000, "\x00", "."]
)
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(NotFoundError):
        LINKS.read_click(token, pages("https://x.example/", ""))


def test_a_token_serves_one_use_and_one_secret() -> None:
    token = token_of(LINKS.unsubscribe_url("msg_1"))

    with pytest.raises(NotFoundError):
        LINKS.read_click(token, pages(""))
    with pytest.raises(NotFoundError):
        Links("other", "https://engage.example").read_unsubscribe(token)


def test_an_answer_link_names_message_question_and_choice_and_serves_no_other_use() -> None:
    token = token_of(LINKS.answer_url("msg_1", "renewal_intent", "going_on"))

    assert LINKS.read_answer(token, choices) == ("msg_1", "renewal_intent", "going_on")
    with pytest.raises(NotFoundError):
        LINKS.read_answer(token, lambda: [("nps", "9")])
    with pytest.raises(NotFoundError):
        LINKS.read_unsubscribe(token)
    with pytest.raises(NotFoundError):
        LINKS.read_answer(token_of(LINKS.unsubscribe_url("msg_1")), choices)


def test_a_deciding_link_names_approval_colleague_and_time_and_serves_no_other_use() -> None:
    token = token_of(LINKS.decision_url(ASKED))

    assert LINKS.read_decision(token) == ASKED
    with pytest.raises(NotFoundError):
        LINKS.read_unsubscribe(token)
    with pytest.raises(NotFoundError):
        LINKS.read_decision(token_of(LONG.unsubscribe_url("apr_1 stf_1 1")))


def test_links_of_before_still_say_all_by_themselves() -> None:
    nothing = pages()

    assert LINKS.read_click(token_of(LONG.click_url("msg_1", PAGE)), nothing) == ("msg_1", PAGE)
    assert LINKS.read_unsubscribe(token_of(LONG.unsubscribe_url("msg_1"))) == "msg_1"
    assert LINKS.read_answer(token_of(LONG.answer_url("msg_1", "q", "c")), list) == ("msg_1", "q", "c")


def test_a_link_that_was_mailed_in_november_2026_is_read() -> None:
    token = "7hJ8QiGyfJYIqbvZrmzCwG1zZ18xIGh0dHBzOi8veC5leGFtcGxlLw"

    assert LINKS.read_click(token, pages()) == ("msg_1", "https://x.example/")


@pytest.mark.parametrize("links", [LINKS, LONG])
def test_links_under_a_former_secret_are_read_but_not_made(links: Links) -> None:
    rotated = Links("new", "https://engage.example", former_secrets=["newer", "secret"])

    assert rotated.read_click(token_of(links.click_url("msg_1", PAGE)), pages(PAGE)) == ("msg_1", PAGE)
    assert rotated.click_url("msg_1", PAGE) == Links("new", "https://engage.example").click_url("msg_1", PAGE)


def test_nobody_decides_by_a_link_under_a_former_secret() -> None:
    rotated = Links("new", "https://engage.example", former_secrets=["secret"])

    with pytest.raises(NotFoundError):
        rotated.read_decision(token_of(LINKS.decision_url(ASKED)))


def test_where_nobody_is_followed_a_link_is_the_page_itself() -> None:
    assert LINKS.straight.click_url("msg_1", PAGE) == PAGE
    assert LINKS.straight.unsubscribe_url("msg_1") == LINKS.unsubscribe_url("msg_1")


@pytest.mark.parametrize("form", ["short", "long", "straight"])
def test_of_links_that_lead_nowhere_only_pictures_work(form: Form) -> None:
    inert = Links("secret", LINKS.public_url, form=form).leading_nowhere()
    read: list[tuple[str, Callable[[str], object]]] = [
        (inert.click_url("msg_1", PAGE), lambda token: LINKS.read_click(token, pages(PAGE))),
        (inert.unsubscribe_url("msg_1"), LINKS.read_unsubscribe),
        (inert.straight.unsubscribe_url("msg_1"), LINKS.read_unsubscribe),
        (inert.preferences_url("msg_1"), LINKS.read_preferences),
        (inert.confirm_url("msg_1"), LINKS.read_confirm),
        (inert.answer_url("msg_1", "nps", "9"), lambda token: LINKS.read_answer(token, choices)),
        (inert.decision_url(ASKED), LINKS.read_decision),
        (inert.straight.decision_url(ASKED), LINKS.read_decision),
    ]

    for url, reader in read:
        assert url.startswith(LINKS.public_url)
        with pytest.raises(NotFoundError):
            reader(token_of(url))
    for links in (inert, inert.straight, inert.beginning_with("https://go.example")):
        assert LINKS.read_chart(token_of(links.chart_url("bars 1")).removesuffix(".png")) == "bars 1"


def test_no_kind_of_link_is_left_out_of_those_that_lead_nowhere() -> None:
    makers = {name for name in vars(Links) if name.endswith("_url")}

    uses = ("click", "unsubscribe", "preferences", "confirm", "answer", "chart", "decision")
    assert makers == {f"{use}_url" for use in uses}
