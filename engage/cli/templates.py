"""`engage templates`: the words of messages, checked and read before any customer gets them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from engage.config import Settings
from engage.errors import EngageError, InputError, NotFoundError, PlaybookError, Problem
from engage.language.compiling import CompiledTemplate, compile_template
from engage.language.guessing import way_out
from engage.language.workspace import Workspace, load_workspace
from engage.messages.links import Links
from engage.messages.rendering import compiled, fill_email, fill_in_app
from engage.messages.samples import MESSAGE_ID, overlaid, sample_facts


@click.group()
def templates() -> None:
    """Check message templates and read them with sample facts."""


@templates.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Compile every template in every locale and fill it in with sample facts."""
    settings = Settings.from_env()
    workspace = load_workspace(settings.playbooks_dir, settings.templates_dir)
    chosen = [_known(workspace, name) for name in names] or sorted(workspace.templates)
    problems = [problem for name in chosen for problem in _problems(workspace, name, settings)]
    problems += [] if names else [one for one in workspace.problems if one.file.startswith(settings.templates_dir.name)]
    if as_json:
        rows = [problem.__dict__ for problem in problems]
        click.echo(json.dumps({"ok": not problems, "problems": rows}, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(f"{len(chosen)} templates read: {len(problems)} errors")
    sys.exit(1 if problems else 0)


@templates.command()
@click.argument("name")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Only this language.")
@click.option(
    "--facts", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON laid over the sample."
)
@click.option("--out", default="preview", show_default=True, type=click.Path(path_type=Path), help="Where files go.")
def preview(name: str, locale: str | None, facts: Path | None, out: Path) -> None:
    """Write one template's HTML and text as files, with sample facts."""
    settings = Settings.from_env()
    workspace = load_workspace(settings.playbooks_dir, settings.templates_dir)
    template = workspace.templates[_known(workspace, name)]
    said = _facts_in(facts) if facts else {}
    out.mkdir(parents=True, exist_ok=True)
    for language in [locale] if locale else sorted(template.locales):
        if language not in template.locales:
            raise NotFoundError(f"{name} is not written in {language}", where=name)
        made = _filled(compile_template(template, language, workspace.layout), workspace, settings, said)
        for path, text in _files(out / f"{name.replace('/', '_')}.{language}", made):
            path.write_text(text, encoding="utf-8")
            click.echo(str(path))


def _known(workspace: Workspace, name: str) -> str:
    if name in workspace.templates:
        return name
    raise NotFoundError(f"there is no template {name}", hint=way_out(name, workspace.templates))


def _problems(workspace: Workspace, name: str, settings: Settings) -> list[Problem]:
    template = workspace.templates[name]
    found: list[Problem] = []
    for locale in sorted(template.locales):
        try:
            _filled(compile_template(template, locale, workspace.layout), workspace, settings, {})
        except PlaybookError as error:
            found.extend(error.problems)
        except EngageError as error:
            place = f"{settings.templates_dir.name}/{name}/{locale}"
            found.append(Problem(place, 1, 1, error.code, error.message, "with the facts of the sample"))
    return found


def _filled(
    template: CompiledTemplate, workspace: Workspace, settings: Settings, said: dict[str, Any]
) -> dict[str, str]:
    """What a customer would read, by the ending of the file it goes into."""
    topic = template.meta.get("topic")
    sent = {path[1] for path in compiled(template).paths if path[0] == "sent" and len(path) > 1}
    facts = overlaid(sample_facts(workspace.vocabulary, template.locale, topic=topic, sent=sent), said)
    if template.kind == "in_app":
        shown = fill_in_app(template, facts)
        return {"txt": "\n".join(part for part in (shown.title, "", shown.body, shown.link or "") if part is not None)}
    links = Links("preview", settings.public_url)
    purpose = str(template.meta.get("purpose"))
    mail = fill_email(template, facts, links=links, message_id=MESSAGE_ID, purpose=purpose)
    return {"html": mail.html, "txt": f"{mail.subject}\n\n{mail.text}"}


def _files(stem: Path, made: dict[str, str]) -> list[tuple[Path, str]]:
    return [(stem.with_name(f"{stem.name}.{ending}"), text) for ending, text in made.items()]


def _facts_in(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"this is not JSON: {error}", where=str(path), code="bad_facts") from error
    if not isinstance(said, dict):
        raise InputError("facts are a JSON object", where=str(path), code="bad_facts", hint='{"usage": {"events": 3}}')
    return said
