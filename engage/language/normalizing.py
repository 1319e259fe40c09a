"""Playbooks and vocabulary as YAML of one form, whoever wrote them: no comments, keys in a fixed order, one style."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from engage.language.spec import Playbook
from engage.language.steps import STEPS
from engage.language.triggers import TRIGGERS
from engage.language.yaml_reading import read_yaml

_FIRST = [*(field.alias or name for name, field in Playbook.model_fields.items()), *STEPS, *TRIGGERS]
_PLACES = {word: place for place, word in reversed(list(enumerate(_FIRST)))}
_WIDTH = 110


def normalized_playbook(text: str) -> str:
    """The text of a playbook file in its one form."""
    return dumped(read_yaml(text, "playbook.yaml").data)


def dumped(data: Any) -> str:
    """Plain data as YAML of the one form."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = _WIDTH
    out = StringIO()
    yaml.dump(_ordered(data), out)
    return out.getvalue()


def _ordered(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _ordered(data[key]) for key in sorted(data, key=_place)}
    if isinstance(data, list):
        return [_ordered(item) for item in data]
    return " ".join(data.split()) if isinstance(data, str) and "\n" not in data.strip() else data


def _place(key: Any) -> tuple[int, str]:
    """What a thing is comes first, the rest by name."""
    return _PLACES.get(key, len(_FIRST)), str(key)
