"""What holds where nobody said otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defaults:
    """What holds where neither contact nor account says: from the settings, not from `_shared/`."""

    locale: str = "ja"
    time_zone: str = "Asia/Tokyo"
    follows_clicks: bool = True  # whether anybody's clicks are noted at all
    sending_domains: tuple[str, ...] = ()  # whose mail receiving servers believe to be ours; the first is the usual one
    reply_address: str = ""  # where customers answer to; with none, to whoever writes
