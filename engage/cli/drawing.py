"""`engage playbooks map`, and pictures of a playbook for `show`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from engage.config import Settings
from engage.language.flowchart import flowchart
from engage.language.journey_map import JourneyMap, journey_map, map_as_mermaid, map_as_svg, names_in
from engage.language.mermaid import mermaid
from engage.language.spec import Playbook
from engage.language.workspace import load_workspace

svg_option = click.option(
    "--svg", type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE", help="Draw it into a file."
)
mermaid_option = click.option("--mermaid", "as_mermaid", is_flag=True, help="Print Mermaid text, for pull requests.")


def draw(playbook: Playbook, locale: str, *, svg: Path | None) -> None:
    """Writes the playbook's picture, or prints it as Mermaid text."""
    if svg is None:
        click.echo(mermaid(playbook, locale), nl=False)
    else:
        _write(svg, flowchart(playbook, locale))


@click.command("map")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Language of the words; the install's by default.")
@svg_option
@mermaid_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def map_(locale: str | None, svg: Path | None, as_mermaid: bool, as_json: bool) -> None:
    """Show all playbooks as a map of the customers' journey: segments by phases."""
    settings = Settings.from_env()
    language = locale or settings.default_locale
    workspace = load_workspace(settings.playbooks_dir, settings.templates_dir)
    found = journey_map((file.playbook for file in workspace.playbooks), workspace.vocabulary)
    if as_json:
        rows = [_plain(found, segment, phase) for segment in found.segments for phase in found.phases]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif as_mermaid:
        click.echo(map_as_mermaid(found, language), nl=False)
    elif svg is not None:
        _write(svg, map_as_svg(found, language))
    else:
        _print(found, language)


def _print(found: JourneyMap, language: str) -> None:
    table = Table("", *(found.say(phase, language) for phase in found.phases), show_lines=True)
    for segment in found.segments:
        cells = (names_in(found, segment, phase, language) for phase in found.phases)
        none = f"[red]{found.say('none', language)}[/]"
        table.add_row(found.row(segment, language), *("\n".join(cell) or none for cell in cells))
    Console().print(table)


def _plain(found: JourneyMap, segment: str | None, phase: str) -> dict[str, object]:
    own, shared = found.own(segment, phase), found.shared(segment, phase)
    return {
        "segment": segment,
        "phase": phase,
        "playbooks": [playbook.key for playbook in own],
        "for_every_segment": [playbook.key for playbook in (shared if segment is not None else own)],
    }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(str(path))
