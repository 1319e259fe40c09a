"""A playbook as a picture: the outline that `tell` makes, laid out as a flow from top to bottom."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engage.language.canvas import LEADING, PADDING, SIZE, Canvas, wrapped, write_lines
from engage.language.lettering import width_of
from engage.language.spec import Playbook
from engage.language.telling import Line, tell, with_every_way

BOX, GAP_X, GAP_Y, MARGIN = 250.0, 22.0, 26.0, 26.0
_ID = re.compile(r"(.*?)  \[([a-z0-9_-]+)\]", re.DOTALL)
Draw = Callable[[Canvas, float, float], None]


@dataclass(frozen=True)
class Block:
    """A part of the picture: how large it is, how to draw it below a point, and whether the run goes on after it."""

    width: float
    height: float
    draw: Draw
    goes_on: bool = True


def flowchart(playbook: Playbook, locale: str) -> str:
    """The playbook as an SVG in Japanese or English."""
    outline = with_every_way(tell(playbook, locale), locale)
    head, steps, ends = _parts(outline)
    begin = [line for line in head if line.kind in ("trigger", "condition")]
    facts = [line.text for line in head if line.kind == "fact"]
    flow = _sequence([*(_box(line) for line in begin), *map(_block, steps.under), _box(Line(ends.text, "fact"))])
    below = _row([_box(line) for line in ends.under])
    width = max(flow.width, below.width, width_of(outline.text, 18) + 10) + 2 * MARGIN
    notes = wrapped(" · ".join(facts), width - 2 * MARGIN + 2 * PADDING, most=4)
    canvas = Canvas()
    canvas.text(MARGIN, MARGIN + 16, outline.text, "title")
    write_lines(canvas, MARGIN, MARGIN + 26, notes, "soft")
    top = MARGIN + 26 + len(notes) * LEADING + 18
    flow.draw(canvas, width / 2, top)
    below.draw(canvas, width / 2, top + flow.height + 14)
    height = top + flow.height + 14 + below.height + MARGIN
    return canvas.document(width, height, title=outline.text, description=_told(outline), locale=locale[:2])


def _parts(outline: Line) -> tuple[list[Line], Line, Line]:
    head = [line for line in outline.under if line.kind != "heading"]
    steps, ends, *_ = (line for line in outline.under if line.kind == "heading")
    return head, steps, ends


def _block(line: Line) -> Block:
    if line.kind == "choose" and line.under and line.under[0].kind == "condition":
        return _fork(line)
    if line.kind == "choose":
        return _round(line)
    return _box(line)


def _box(line: Line) -> Block:
    """A box with its words; the name of a step stands small below them."""
    found = _ID.fullmatch(line.text)
    words, name = (found[1], found[2]) if found else (line.text, "")
    more = [under.text for under in line.under if under.kind in ("fact", "task")]
    lines = wrapped(words, BOX) + [part for text in more for part in wrapped(text, BOX, most=3)]
    height = len(lines) * LEADING + (LEADING - 2 if name else 0) + 2 * PADDING - 3
    radius = 18 if line.kind == "wait" else 8

    def draw(canvas: Canvas, x: float, y: float) -> None:
        left = x - BOX / 2
        canvas.opened(line.text)
        canvas.box(left, y, BOX, height, line.kind or "fact", radius=radius)
        write_lines(canvas, left + PADDING, y + PADDING - 2, lines)
        if name:
            canvas.text(left + PADDING, y + height - PADDING + 1, name, "id")
        canvas.closed()

    return Block(BOX, height, draw, not line.ends)


def _sequence(blocks: Sequence[Block]) -> Block:
    """One below the other, joined by arrows."""
    height = sum(block.height for block in blocks) + GAP_Y * (len(blocks) - 1)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        for number, block in enumerate(blocks):
            block.draw(canvas, x, y)
            y += block.height
            if number < len(blocks) - 1:
                if block.goes_on:
                    canvas.line((x, y), (x, y + GAP_Y), tip=True)
                y += GAP_Y

    return Block(max(block.width for block in blocks), height, draw, all(block.goes_on for block in blocks))


def _row(blocks: Sequence[Block], most: int = 3) -> Block:
    """Side by side, several in a row, without arrows."""
    rows = [blocks[start : start + most] for start in range(0, len(blocks), most)]
    heights = [max(block.height for block in row) for row in rows]
    width = max(sum(block.width for block in row) + GAP_X * (len(row) - 1) for row in rows)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        for row, height in zip(rows, heights, strict=True):
            left = x - (sum(block.width for block in row) + GAP_X * (len(row) - 1)) / 2
            for block in row:
                block.draw(canvas, left + block.width / 2, y)
                left += block.width + GAP_X
            y += height + 10

    return Block(width, sum(heights) + 10 * (len(rows) - 1), draw)


def _fork(line: Line) -> Block:
    """A question, its ways side by side, and the place where those that go on meet again."""
    head = _box(Line(line.text, "choose"))
    ways = [_sequence([_box(Line(way.text, "condition")), *map(_block, way.under)]) for way in line.under]
    width = max(head.width, sum(way.width for way in ways) + GAP_X * (len(ways) - 1))
    tallest = max(way.height for way in ways)
    goes_on = any(way.goes_on for way in ways)
    height = head.height + GAP_Y + tallest + (GAP_Y / 2 if goes_on else 0)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        head.draw(canvas, x, y)
        left = x - (sum(way.width for way in ways) + GAP_X * (len(ways) - 1)) / 2
        middle, below = y + head.height + GAP_Y / 2, y + head.height + GAP_Y
        for way in ways:
            at = left + way.width / 2
            canvas.line((x, y + head.height), (x, middle), (at, middle), (at, below), tip=True)
            way.draw(canvas, at, below)
            if way.goes_on:
                canvas.line((at, below + way.height), (at, y + height), (x, y + height))
            left += way.width + GAP_X

    return Block(width, height, draw, goes_on)


def _round(line: Line) -> Block:
    """Steps that are done again, inside a dashed frame."""
    inner = _sequence([_box(Line(line.text, "choose")), *map(_block, line.under)])
    edge = 14.0

    def draw(canvas: Canvas, x: float, y: float) -> None:
        canvas.frame(x - inner.width / 2 - edge, y, inner.width + 2 * edge, inner.height + 2 * edge, "round")
        inner.draw(canvas, x, y + edge)
        side, bottom = x + inner.width / 2 + edge / 2, y + edge + inner.height
        canvas.line((x, bottom), (x, bottom + edge / 2), (side, bottom + edge / 2), (side, y + edge + SIZE))

    return Block(inner.width + 2 * edge, inner.height + 2 * edge, draw)


def _told(line: Line, depth: int = 0) -> str:
    return "\n".join(["  " * depth + line.text, *(_told(under, depth + 1) for under in line.under)])
