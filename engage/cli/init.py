"""`engage init DIR`: a team's own repository of playbooks and templates."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click

from engage.config import SETTINGS, shipped
from engage.errors import ConflictError
from engage.language.schema import MODELS, SCHEMAS, write_schemas

_OURS = {"ENGAGE_PLAYBOOKS": "playbooks", "ENGAGE_TEMPLATES": "email_templates"}
_IGNORE = ".env\n.engage/\npreview/\n"
_CI = """\
# Refuses a playbook or template that cannot be used, before it is applied.
name: playbooks
on: [push]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.11"}
      - run: pip install engage
      - run: engage playbooks check
        env: {ENGAGE_PLAYBOOKS: playbooks, ENGAGE_TEMPLATES: email_templates}
"""
_README = """\
# Our playbooks

`playbooks/` says who gets what and when; `email_templates/` holds the words, in Japanese and English.

Begin with `playbooks/_shared/company.yaml`: the name, address and team that every mail shows. Remove the playbooks that
you do not want yet; the others go live together.

    cp settings.example.env .env    # then fill in what you need; in each new shell:
    set -a; . ./.env; set +a
    engage playbooks check     # every complaint with file, line and a way out
    engage playbooks apply     # make them live; running customers stay on their version

After an upgrade of Engage, renew what your editor completes:

    engage playbooks schema --out .engage-schemas
"""


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Give a team its own repository: shipped playbooks and templates, settings example, CI file, editor completion."""
    if directory.exists() and any(directory.iterdir()):
        raise ConflictError("this folder is not empty", where=str(directory), hint=_way_out(directory))
    for name in ("playbooks", "email_templates"):
        shutil.copytree(shipped(name), directory / name)
    write_schemas(directory / SCHEMAS)
    for folder in (".github/workflows", ".vscode"):
        (directory / folder).mkdir(parents=True)
    for path, text in _files().items():
        (directory / path).write_text(text, encoding="utf-8")
    click.echo(f"{directory} is ready. Next: cd {directory} && engage playbooks check")


def _way_out(directory: Path) -> str:
    """Who comes back after an upgrade wants what editors complete renewed, and their own files left alone."""
    if not (directory / SCHEMAS).is_dir():
        return "name a new folder"
    return f"it is a repository already; after an upgrade: engage playbooks schema --out {directory / SCHEMAS}"


def _files() -> dict[str, str]:
    return {
        "README.md": _README,
        ".gitignore": _IGNORE,
        "settings.example.env": _settings_example(),
        ".github/workflows/playbooks.yml": _CI,
        ".vscode/settings.json": json.dumps({"yaml.schemas": _schemas()}, indent=2) + "\n",
    }


def _schemas() -> dict[str, str]:
    """Which files each schema is for, so that editors complete them."""
    places = {"playbook": "playbooks/*.yaml", "template": "email_templates/**/meta.yaml"}
    return {
        f"{SCHEMAS}/{name}.schema.json": places.get(name, f"playbooks/_shared/{name}.yaml") for name in sorted(MODELS)
    }


def _settings_example() -> str:
    lines = [
        "# Copy to .env, fill in what you need; what stays commented keeps its default.",
        "# Engage reads the environment, no file: set -a; . ./.env; set +a",
    ]
    for setting in SETTINGS:
        said = f"{setting.name}={_OURS[setting.name]}" if setting.name in _OURS else f"#{setting.name}="
        lines += ["", f"# {setting.meaning} (default: {setting.default or 'none'})", said]
    return "\n".join(lines) + "\n"
