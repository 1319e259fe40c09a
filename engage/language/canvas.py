"""SVG by hand: boxes, arrows and letters, in colours by kind that suit light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

from engage.language.lettering import lines_of

SIZE, LEADING, PADDING = 12.5, 17.0, 10.0
FONT = (
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Hiragino Sans', 'Noto Sans CJK JP', 'Noto Sans JP', sans-serif"
)
# kind: fill and line in the light, fill and line in the dark
PALETTE: dict[str, tuple[str, str, str, str]] = {
    "trigger": ("#e0f2f4", "#147b85", "#0f3338", "#4fb3bd"),
    "message": ("#e3f4e6", "#2c7a3f", "#12331b", "#5fb872"),
    "task": ("#f6e6f6", "#8a3a8a", "#361636", "#c882c8"),
    "wait": ("#e4edfb", "#2f5fb0", "#15284a", "#7ba4ea"),
    "choose": ("#fbf0d4", "#8a6410", "#3a2c0a", "#d9ae4a"),
    "condition": ("#fdf7e6", "#a88536", "#2a220f", "#a88536"),
    "exit": ("#fbe6e3", "#a83a2c", "#3d1712", "#e28274"),
    "goal": ("#dff5e0", "#1d6b30", "#0f3a19", "#6cc97e"),
    "fact": ("#f1f3f5", "#68727d", "#23282e", "#8b96a1"),
}
_STYLE = """\
text {{ font: {size}px {font}; fill: #1c2024; }}
.title {{ font-size: 18px; font-weight: 650; }}
.soft {{ fill: #5a646e; }}
.id {{ font-size: 10.5px; fill: #5a646e; }}
.head {{ font-weight: 650; }}
.page {{ fill: #ffffff; }}
.line {{ stroke: #7b858f; stroke-width: 1.4; fill: none; }}
.tip {{ fill: #7b858f; }}
.round {{ stroke: #8a6410; stroke-width: 1.2; stroke-dasharray: 5 4; fill: none; }}
.grid {{ stroke: #d5dadf; stroke-width: 1; fill: none; }}
{light}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e8eaed; }}
.soft, .id {{ fill: #a3adb7; }}
.page {{ fill: #16191d; }}
.grid {{ stroke: #353c44; }}
.round {{ stroke: #d9ae4a; }}
{dark}
}}"""


@dataclass
class Canvas:
    """What was drawn so far."""

    parts: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, kind: str, *, radius: float = 8) -> None:
        """A filled box in the colours of its kind."""
        self.parts.append(f'<rect class="{kind}" {_frame(x, y, width, height)} rx="{_n(radius)}"/>')

    def frame(self, x: float, y: float, width: float, height: float, css: str) -> None:
        """A frame without a filling."""
        self.parts.append(f'<rect class="{css}" {_frame(x, y, width, height)} rx="10"/>')

    def text(self, x: float, y: float, text: str, css: str = "", *, middle: bool = False) -> None:
        """One line of text; y is its base line."""
        classes = f' class="{css}"' if css else ""
        anchor = ' text-anchor="middle"' if middle else ""
        self.parts.append(f'<text x="{_n(x)}" y="{_n(y)}"{classes}{anchor}>{escape(text, quote=False)}</text>')

    def line(self, *points: tuple[float, float], tip: bool = False) -> None:
        """A line through the points, perhaps with the tip of an arrow at its (downward) end."""
        path = " ".join(f"{'L' if number else 'M'}{_n(x)} {_n(y)}" for number, (x, y) in enumerate(points))
        self.parts.append(f'<path class="line" d="{path}"/>')
        if tip:
            x, y = points[-1]
            self.parts.append(
                f'<path class="tip" d="M{_n(x - 4)} {_n(y - 7)} L{_n(x + 4)} {_n(y - 7)} L{_n(x)} {_n(y)}Z"/>'
            )

    def line_of_grid(self, left: float, y: float, right: float) -> None:
        """A thin level line."""
        self.parts.append(f'<path class="grid" d="M{_n(left)} {_n(y)} H{_n(right)}"/>')

    def opened(self, hint: str) -> None:
        """Begins a group that shows a hint where it is pointed at."""
        self.parts.append(f"<g><title>{escape(hint, quote=False)}</title>")

    def closed(self) -> None:
        """Ends the group."""
        self.parts.append("</g>")

    def document(self, width: float, height: float, *, title: str, description: str, locale: str) -> str:
        """The whole SVG; title and description are read out to those who do not see it."""
        style = _STYLE.format(size=SIZE, font=FONT, light=_colours(0), dark=_colours(2))
        return "\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" role="img" lang="{locale}" aria-labelledby="title desc"'
                f' width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}">',
                f'<title id="title">{escape(title, quote=False)}</title>',
                f'<desc id="desc">{escape(description, quote=False)}</desc>',
                f"<style>\n{style}\n</style>",
                f'<rect class="page" width="{_n(width)}" height="{_n(height)}"/>',
                *self.parts,
                "</svg>\n",
            )
        )


def wrapped(text: str, width: float, *, most: int = 7) -> list[str]:
    """The lines of a text inside a box of that width."""
    return lines_of(text, size=SIZE, width=width - 2 * PADDING, most=most)


def write_lines(canvas: Canvas, x: float, y: float, lines: Iterable[str], css: str = "") -> None:
    """Lines one below the other, the top of the first at y."""
    for number, line in enumerate(lines):
        canvas.text(x, y + SIZE + number * LEADING, line, css)


def _colours(first: int) -> str:
    rows = ((kind, colours[first], colours[first + 1]) for kind, colours in PALETTE.items())
    return "\n".join(f".{kind} {{ fill: {fill}; stroke: {line}; stroke-width: 1.2; }}" for kind, fill, line in rows)


def _frame(x: float, y: float, width: float, height: float) -> str:
    return f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
