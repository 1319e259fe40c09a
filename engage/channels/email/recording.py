"""A channel that only remembers: for tests, rehearsals and simulations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engage.channels.base import Accepted, Evidence, NotSent, OutboundEmail, Outcome


class RecordingChannel:
    """Keeps every accepted message in `sent`; `answer` may decide outcomes otherwise."""

    name = "recording"
    window = 500  # a play has nobody to be in doubt about

    def __init__(self, answer: Callable[[OutboundEmail], Outcome] | None = None) -> None:
        self.sent: list[OutboundEmail] = []
        self._answer = answer

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        """Remembers the messages whose outcome is Accepted."""
        outcomes = [self._answer(email) if self._answer else Accepted(email.message_id) for email in batch]
        self.sent += [e for e, outcome in zip(batch, outcomes, strict=True) if isinstance(outcome, Accepted)]
        return outcomes

    def evidence(self, message_id: str) -> Evidence:
        """Remembers exactly, so it can always tell."""
        if any(email.message_id == message_id for email in self.sent):
            return Accepted(message_id)
        return NotSent("never recorded", retry_after=0)

    def close(self) -> None:
        """Nothing is held open."""
