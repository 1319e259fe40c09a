"""How the SendGrid stand-in misbehaves when it is told to: rules, each for a share of the requests or for the next few.

`{"rules": [{"do": "throttle", "share": 0.3, "seconds": 2}, {"do": "fail", "next": 5}], "seed": 7}`; no rules: all well.

| do | what happens |
|---|---|
| throttle | 429 with X-RateLimit-Reset so many `seconds` ahead |
| last | accepted, with X-RateLimit-Remaining 0 and a Reset so many `seconds` ahead |
| fail | `status` (500) with an error body; nothing is accepted |
| answer | `status` with `errors` as given; nothing is accepted |
| slow | accepted after so many `seconds` |
| garbage | bytes that are not HTTP; nothing is accepted |
| swallow | accepted, and no answer for so many `seconds`, then none at all |
| hangup | accepted, and the connection is closed without an answer |
| reset | the connection is reset before the request is read |
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

DEEDS = ("throttle", "last", "fail", "answer", "slow", "garbage", "swallow", "hangup", "reset")


@dataclass
class Moods:
    """The rules in force; threads share them."""

    rules: list[dict[str, Any]] = field(default_factory=list)
    dice: random.Random = field(default_factory=random.Random)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def obey(self, said: dict[str, Any]) -> None:
        """Takes over rules; those before end."""
        unknown = [rule["do"] for rule in said["rules"] if rule["do"] not in DEEDS]
        if unknown:
            raise ValueError(f"no such deed: {unknown}")
        with self.lock:
            self.rules = [dict(rule) for rule in said["rules"]]
            self.dice = random.Random(said.get("seed", 0))

    def next(self) -> dict[str, Any] | None:
        """The rule that the next request meets; None is a good day."""
        with self.lock:
            for rule in self.rules:
                if self._meets(rule):
                    return rule
        return None

    def _meets(self, rule: dict[str, Any]) -> bool:
        if rule.get("next") is not None:
            rule["next"] -= 1
            return bool(rule["next"] >= 0)
        return self.dice.random() < float(rule.get("share", 1.0))
