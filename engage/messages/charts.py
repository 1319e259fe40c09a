"""Small charts of mails: a signed address says what is to be drawn, and whoever asks for it gets the picture.

The address holds shares of the largest value only, no name and no figure; the figures stand in the mail as words. So a
mail's bytes stay text, the same facts make the same bytes, and nothing is drawn before somebody looks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

from markupsafe import Markup

from engage.errors import NotFoundError
from engage.messages.links import Links
from engage.messages.marks import marked

CHART = "chart:"
MOST_BARS = 60
_SIZES = {"bars": (536, 120), "progress": (536, 28)}
_RETINA = 2
# Each stands out at least 3 to 1 from white and from the dark ground of the layout.
_BAR, _LINE = (47, 134, 176, 255), (130, 140, 152, 255)
_DRAWING = re.compile(r"(bars|progress)((?: \d{1,3})+)")
_IN_A_MAIL = re.compile(r'src="([^"]*)/chart/([\w-]+)\.png"')


def weekly_chart(rows: Sequence[Any], name: str = "events") -> Markup:
    """A bar for each row of a list, as high as its figure of that name; for `src` of an image."""
    figures = [_number(row.get(name, 0) if isinstance(row, Mapping) else row) for row in rows[:MOST_BARS]]
    highest = max(figures, default=Decimal())
    return _marked("bars", [_share(figure, highest) for figure in figures])


def progress_chart(actual: Any, before: Any, target: Any) -> Markup:
    """How much of the way from before to the target was made; for `src` of an image."""
    way, made = _number(target) - _number(before), _number(actual) - _number(before)
    return _marked("progress", [_share(made, way) if way else 100])


def drawing(links: Links, token: str) -> bytes:
    """The picture behind a token, as PNG; anything that we did not sign is refused."""
    found = _DRAWING.fullmatch(links.read_chart(token))
    if found is None:
        raise NotFoundError("there is no such chart", code="bad_link")
    return draw(found[1], [int(share) for share in found[2].split()])


def draw(kind: str, shares: Sequence[int]) -> bytes:
    """The chart of these shares of a hundred, twice as fine as it is shown, on a transparent ground."""
    from PIL import Image, ImageDraw  # only who draws needs it

    width, height = (_RETINA * side for side in _SIZES[kind])
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    if kind == "bars":
        ground, step = height - 2 * _RETINA, width / max(len(shares), 1)
        for number, share in enumerate(shares):
            left, top = number * step + step * 0.15, ground - max(round(share * (ground - 2) / 100), 2 if share else 0)
            if share:
                pen.rectangle((round(left), top, round(left + step * 0.7), ground), fill=_BAR)
        pen.rectangle((0, ground, width, ground + _RETINA - 1), fill=_LINE)
    else:
        pen.rounded_rectangle((0, 0, width - 1, height - 1), radius=height // 2, outline=_LINE, width=2 * _RETINA)
        if shares[0]:
            reached = max(height, round(width * shares[0] / 100))
            pen.rounded_rectangle((0, 0, reached - 1, height - 1), radius=height // 2, fill=_BAR)
    written = BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def with_pictures(html: str, links: Links) -> str:
    """The mail with its charts inside, for looking at it where no server answers."""
    return _IN_A_MAIL.sub(lambda found: f'src="{_as_data(drawing(links, found[2]))}"', html)


def _as_data(picture: bytes) -> str:
    from base64 import b64encode

    return f"data:image/png;base64,{b64encode(picture).decode('ascii')}"


def _marked(kind: str, shares: Sequence[int]) -> Markup:
    return Markup(marked(f"{CHART}{kind} {' '.join(map(str, shares))}"))  # noqa: S704  digits only


def _share(part: Decimal, whole: Decimal) -> int:
    return max(0, min(100, round(100 * part / whole))) if whole else 0


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("a chart is made of numbers")
    try:
        number = Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError("a chart is made of numbers") from error
    if not number.is_finite():
        raise ValueError("a chart is made of numbers")
    return number
