"""What the complaints of reading mean: those that come before any rule, because a file or a word cannot be read."""

from __future__ import annotations

from engage.language.reading_code import ReadingCode
from engage.language.reading_playbooks import OF_PLAYBOOKS
from engage.language.reading_proofs import OF_PROOFS
from engage.language.reading_shared import OF_SHARED
from engage.language.reading_templates import OF_TEMPLATES

_FACTS = "# file: playbooks/_shared/facts.yaml\n"
_SOUND = _FACTS + "account.plan: text"

OF_FILES: dict[str, ReadingCode] = {
    "missing-folder": ReadingCode(
        "There is no folder of playbooks, or none of templates.",
        "Name the folder that has them, or make one: engage init DIR.",
        "ENGAGE_PLAYBOOKS=playboks",
        "ENGAGE_PLAYBOOKS=playbooks",
    ),
    "not-utf8": ReadingCode(
        "A file is not written in UTF-8.",
        "Save it as UTF-8 in your editor.",
        _FACTS + "account.plan: text  # \udc83v\udc83\udc89\udc83\udc93",
        _FACTS + "account.plan: text  # プラン",
    ),
    "bad-yaml": ReadingCode(
        "The file is no YAML.",
        "Close what was opened; one document a file.",
        _FACTS + "account.plan: {type: text",
        _FACTS + "account.plan: {type: text}",
    ),
    "no-aliases": ReadingCode(
        "Anchors and aliases are not read.",
        "Write it out.",
        _FACTS + "account.plan: &word text\naccount.tier: *word",
        _FACTS + "account.plan: text\naccount.tier: text",
    ),
    "no-tags": ReadingCode("Tags are not read.", "Leave the tag out.", _FACTS + "account.plan: !word text", _SOUND),
    "bad-key": ReadingCode(
        "A key is something else than a word.", "Write a word.", _FACTS + "? [account.plan]\n: text", _SOUND
    ),
    "bad-number": ReadingCode(
        "A number is endless, or has more than 40 digits.",
        "Write the number that you mean.",
        "# file: playbooks/_shared/budgets.yaml\naccount: {at_most: .inf, within: 7 days}",
        "# file: playbooks/_shared/budgets.yaml\naccount: {at_most: 3, within: 7 days}",
    ),
    "bad-text": ReadingCode(
        "A text has a sign that no text can hold.", "Leave it out.", _FACTS + 'account.plan: "text\\0"', _SOUND
    ),
    "too-deep": ReadingCode(
        "The file is nested more than 20 deep.",
        "Write it flatter.",
        _FACTS + "account.plan: " + "[" * 21 + "]" * 21,
        _SOUND,
    ),
    "file-too-large": ReadingCode(
        "The file is too large to be read.",
        "Split it: a file of YAML has at most 256 KB and 20,000 parts.",
        _FACTS + "account.plan: text  # " + "x" * 270_000,
        _SOUND,
    ),
}

READING_CODES: dict[str, ReadingCode] = {**OF_FILES, **OF_PLAYBOOKS, **OF_PROOFS, **OF_SHARED, **OF_TEMPLATES}
