"""What holds mail back at the moment: one row for each provider, sending domain or recipient's domain concerned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base


class Brake(Base):
    """A rest, a pause or a slow-down, and how much of an allowance is used; no row: nothing holds it back."""

    __tablename__ = "brakes"

    kind: Mapped[str] = mapped_column(primary_key=True)  # provider | sender | recipient
    name: Mapped[str] = mapped_column(primary_key=True)  # of the provider, or the domain
    since: Mapped[datetime | None]  # None: it is only counted
    until: Mapped[datetime | None]  # None with a `since`: until a person lets it go on
    reason: Mapped[str | None]
    by: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)  # of a provider: hand-overs in a row that came to nothing
    rests: Mapped[int] = mapped_column(default=0)  # of a provider: rests in a row, each longer than the one before
    window_at: Mapped[datetime | None]  # of the allowance: the second, hour or day that is counted
    used: Mapped[int] = mapped_column(default=0)
    granted: Mapped[int] = mapped_column(default=0)  # to whoever asked last
