"""The outbox: whole files, one per message, that can be asked for afterwards."""

from __future__ import annotations

import os
from pathlib import Path

from engage.channels.base import Accepted, NotSent, Rejected
from engage.channels.email.opening import open_channel
from engage.channels.email.outbox.channel import OutboxChannel
from engage.channels.email.recording import RecordingChannel
from engage.config import Settings
from tests.unit.channels.mails import an_email


def test_each_message_becomes_one_file_under_its_id(tmp_path: Path) -> None:
    channel = OutboxChannel(tmp_path / "outbox")
    emails = [an_email(message_id=f"msg_{number}") for number in range(3)]
    assert channel.send(emails) == [Accepted(f"msg_{number}.eml") for number in range(3)]
    assert sorted(path.name for path in (tmp_path / "outbox").iterdir()) == ["msg_0.eml", "msg_1.eml", "msg_2.eml"]


def test_the_outbox_can_tell_afterwards(tmp_path: Path) -> None:
    channel = OutboxChannel(tmp_path)
    assert isinstance(channel.evidence("msg_1"), NotSent)
    channel.send([an_email(message_id="msg_1")])
    assert channel.evidence("msg_1") == Accepted("msg_1.eml")


def test_a_message_that_cannot_travel_does_not_stop_the_others(tmp_path: Path) -> None:
    bad, path_like, good = an_email(subject="a\nb"), an_email(message_id="../etc"), an_email(message_id="msg_2")
    first, second, third = OutboxChannel(tmp_path).send([bad, path_like, good])
    assert isinstance(first, Rejected)
    assert isinstance(second, Rejected)
    assert isinstance(third, Accepted)


def test_a_folder_that_cannot_be_written_means_surely_not_sent(tmp_path: Path) -> None:
    channel = OutboxChannel(tmp_path / "outbox")
    (tmp_path / "outbox").rmdir()
    (outcome,) = channel.send([an_email()])
    assert isinstance(outcome, NotSent)


def test_opening_the_outbox_sweeps_what_a_kill_left_half_written_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    names = [".msg_1.eml.4711", ".msg_2.eml.4712", "msg_3.eml", ".keep"]
    for name in names:
        (folder / name).write_bytes(b"half a ma")
    for name in (".msg_1.eml.4711", "msg_3.eml", ".keep"):
        os.utime(folder / name, (0, 0))
    channel = open_channel(Settings.from_env({"ENGAGE_HOME": str(tmp_path)}))
    channel.close()
    assert sorted(path.name for path in folder.iterdir()) == sorted(names[1:])


def test_the_recorder_remembers_what_it_accepted() -> None:
    channel = RecordingChannel(lambda e: NotSent("no") if e.message_id == "msg_2" else Accepted("x"))
    channel.send([an_email(message_id="msg_1"), an_email(message_id="msg_2")])
    assert [email.message_id for email in channel.sent] == ["msg_1"]
    assert channel.evidence("msg_1") == Accepted("msg_1")
    assert isinstance(channel.evidence("msg_2"), NotSent)
