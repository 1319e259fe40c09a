"""Immutable versions of playbooks, templates and the shared vocabulary."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, OrderedJson, identity


class Release(Base):
    """One `playbooks apply`: the set that is live from then on."""

    __tablename__ = "releases"

    id: Mapped[identity]
    created_at: Mapped[datetime]
    author: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    # The parsed _shared files, live for everybody; the order of choices, gates and cases means something.
    vocabulary: Mapped[dict[str, Any]] = mapped_column(OrderedJson())
    playbooks: Mapped[dict[str, Any]]  # {playbook key: playbook version id}
    # What Engage sends by itself: {template name: {locale: template version id}}.
    templates: Mapped[dict[str, Any]] = mapped_column(default=dict)


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


class PausedPlaybook(Base):
    """A playbook that is to send and begin nothing until it is resumed; gone when it is."""

    __tablename__ = "paused_playbooks"

    playbook_key: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    by: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")


class Shadow(Base):
    """A version that runs beside the live one and writes down only what it would have done."""

    __tablename__ = "shadows"
    __table_args__ = (
        Index("uq_shadows_running", "playbook_key", unique=True, postgresql_where=text("ended_at IS NULL"),
              sqlite_where=text("ended_at IS NULL")),
    )  # fmt: skip

    id: Mapped[identity]
    playbook_key: Mapped[str]
    playbook_version_id: Mapped[int] = mapped_column(ForeignKey("playbook_versions.id"))
    since: Mapped[datetime]
    last_run_before: Mapped[int]  # the newest run of any playbook when it began: what came later is compared
    by: Mapped[str]
    ended_at: Mapped[datetime | None]


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
