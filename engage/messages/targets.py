"""Where the links of a message lead, found again from what it was made of."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from html import unescape

from sqlalchemy.orm import Session

from engage.errors import EngageError
from engage.language.templates import SECTION
from engage.messages.links import Links
from engage.messages.rendering import Renderable, Section, Templates, TemplateText, compiled, fill_email, fill_section

log = logging.getLogger(__name__)

_WRITTEN = re.compile(r"\shref=[\"'](https?://[^\"'{}<>]+)[\"']", re.IGNORECASE)


def targets_of(library: Templates, session: Session, message: Renderable) -> Iterator[str]:
    """The pages that the message links to: first those its template says, then those made of its facts.

    So most links outlive the facts of their message, which may be erased.
    """
    template = library.template(session, message.template_version_id)
    source = "\n".join((template.html, str(template.meta.get(SECTION) or "")))
    yield from (unescape(url).strip() for url in _WRITTEN.findall(source))
    yield from _made_of_facts(template, message)


class _Seen(Links):
    """Remembers where a mail leads instead of signing it."""

    def __init__(self) -> None:
        super().__init__("only to see where a mail leads", "https://probe.invalid")
        self.pages: list[str] = []

    def click_url(self, message_id: str, url: str) -> str:
        """The page itself, remembered."""
        self.pages.append(url)
        return url


def _made_of_facts(template: TemplateText, message: Renderable) -> list[str]:
    seen, own = _Seen(), Section(template, message.inputs, message.public_id, message.purpose)
    try:
        fill_email(template, own.facts, links=seen, message_id=own.message_id, purpose=own.purpose)
        if compiled(template).section is not None:
            fill_section(own, links=seen)
    except EngageError as error:
        about = {"message_id": message.public_id, "reason": error.code}
        log.warning("a mail cannot be made again to find its links", extra=about)
    return seen.pages
