"""A mail as a door hands it in: its bytes and its envelope, whichever way it came."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One mail that came in."""

    door: str  # sendgrid | imap
    raw: bytes
    size: int  # of all of it, where the bytes were cut
    envelope_from: str | None = None  # empty: a server's report or a robot; None: nobody knows
    envelope_to: tuple[str, ...] = ()
