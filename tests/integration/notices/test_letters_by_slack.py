"""Letters by Slack over HTTP: what its webhook gets, who may decide from there, and a mail where it takes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engage.channels.calls.addresses import networks
from engage.channels.calls.endpoints import Calls
from engage.customers.tables import Account
from engage.db.session import Database
from engage.testing import MONDAY
from tests.integration.messages.office import AT_ONCE, Office
from tests.integration.messages.scene import change, propose
from tests.servers.running import Running, fake_slack

ASKED_AT = MONDAY + AT_ONCE


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[Running]:
    with fake_slack(tmp_path / "slack.log") as server:
        yield server


def office_by(database: Database, slack: Running, channel: str, path: str = "cs", *, is_own: bool = False) -> Office:
    """The CSM is asked, and hears of it by this channel."""
    addresses = {name: f"http://127.0.0.1:{slack.port}/{name}" for name in ("cs", "broken", "gone")}
    office = Office(database, Calls(slack=addresses, allowed=networks(["127.0.0.0/8"])))
    office.reach(office.cast.csm, slack=path, slack_is_own=is_own, channels={"approval_asked": channel})
    propose(database, office.cast)
    return office


def messages(slack: Running) -> list[str]:
    return [json.dumps(json.loads(line)["message"], ensure_ascii=False) for line in slack.lines()]


@pytest.mark.parametrize(("channel", "mails"), [("slack", 0), ("both", 1)])
def test_a_letter_goes_where_its_reader_wants_it_once(
    database: Database, slack: Running, channel: str, mails: int
) -> None:
    office = office_by(database, slack, channel)
    assert len(office.tell(ASKED_AT)) == mails
    office.tell()
    (message,) = messages(slack)

    assert "株式会社青葉" in message and "Satoさん宛" in message
    assert "山田" not in message and "愛子" not in message and "ご利用状況" not in message
    assert "/decide/" not in message and "/console/approvals/apr_" in message


def test_only_a_channel_that_nobody_else_reads_gets_links_that_decide(database: Database, slack: Running) -> None:
    office_by(database, slack, "slack", is_own=True).tell(ASKED_AT)
    (message,) = messages(slack)

    assert "/decide/" in message


def test_a_customers_name_pings_no_channel(database: Database, slack: Running) -> None:
    office = office_by(database, slack, "slack")
    change(database, Account, office.cast.account_id, name="<!channel> <@U024BE7LH> & Sons")
    office.tell(ASKED_AT)
    (message,) = messages(slack)

    assert "&lt;!channel&gt; &lt;@U024BE7LH&gt; &amp; Sons" in message and "<!" not in message


@pytest.mark.parametrize(("path", "waits"), [("gone", []), ("broken", [5, 300, 1800])])
def test_what_slack_does_not_take_goes_by_mail(database: Database, slack: Running, path: str, waits: list[int]) -> None:
    office = office_by(database, slack, "slack", path)
    office.clock.move_to(ASKED_AT)
    for seconds in waits:
        assert office.tell() == []
        office.clock.move(timedelta(seconds=seconds))
    office.tell()
    office.tell()

    assert [mail.to_address for mail in office.channel.sent] == ["sato@sample.example"]
    assert "/decide/" in office.channel.sent[0].text
    assert messages(slack) == []
