"""Whether the texts of a mail stand out enough from what is behind them, in light and in dark (WCAG AA)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

Colour = tuple[int, int, int]
ENOUGH, ENOUGH_IF_LARGE = 4.5, 3.0
_LARGE, _LARGE_AND_BOLD = 24.0, 18.66  # pixels
_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)\s*\{")
_NAMED = {"white": "#ffffff", "black": "#000000", "inherit": "", "transparent": ""}
_EMPTY = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
_UNSEEN = frozenset({"head", "style", "script", "title"})


@dataclass(frozen=True)
class Faint:
    """A text that is hard to read: its colour on which ground, and how far they stand apart."""

    text: str
    colour: str
    ground: str
    ratio: float
    scheme: str


def faint_texts(html: str) -> list[Faint]:
    """Every text of a finished mail with too little contrast, each pair of colours once for light and for dark."""
    import css_inline  # only who checks mails needs it

    found: dict[tuple[str, str, str], Faint] = {}
    for scheme, styles in (("light", None), ("dark", dark_styles(html))):
        if scheme == "dark" and not styles:
            continue
        inlined = css_inline.CSSInliner(extra_css=styles, load_remote_stylesheets=False).inline(html)
        reader = _Reader()
        reader.feed(inlined)
        for shown in reader.shown:
            ratio = contrast(shown.colour, shown.ground)
            if ratio < (ENOUGH_IF_LARGE if shown.is_large else ENOUGH):
                pair = _written(shown.colour), _written(shown.ground)
                found.setdefault((*pair, scheme), Faint(shown.text, *pair, round(ratio, 1), scheme))
    return list(found.values())


def dark_styles(html: str) -> str:
    """What the mail's styles say for readers who chose dark."""
    return "\n".join(_block(html, opened.end()) for opened in _DARK.finditer(html))


def in_scheme(html: str, scheme: str) -> str:
    """The mail as it looks in light or in dark, whatever the reader chose: for looking at it."""
    return _DARK.sub("@media all {" if scheme == "dark" else "@media not all {", html)


def contrast(one: Colour, other: Colour) -> float:
    """How far two colours stand apart, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@dataclass(frozen=True)
class _Shown:
    text: str
    colour: Colour
    ground: Colour
    is_large: bool


@dataclass(frozen=True)
class _Look:
    """How text inside an element looks."""

    colour: Colour = (0, 0, 0)
    ground: Colour = (255, 255, 255)
    size: float = 16.0
    is_bold: bool = False
    is_hidden: bool = False


@dataclass
class _Reader(HTMLParser):
    """Walks the elements with their inline styles and keeps what is shown."""

    shown: list[_Shown] = field(default_factory=list)
    _looks: list[tuple[str, _Look]] = field(default_factory=lambda: [("", _Look())])

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Goes into an element."""
        if tag not in _EMPTY:
            self._looks.append((tag, _look(self._looks[-1][1], tag, dict(attrs))))

    def handle_endtag(self, tag: str) -> None:
        """Leaves it, and whatever was left open in it."""
        if any(name == tag for name, _ in self._looks):
            while self._looks.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Keeps a text with its looks."""
        look = self._looks[-1][1]
        if data.strip() and not look.is_hidden:
            is_large = look.size >= _LARGE or (look.is_bold and look.size >= _LARGE_AND_BOLD)
            self.shown.append(_Shown(" ".join(data.split())[:40], look.colour, look.ground, is_large))


def _look(around: _Look, tag: str, attributes: dict[str, str | None]) -> _Look:
    style = dict(_declarations(attributes.get("style") or ""))
    ground = style.get("background-color") or style.get("background") or attributes.get("bgcolor") or ""
    weight = style.get("font-weight", "bold" if tag in ("b", "strong", "th", "h1", "h2", "h3") else "")
    size = re.match(r"([\d.]+)px", style.get("font-size", ""))
    return _Look(
        colour=_colour(style.get("color", "")) or around.colour,
        ground=_colour(ground) or around.ground,
        size=float(size[1]) if size else around.size,
        is_bold=weight in ("bold", "600", "700", "800", "900") if weight else around.is_bold,
        is_hidden=around.is_hidden or tag in _UNSEEN or style.get("display") == "none",
    )


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    """Property and value in the order in which they win: what is `!important` last."""
    said = [
        (name.strip().lower(), value.strip()) for name, _, value in (one.partition(":") for one in style.split(";"))
    ]
    for name, value in sorted(said, key=lambda one: "!important" in one[1]):
        yield name, value.replace("!important", "").strip().lower()
        if name == "background" and "!important" in value:
            yield "background-color", value.replace("!important", "").strip().lower()


def _colour(said: str) -> Colour | None:
    word = said.split(" ")[0] if not said.startswith("rgb") else said
    word = _NAMED.get(word, word)
    if numbers := re.match(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)", word):
        return int(numbers[1]), int(numbers[2]), int(numbers[3])
    if re.fullmatch(r"#[0-9a-f]{3}", word):
        word = "#" + "".join(2 * digit for digit in word[1:])
    if re.fullmatch(r"#[0-9a-f]{6}", word):
        return int(word[1:3], 16), int(word[3:5], 16), int(word[5:7], 16)
    return None


def _luminance(colour: Colour) -> float:
    parts = (part / 255 for part in colour)
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _written(colour: Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _block(css: str, start: int) -> str:
    """What stands between a brace that was opened before `start` and the one that closes it."""
    depth = 1
    for found in re.finditer(r"[{}]", css[start:]):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return css[start : start + found.start()]
    return ""
