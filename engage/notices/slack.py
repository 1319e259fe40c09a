"""A letter as a message for Slack's incoming webhooks: blocks with link buttons, and a plain text beside them.

What customers wrote is data there: its marks are disarmed, so that no name pings a channel or makes a link.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engage.notices.letters import Entry, Link, Page, Section

# What Slack takes at most: https://docs.slack.dev/reference/block-kit/blocks
MOST_BLOCKS = 50
LONGEST_TEXT = 3000
MOST_ENTRIES = 5  # of a section: the rest is behind its link
_LONGEST_BUTTON = 75


def message_of(page: Page, *, reader: str) -> dict[str, Any]:
    """The message as Slack takes it; `reader` says for whom it is, where others read it, too."""
    blocks = [_text(f"*{disarmed(page.subject)}*"), _text(disarmed("\n".join(filter(None, [reader, page.lead]))))]
    for section in page.sections:
        blocks += _section(section, is_alone=len(page.sections) == 1)
    return {"text": bounded(disarmed(page.subject)), "blocks": [*blocks[: MOST_BLOCKS - 1], _buttons([page.settings])]}


def disarmed(text: str) -> str:
    """The text without the three signs from which Slack makes mentions and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bounded(text: str) -> str:
    """The text as far as Slack takes it, not cut within a disarmed sign."""
    if len(text) <= LONGEST_TEXT:
        return text
    cut = text[: LONGEST_TEXT - 1]
    start = cut.rfind("&")
    return (cut[:start] if start >= 0 and ";" not in cut[start:] else cut) + "…"


def _section(section: Section, *, is_alone: bool) -> Iterator[dict[str, Any]]:
    if not is_alone or section.more:
        yield _text(f"*{disarmed(section.heading)}*")
    is_cut = len(section.entries) > MOST_ENTRIES
    for entry in section.entries[:MOST_ENTRIES]:
        yield _entry(entry)
        if entry.links:
            yield _buttons(entry.links)
    if section.more:
        yield _text(disarmed(section.more))
    if section.url and (section.more or is_cut or not is_alone):
        yield _buttons([section.url])


def _entry(entry: Entry) -> dict[str, Any]:
    facts = [f"{label}: {disarmed(value)}" for label, value in entry.facts]
    return _text("\n".join([f"*{disarmed(entry.heading)}*", *facts]))


def _text(marked: str) -> dict[str, Any]:
    """A paragraph; `verbatim` has Slack look for no names of people and channels in it."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": bounded(marked), "verbatim": True}}


def _buttons(links: Sequence[Link]) -> dict[str, Any]:
    return {"type": "actions", "elements": [_button(link) for link in links]}


def _button(link: Link) -> dict[str, Any]:
    words = {"type": "plain_text", "text": link.words[:_LONGEST_BUTTON], "emoji": False}
    return {"type": "button", "text": words, "url": link.url} | ({"style": "primary"} if link.is_first else {})
