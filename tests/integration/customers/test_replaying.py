"""History can be replayed: projections come from events alone, however the events were cut into chunks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engage.db.session import Database
from tests.integration.customers.telling import (
    START,
    Said,
    add_staff,
    alias,
    digest,
    forget,
    group,
    identify,
    replay,
    snapshot,
    tell,
    track,
)

STORY: list[Said] = [
    track(None, anonymousId="browser"),
    track("aiko"),
    identify(
        "aiko", {"name": "山田 愛子", "roles": ["champion"], "consents": {"onboarding": True}}, anonymousId="browser"
    ),
    group("aiko", "acme", {"name": "アクメ", "csm_email": "sato@engage.example"}),
    track(None, "contract.created", group="acme", properties={"contract_id": "c1", "ends_on": "2027-03-31"}),
    track("ben", group="acme"),
    identify("ben-old", {"email": "ben@example.jp"}),
    group("ben-old", "beta"),
    track("ben-old"),
    alias("ben-old", "ben"),
    track("ben"),
    track("aiko", "contact.left"),
    track(None, "contract.renewed", group="acme", properties={"contract_id": "c1", "ends_on": "2028-03-31"}),
    track("ben", "consent.withdrawn", properties={"topic": "contract"}),
]


@pytest.mark.parametrize("chunk", [1, 3, 1_000])
def test_wiping_the_projections_and_replaying_gives_the_same(database: Database, chunk: int) -> None:
    add_staff(database, "sato@engage.example")
    for day, part in enumerate((STORY[:5], STORY[5:9], STORY[9:])):
        tell(database, *part, at=START + timedelta(days=day))
        digest(database, chunk=chunk)
    before = snapshot(database)

    replay(database)

    assert before == snapshot(database)
    assert len(before["events"]) == 14


def test_what_was_gained_before_a_merge_of_the_same_chunk_is_kept(database: Database) -> None:
    told = [
        group("a", "G", timestamp="2027-03-01T09:40:00Z"), alias("x", "c"), alias("x", "b"), alias("y", "a"),
        group("c", "I", timestamp="2027-03-01T09:45:00Z"), alias("y", "b"),
    ]  # fmt: skip
    tell(database, *told)
    digest(database, chunk=2)
    before = snapshot(database)

    replay(database)

    assert before == snapshot(database)


people, groups, browsers = st.sampled_from("abc"), st.sampled_from("GHI"), st.sampled_from("xy")
minutes, topics = st.integers(0, 50), st.sampled_from("tu")
consents = st.sampled_from(["consent.granted", "consent.withdrawn"])


@st.composite
def messages(draw: st.DrawFn) -> Said:
    user, account, browser = draw(people), draw(groups), draw(browsers)
    said: Any = draw(st.sampled_from([
        track(user), track(user, group=account), track(None, anonymousId=browser),
        track(user, anonymousId=browser), group(user, account), group(user, account, {"plan": draw(minutes)}),
        identify(user, {"title": draw(st.sampled_from(["a", "b", ""])), "plan": draw(minutes)}),
        identify(user, {"roles": [draw(browsers)]}, group=account),
        identify(user, {"email": f"{user}@example.jp", "consents": {"t": draw(st.booleans())}}, anonymousId=browser),
        track(user, draw(consents), properties={"topic": draw(topics)}),
        track(None, draw(consents), anonymousId=browser, properties={"topic": draw(topics)}),
        alias(draw(people), user), alias(browser, user),
        track(user, "contact.left"), track(user, "contact.left", group=account),
        track(None, "contract.updated", group=account, properties={
            "contract_id": draw(browsers), "n": draw(minutes), "auto_renew": draw(st.booleans()),
        }),
    ]))  # fmt: skip
    return {**said, "timestamp": (START + timedelta(minutes=draw(minutes))).isoformat()}


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=st.lists(messages(), max_size=12), chunk=st.integers(1, 5))
def test_chunks_make_no_difference(database: Database, history: list[Said], chunk: int) -> None:
    with database.transaction() as session:
        forget(session)
        for table in ("events", "event_keys"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    tell(database, *history)
    digest(database, chunk=chunk)
    in_chunks = snapshot(database)

    replay(database)

    assert in_chunks == snapshot(database)
