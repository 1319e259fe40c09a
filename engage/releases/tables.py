"""Immutable versions of playbooks, templates and the shared vocabulary."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity


class Release(Base):
    """One `playbooks apply`: the set that is live from then on."""

    __tablename__ = "releases"

    id: Mapped[identity]
    created_at: Mapped[datetime]
    author: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    vocabulary: Mapped[dict[str, Any]]  # the parsed _shared files, live for everybody
    playbooks: Mapped[dict[str, Any]]  # {playbook key: playbook version id}


class PlaybookVersion(Base):
    """One text of one playbook, for ever; running subjects stay on theirs."""

    __tablename__ = "playbook_versions"
    __table_args__ = (UniqueConstraint("key", "version"), UniqueConstraint("key", "sha"))

    id: Mapped[identity]
    key: Mapped[str]
    version: Mapped[int]
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"))
    file: Mapped[str]
    source: Mapped[str]
    sha: Mapped[str]  # of the text and of the template versions it is pinned to
    templates: Mapped[dict[str, Any]]  # {template name: {locale: template version id}}
    created_at: Mapped[datetime]


class TemplateVersion(Base):
    """One template in one locale, compiled once: MJML is HTML here, includes are resolved."""

    __tablename__ = "template_versions"
    __table_args__ = (UniqueConstraint("name", "locale", "sha"),)

    id: Mapped[identity]
    name: Mapped[str]
    locale: Mapped[str]
    kind: Mapped[str]  # email | in_app
    sha: Mapped[str]
    subject: Mapped[str]  # in-app: the title
    html: Mapped[str]  # in-app: empty
    text: Mapped[str | None]  # in-app: the body; email: the written text part, or None = derived
    meta: Mapped[dict[str, Any]]  # purpose, topic, needs, description, link
    created_at: Mapped[datetime]
