"""What the doctor says of where customers answer to: an answer that no door reads is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.config import Settings
from engage.errors import InputError
from engage.upkeep.mail_findings import doors_of

MAILBOX = {"ENGAGE_MAILBOX_URL": "imaps://box:p@mail.example/INBOX"}
ADDRESS = {"ENGAGE_REPLY_ADDRESS": "replies+{id}@replies.example.com"}


@pytest.mark.parametrize(
    ("said", "verdicts"),
    [
        ({}, ["note"]),
        (MAILBOX, ["note"]),
        (ADDRESS, ["bad"]),
        (ADDRESS | MAILBOX, []),
        (ADDRESS | {"ENGAGE_SENDGRID_INBOUND_KEY": "k"}, []),
    ],
)
def test_answers_that_nobody_reads_are_told(tmp_path: Path, said: dict[str, str], verdicts: list[str]) -> None:
    settings = Settings.from_env({"ENGAGE_HOME": str(tmp_path), **said})

    assert [finding.verdict for finding in doors_of(settings)] == verdicts


@pytest.mark.parametrize("address", ["replies", "@example.com", "a@b@example.com", "a@b", "Replies <a@example.com>"])
def test_a_reply_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="ENGAGE_REPLY_ADDRESS"):
        Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_REPLY_ADDRESS": address})
