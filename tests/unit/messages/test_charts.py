"""Charts: an address that names nobody, a picture for it, and the figures in words."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from engage.errors import NotFoundError
from engage.messages.charts import drawing, progress_chart, weekly_chart, with_pictures
from engage.messages.contrast import contrast
from engage.messages.rendering import RenderError, fill_email
from tests.unit.messages.template_texts import LINKS, Words

FIGURES = "{% for week in usage.weeks %}{{ week.events }} {% endfor %}"
HTML = f'<p><img src="{{{{ usage.weeks | weekly_chart }}}}" alt="Weeks: {FIGURES}"></p>'
WEEKS = [{"starts_on": "2026-09-08", "events": 5}, {"starts_on": "2026-09-15", "events": 20}]


def picture(html: str) -> Image.Image:
    token = html.partition("/chart/")[2].partition(".png")[0]
    return Image.open(BytesIO(drawing(LINKS, token)))


def test_a_chart_is_a_signed_address_and_its_figures_stand_in_both_parts() -> None:
    facts = {"usage": {"weeks": WEEKS}, "account": {"name": "Aoba"}}
    mail, again = (
        fill_email(Words(html=HTML, locale="en"), facts, links=LINKS, message_id=key, purpose="transactional")
        for key in ("msg_1", "msg_2")
    )

    assert 'src="https://engage.example/chart/' in mail.html and 'alt="Weeks: 5 20 "' in mail.html
    assert mail.text == "Weeks: 5 20\n"
    assert mail.html == again.html, "the address speaks of no reader"


def test_the_picture_is_twice_as_fine_as_shown_and_readable_on_white_and_in_the_dark() -> None:
    html = fill_email(Words(html=HTML), {"usage": {"weeks": WEEKS}, "account": {"name": "A"}},
                      links=LINKS, message_id="m", purpose="transactional").html  # fmt: skip
    drawn = picture(html).convert("RGBA")
    low, high = drawn.getpixel((270, 100)), drawn.getpixel((800, 100))

    assert drawn.size == (2 * 536, 2 * 120)
    assert (low[3], high[3]) == (0, 255), "the second bar is four times as high"
    assert min(contrast(high[:3], ground) for ground in ((255, 255, 255), (30, 36, 43))) >= 3


def test_a_picture_can_stand_in_the_mail_itself() -> None:
    html = f'<img src="{LINKS.chart_url("bars 10 100")}">'
    assert with_pictures(html, LINKS).startswith('<img src="data:image/png;base64,')


@pytest.mark.parametrize(
    ("figures", "share"), [((7, 10, 5), 60), ((5, 10, 5), 100), ((12, 10, 5), 0), ((4, 10, 5), 100), ((3, 3, 3), 100)]
)
def test_progress_is_the_part_of_the_way_that_was_made(figures: tuple[int, int, int], share: int) -> None:
    assert f"progress {share}" in progress_chart(*figures)


@pytest.mark.parametrize("token", ["x", LINKS.chart_url("bars 1000").rpartition("/")[2][:-4], "A" * 9000])
def test_what_we_did_not_sign_or_cannot_draw_is_refused(token: str) -> None:
    with pytest.raises(NotFoundError):
        drawing(LINKS, token)


def test_a_chart_of_words_holds_the_mail() -> None:
    with pytest.raises(ValueError, match="made of numbers"):
        weekly_chart([{"events": "many"}])
    with pytest.raises(RenderError):
        facts = {"usage": {"weeks": [{"events": "many"}]}, "account": {"name": "A"}}
        fill_email(Words(html=HTML), facts, links=LINKS, message_id="m", purpose="transactional")
