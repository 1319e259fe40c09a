"""A playbook as Mermaid's flowchart text, which pull requests show as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engage.language.canvas import PALETTE
from engage.language.spec import Playbook
from engage.language.telling import Line, tell, with_every_way

Ends = list[tuple[str, str]]
"""Where the next step hangs on: the boxes that lead to it, each with the words on its arrow."""
_SHAPES = {"wait": ("([", "])"), "choose": ("{{", "}}"), "trigger": ("([", "])"), "exit": ("[[", "]]")}


def mermaid(playbook: Playbook, locale: str) -> str:
    """The flowchart of a playbook in Japanese or English."""
    outline = with_every_way(tell(playbook, locale), locale)
    steps, ends, *_ = (line for line in outline.under if line.kind == "heading")
    chart = _Chart()
    open_ends: Ends = []
    for line in (line for line in outline.under if line.kind in ("trigger", "condition")):
        open_ends = [(chart.box(line, open_ends), "")]
    open_ends = chart.sequence(steps.under, open_ends)
    chart.box(Line(ends.text, "fact", ends.under), open_ends, told=True)
    used = sorted({kind for kind, _ in chart.kinds})
    styles = [f"  classDef {kind} fill:{PALETTE[kind][0]},stroke:{PALETTE[kind][1]},color:#1c2024" for kind in used]
    return "\n".join(["flowchart TD", *chart.rows, *styles]) + "\n"


@dataclass
class _Chart:
    rows: list[str] = field(default_factory=list)
    kinds: list[tuple[str, str]] = field(default_factory=list)

    def sequence(self, lines: Sequence[Line], ends: Ends) -> Ends:
        for line in lines:
            ends = self.step(line, ends)
        return ends

    def step(self, line: Line, ends: Ends) -> Ends:
        box = self.box(line, ends, told=line.kind != "choose")
        if line.kind != "choose":
            return [] if line.ends else [(box, "")]
        if not line.under or line.under[0].kind != "condition":
            for end, words in self.sequence(line.under, [(box, "")]):
                self.arrow(end, words, box, back=True)
            return [(box, "")]
        return [end for way in line.under for end in self.sequence(_real(way.under), [(box, way.text)])]

    def box(self, line: Line, ends: Ends, *, told: bool = False) -> str:
        """Adds a box and the arrows to it; its name."""
        name, kind = f"n{len(self.kinds) + 1}", line.kind or "fact"
        text = "<br/>".join([line.text, *(under.text for under in line.under if told)])
        begin, end = _SHAPES.get(kind, ("[", "]"))
        self.kinds.append((kind, name))
        self.rows.append(f'  {name}{begin}"{safe(text)}"{end}:::{kind}')
        for before, words in ends:
            self.arrow(before, words, name)
        return name

    def arrow(self, before: str, words: str, name: str, *, back: bool = False) -> None:
        """An arrow with its words; dotted where it leads back."""
        line = "-.->" if back else "-->"
        self.rows.append(f'  {before} {line}|"{safe(words)}"| {name}' if words else f"  {before} {line} {name}")


def _real(lines: Sequence[Line]) -> Sequence[Line]:
    """The steps of a way; one in which nothing is done has none."""
    return [line for line in lines if "  [" in line.text]


def safe(text: str) -> str:
    """Text that Mermaid takes as it is."""
    named = text.replace("&", "#amp;").replace('"', "#quot;").replace("\n", " ")
    return named.replace("<br/>", "\0").replace("<", "#lt;").replace(">", "#gt;").replace("\0", "<br/>")
