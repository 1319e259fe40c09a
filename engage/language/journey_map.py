"""The whole library on one page: which playbook meets which customers, by segment and phase, and where none does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engage.language.canvas import LEADING, PADDING, SIZE, Canvas, wrapped, write_lines
from engage.language.expressions import Expression
from engage.language.holding import can_hold
from engage.language.lettering import width_of
from engage.language.mermaid import safe
from engage.language.spec import Playbook
from engage.language.telling import tell_trigger
from engage.language.tree import Compare, Fact, Items, Literal_, Node, parts_of
from engage.language.vocabulary import Vocabulary
from engage.language.words import Text

PHASE, SEGMENT, UNSET = "account.phase", "account.segment", ""
PHASES = ("onboarding", "adoption", "renewal", "churned")
OF_STAGE = {"setup": "onboarding", "use": "adoption", "satisfaction": "adoption", "outcome": "adoption"}
KINDS = {"setup": "wait", "use": "message", "satisfaction": "choose", "outcome": "task", "contract": "trigger"}
WORDS = {
    "title": {"ja": "お客様の歩みとプレイブック", "en": "The customers' journey"},
    "all": {"ja": "全セグメント", "en": "Every segment"},
    "": {"ja": "セグメント未設定", "en": "No segment yet"},
    "none": {"ja": "プレイブックなし", "en": "No playbook"},
    "shared": {"ja": "全セグメント共通 {count}件", "en": "{count} for every segment"},
    "onboarding": {"ja": "導入", "en": "Onboarding"},
    "adoption": {"ja": "活用", "en": "Adoption"},
    "renewal": {"ja": "更新", "en": "Renewal"},
    "churned": {"ja": "解約済み", "en": "Churned"},
    "stage.setup": {"ja": "設定", "en": "setup"},
    "stage.use": {"ja": "利用", "en": "use"},
    "stage.satisfaction": {"ja": "満足", "en": "satisfaction"},
    "stage.outcome": {"ja": "成果", "en": "outcome"},
    "stage.contract": {"ja": "契約", "en": "contract"},
}
CHIP, LEFT, EDGE, GAP = 216.0, 120.0, 26.0, 10.0


@dataclass(frozen=True)
class JourneyMap:
    """Segments, phases, and which playbooks meet customers there.

    Those that are for every segment stand in a row of their own (None), and count in each of the others.
    """

    segments: tuple[str | None, ...]
    phases: tuple[str, ...]
    cells: dict[tuple[str | None, str], tuple[Playbook, ...]]
    titles: dict[str, Text]

    def row(self, segment: str | None, language: str) -> str:
        """What a row is called."""
        return self.say("all" if segment is None else segment, language)

    def own(self, segment: str | None, phase: str) -> tuple[Playbook, ...]:
        """What meets customers there and not in every segment; in the row of all: what meets everybody."""
        return self.cells.get((segment, phase), ())

    def shared(self, segment: str | None, phase: str) -> tuple[Playbook, ...]:
        """What meets these customers because it is for every segment."""
        return self.own(None, phase) if segment else ()

    def say(self, word: str, language: str) -> str:
        """A segment or phase as the team calls it."""
        title = self.titles.get(word)
        return title.for_locale(language) if title else _say(word, language)


def journey_map(playbooks: Iterable[Playbook], vocabulary: Vocabulary) -> JourneyMap:
    """Each playbook in the phases that its audience names, or else in the one of its stage; a row for each segment."""
    library = sorted(playbooks, key=lambda playbook: playbook.key)
    phases = tuple(dict.fromkeys((*(vocabulary.phases or PHASES[:3]), *_all_named(library, PHASE, PHASES))))
    segments = tuple(dict.fromkeys((*vocabulary.segments, *_all_named(library, SEGMENT))))
    cells: dict[tuple[str | None, str], list[Playbook]] = {}
    for playbook in library:
        for segment in _segments(playbook, segments, all_declared=bool(vocabulary.segments)):
            for phase in _phases(playbook, phases):
                cells.setdefault((segment, phase), []).append(playbook)
    unset = [UNSET] if any(segment == UNSET for segment, _ in cells) else []
    titles = {name: word.title for name, word in (*vocabulary.phases.items(), *vocabulary.segments.items())}
    return JourneyMap((None, *segments, *unset), phases, {key: tuple(found) for key, found in cells.items()}, titles)


def _all_named(library: Sequence[Playbook], path: str, first: Sequence[str] = ()) -> list[str]:
    named = {name for each in library for name in _named(each, path)}
    return [name for name in first if name in named] + sorted(named.difference(first))


def _segments(playbook: Playbook, segments: Sequence[str], *, all_declared: bool) -> Sequence[str | None]:
    """The segments whose customers may enter; None alone where those of every segment may."""
    met = _places(playbook, SEGMENT, segments)
    others_too = all_declared or bool(_places(playbook, SEGMENT, ["a segment that nobody names"]))
    return [None] if len(met) == len(segments) and others_too else met or [UNSET]


def _phases(playbook: Playbook, phases: Sequence[str]) -> Sequence[str]:
    """A phase that is only excluded says nothing of where the playbook belongs: its stage does."""
    named = _named(playbook, PHASE)
    if named:
        return _places(playbook, PHASE, [phase for phase in phases if phase in named])
    of_stage = OF_STAGE.get(playbook.stage, "renewal")
    return [of_stage] if can_hold(*_conditions(playbook), _equals(PHASE, of_stage)) else []


def _places(playbook: Playbook, path: str, values: Sequence[str]) -> list[str]:
    return [value for value in values if can_hold(*_conditions(playbook), _equals(path, value))]


def _named(playbook: Playbook, path: str) -> list[str]:
    """The values that the playbook's audience or trigger asks this fact to have."""
    parts = [part for condition in _conditions(playbook) for part in parts_of(condition)]
    return [name for part in parts for name in _wanted(part, path)]


def _wanted(part: Node, path: str) -> list[str]:
    if not (isinstance(part, Compare) and part.op in ("eq", "in") and isinstance(part.left, Fact)):
        return []
    items = part.right.items if isinstance(part.right, Items) else (part.right,)
    return [str(item.value) for item in items if isinstance(item, Literal_)] if part.left.path == path else []


def _conditions(playbook: Playbook) -> list[Node]:
    """What holds of whoever enters."""
    trigger = playbook.trigger
    said = (playbook.audience, getattr(trigger, "becomes", None), getattr(trigger, "if_", None))
    return [condition.tree for condition in said if isinstance(condition, Expression)]


def _equals(path: str, value: str) -> Node:
    return Compare("bool", 0, "eq", Fact("text", 0, path), Literal_("text", 0, value))


def map_as_svg(found: JourneyMap, locale: str) -> str:
    """The map as a picture: a column for each phase, a row for each segment."""
    language = "ja" if locale.startswith("ja") else "en"
    canvas, column = Canvas(), CHIP + 2 * GAP
    width = max(EDGE * 2 + LEFT + column * len(found.phases), 640)
    canvas.text(EDGE, EDGE + 16, _say("title", language), "title")
    _legend(canvas, EDGE, EDGE + 34, language)
    y = EDGE + 70
    for number, phase in enumerate(found.phases):
        canvas.text(EDGE + LEFT + column * (number + 0.5), y + SIZE, found.say(phase, language), "head", middle=True)
    y += 26
    for segment in found.segments:
        y = _row(canvas, found, segment, y, language)
    told = "\n".join(_told(found, language))
    return canvas.document(width, y + EDGE, title=_say("title", language), description=told, locale=language)


def _row(canvas: Canvas, found: JourneyMap, segment: str | None, top: float, language: str) -> float:
    column, bottom = CHIP + 2 * GAP, top + 44
    for number, phase in enumerate(found.phases):
        left, y = EDGE + LEFT + column * number + GAP, top + GAP
        for playbook in found.own(segment, phase):
            y = _chip(canvas, playbook, left, y, language) + GAP
        if shared := found.shared(segment, phase):
            y = _shared(canvas, shared, left, y, language) + GAP
        elif not found.own(segment, phase):
            y = _gap(canvas, left, y, language) + GAP
        bottom = max(bottom, y)
    canvas.line_of_grid(EDGE, top, EDGE + LEFT + column * len(found.phases))
    write_lines(canvas, EDGE, top + GAP, wrapped(found.row(segment, language), LEFT), "head")
    return bottom


def _chip(canvas: Canvas, playbook: Playbook, x: float, y: float, language: str) -> float:
    lines = wrapped(playbook.title.for_locale(language), CHIP, most=2)
    height = len(lines) * LEADING + LEADING - 2 + 2 * PADDING - 4
    canvas.opened(f"{playbook.key}: {tell_trigger(playbook, language)}")
    canvas.box(x, y, CHIP, height, KINDS[playbook.stage])
    write_lines(canvas, x + PADDING, y + PADDING - 3, lines)
    canvas.text(x + PADDING, y + height - PADDING + 1, playbook.key, "id")
    canvas.closed()
    return y + height


def _shared(canvas: Canvas, playbooks: Sequence[Playbook], x: float, y: float, language: str) -> float:
    canvas.opened(", ".join(playbook.title.for_locale(language) for playbook in playbooks))
    canvas.text(x + PADDING, y + SIZE, _say("shared", language).format(count=len(playbooks)), "soft")
    canvas.closed()
    return y + LEADING + PADDING


def _gap(canvas: Canvas, x: float, y: float, language: str) -> float:
    """Nobody looks after these customers: said, not left blank."""
    height = LEADING + 2 * PADDING
    canvas.frame(x, y, CHIP, height, "round")
    canvas.text(x + CHIP / 2, y + PADDING + SIZE, _say("none", language), "soft", middle=True)
    return y + height


def _legend(canvas: Canvas, x: float, y: float, language: str) -> None:
    for stage, kind in KINDS.items():
        words = _say(f"stage.{stage}", language)
        canvas.box(x, y, 14, 14, kind, radius=4)
        canvas.text(x + 20, y + 12, words)
        x += width_of(words, SIZE) + 44


def map_as_mermaid(found: JourneyMap, locale: str) -> str:
    """The map as Mermaid text: a frame for each phase, a frame in it for each segment that has playbooks of its own."""
    language = "ja" if locale.startswith("ja") else "en"
    rows = ["flowchart LR"]
    for number, phase in enumerate(found.phases):
        rows.append(f'  subgraph p{number}["{safe(found.say(phase, language))}"]')
        for row, segment in enumerate(found.segments):
            cell = found.own(segment, phase)
            names = [
                f'      c{number}_{row}_{place}["{safe(each.title.for_locale(language))}<br/>{each.key}"]'
                for place, each in enumerate(cell)
            ]
            if names:
                rows += [
                    f'    subgraph s{number}_{row}["{safe(found.row(segment, language))}"]',
                    *names,
                    "    end",
                ]
        if not any(key[1] == phase for key in found.cells):
            rows.append(f'    e{number}["{_say("none", language)}"]')
        rows.append("  end")
    rows += [f"  p{number} --> p{number + 1}" for number in range(len(found.phases) - 1)]
    return "\n".join(rows) + "\n"


def _told(found: JourneyMap, language: str) -> list[str]:
    return [
        f"{found.say(phase, language)}, {found.row(segment, language)}: "
        + (", ".join(names_in(found, segment, phase, language)) or _say("none", language))
        for phase in found.phases
        for segment in found.segments
    ]


def names_in(found: JourneyMap, segment: str | None, phase: str, language: str) -> list[str]:
    """What stands in a cell: titles, then how many of the row of all count here, too."""
    shared = found.shared(segment, phase)
    names = [each.title.for_locale(language) for each in found.own(segment, phase)]
    return [*names, _say("shared", language).format(count=len(shared))] if shared else names


def _say(word: str, language: str) -> str:
    return WORDS.get(word, {}).get(language, word)
