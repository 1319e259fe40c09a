"""The outbox: one .eml file per message in a folder; for trying, and for looking at what would go out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from engage.channels.base import WINDOW, Accepted, Evidence, NotSent, OutboundEmail, Outcome, Rejected
from engage.channels.email.addresses import UnsendableError
from engage.channels.email.mime import to_bytes

DRAFTS_KEPT = timedelta(hours=1)  # nobody writes that long on one file
_FILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


class OutboxChannel:
    """Writes each message to `<folder>/<message id>.eml`, whole or not at all."""

    name = "outbox"
    window = WINDOW

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def send(self, batch: Sequence[OutboundEmail]) -> list[Outcome]:
        """Writes every message; the file's name makes a second hand-over of the same message harmless."""
        return [self._send_one(email) for email in batch]

    def evidence(self, message_id: str) -> Evidence:
        """A file is there or it is not, so the outbox can always tell."""
        path = self._path(message_id)
        return Accepted(path.name) if path.exists() else NotSent("no such file in the outbox", retry_after=0)

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, message_id: str) -> Path:
        if not _FILE_NAME.fullmatch(message_id):
            raise UnsendableError("the message id cannot be a file name")
        return self._folder / f"{message_id}.eml"

    def _send_one(self, email: OutboundEmail) -> Outcome:
        try:
            path = self._path(email.message_id)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_bytes(to_bytes(email))
            draft.replace(path)
        except UnsendableError as error:
            return Rejected(str(error))
        except OSError as error:
            return NotSent(f"the outbox cannot be written ({error.strerror})")
        return Accepted(path.name)


def remove_mails(folder: Path, message_ids: Iterable[str]) -> int:
    """Takes these mails out of an outbox; how many there were."""
    removed = 0
    for message_id in message_ids:
        with suppress(FileNotFoundError):
            (folder / f"{message_id}.eml").unlink()
            removed += 1
    return removed


def sweep_drafts(folder: Path, *, now: datetime) -> int:
    """Removes what a killed process left half written; a younger draft may still be somebody's. How many."""
    swept = 0
    for draft in folder.glob(".*.eml.*"):
        with suppress(FileNotFoundError):  # another process sweeps too
            if draft.stat().st_mtime < (now - DRAFTS_KEPT).timestamp():
                draft.unlink()
                swept += 1
    return swept
